/** Writes numbers with their units. Codes of units are those of UN/CEFACT (recommendation 20). */
import { unitSymbols as symbols } from '../../core/mapping/units.ts';
import { language } from './session.ts';

/** Shares of one, which people read as percent. */
const isShare = (name: string): boolean =>
  /(occupancy|illuminanceLevel|batteryLevel|relativeHumidity|powerFactor)$/i.test(name);

/** The symbol of a code, or the code itself. */
const symbolOf = (unitCode: string): string =>
  (Object.hasOwn(symbols, unitCode) ? symbols[unitCode] : undefined) ?? unitCode;

/** The code of a symbol such as `°C`, or of a code; undefined when it is neither. */
export function unitCodeOf(text: string): string | undefined {
  const symbol = text.trim();
  if (symbol === '') return undefined;
  if (Object.hasOwn(symbols, symbol.toUpperCase())) return symbol.toUpperCase();
  return Object.entries(symbols).find(([, known]) => known !== '' && known === symbol)?.[0];
}

/** What a number is multiplied by, and its unit, when it is the value of this attribute. */
export function unitOf(name: string, unitCode: string | undefined): { readonly factor: number; readonly unit: string } {
  if ((unitCode === undefined || unitCode === 'C62') && isShare(name)) return { factor: 100, unit: '%' };
  return { factor: 1, unit: unitCode === undefined ? '' : symbolOf(unitCode) };
}

/** A number as people of the chosen language write it. */
export function formatNumber(value: number, digits = value !== 0 && Math.abs(value) < 10 ? 2 : 1): string {
  return value.toLocaleString(language.value, { maximumFractionDigits: digits });
}

/** A number with its unit. */
export function formatQuantity(name: string, value: number, unitCode?: string): string {
  const { factor, unit } = unitOf(name, unitCode);
  const text = formatNumber(value * factor, factor === 100 ? 0 : undefined);
  return unit === '' ? text : `${text} ${unit}`;
}
