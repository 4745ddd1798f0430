/** Reads for how many days history is kept, and works it out for a moment. */
import type { Retention, RetentionRule } from '../../core/language/retention.ts';
import type { Terms } from '../../core/model/entity.ts';
import { scopeSeries } from '../../core/model/history.ts';
import { dayMicros, type Instant, instantOf, microsOfInstant } from '../../core/model/instant.ts';

/** For how many days history is kept; 0: for ever. Names may be short. */
export interface KeptDays {
  readonly days: number;
  readonly rules: readonly (Pick<RetentionRule, 'type' | 'attr'> & { readonly days: number })[];
}

/**
 * Reads a text such as `Streetlight=30,AirQualityObserved.pm10=3650`. What stands before the
 * equals sign may hold IRIs: the attribute begins behind the last dot of the type's own name, or where another IRI begins.
 * Throws an Error that names the part it cannot read.
 */
export function readKeptDays(text: string, days: number): KeptDays {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  return { days, rules: parts.map(readPart) };
}

/**
 * Reads for how many days rollups stay: a text such as `3650` or `3650,Streetlight=0`, days for all and then as above. Undefined for an
 * empty one: they go with what they are of.
 */
export function readRollupDays(text: string): KeptDays | undefined {
  if (text.trim() === '') return undefined;
  const [, days, rest = ''] = /^\s*(\d{1,6})\s*(?:,(.*))?$/.exec(text) ?? [];
  if (days === undefined)
    throw new Error(`historyRollups must begin with a number of days, not ${JSON.stringify(text)}.`);
  return readKeptDays(rest, Number(days));
}

// An IRI may hold an equals sign, a number cannot: the last one divides.
const wholePart = /^(?<name>[^\s=]+.*)=\s*(?<days>\d{1,6})$/;
const twoIris = /^(?<type>.+?)\.(?<attr>[A-Za-z][A-Za-z0-9+-]*:.+)$/;
const ownName = /^(?<type>.*[^./#:])\.(?<attr>[^./#:]+)$/;

function readPart(part: string): KeptDays['rules'][number] {
  const { name = '', days } = wholePart.exec(part)?.groups ?? {};
  if (days === undefined)
    throw new Error(`historyKeep must hold parts such as TYPE=DAYS or TYPE.ATTR=DAYS, not ${JSON.stringify(part)}.`);
  const { type = name.trim(), attr } = (twoIris.exec(name) ?? ownName.exec(name))?.groups ?? {};
  return {
    type,
    ...(attr === undefined ? undefined : { attr: attr.trim() }),
    days: Number(days),
  };
}

/** True when there is anything that is not kept for ever. */
export const forgetsAnything = ({ days, rules }: KeptDays): boolean => days > 0 || rules.some((rule) => rule.days > 0);

/** What is kept at a moment; `terms` expand short names. */
export function retentionAt({ days, rules }: KeptDays, now: Instant, terms: Pick<Terms, 'expand'>): Retention {
  const beforeOf = (kept: number): { before?: Instant } =>
    kept === 0 ? {} : { before: instantOf(microsOfInstant(now) - kept * dayMicros) };
  return {
    ...beforeOf(days),
    rules: rules.map(({ days: kept, type, attr }) => ({
      type: terms.expand(type),
      ...(attr === undefined ? undefined : { attr: attr === scopeSeries ? attr : terms.expand(attr) }),
      ...beforeOf(kept),
    })),
  };
}
