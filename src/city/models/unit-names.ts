/** The units of the models in words: common codes of UN/CEFACT Recommendation 20. */
import { unitSymbols } from '../../core/mapping/units.ts';

/** Units whose symbols are no words. */
const words: Readonly<Record<string, string>> = { C62: 'one (a number without a unit)', DAY: 'days', DD: 'degrees' };

const nameOf = (code: string): string | undefined =>
  [words, unitSymbols].find((known) => Object.hasOwn(known, code))?.[code];

/** The unit in words, with its code: `kWh (KWH)`; the code alone when it is unknown. */
export function unitName(code: string): string {
  const name = nameOf(code);
  return name === undefined ? code : `${name} (${code})`;
}
