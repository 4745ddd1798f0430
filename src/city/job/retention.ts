/** Parses for how many days history is kept, and computes the retention at a point in time. */
import type { Retention, RetentionRule } from '../../core/language/retention.ts';
import type { Terms } from '../../core/model/entity.ts';
import { scopeSeries } from '../../core/model/history.ts';
import { dayMicros, type Instant, instantOf, microsOfInstant } from '../../core/model/instant.ts';

/** The retention in days; 0: forever. Names may be short. */
export interface RetentionDays {
  readonly days: number;
  readonly rules: readonly (Pick<RetentionRule, 'type' | 'attr'> & { readonly days: number })[];
}

/**
 * Parses a text such as `Streetlight=30,AirQualityObserved.pm10=3650`. The part before the equals sign may contain IRIs. The attribute
 * starts after the last dot of the type's local name, or where a second IRI starts. Throws an Error that names the invalid part.
 */
export function readKeptDays(text: string, days: number): RetentionDays {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  return { days, rules: parts.map(readPart) };
}

/**
 * Parses for how many days rollups are kept: `3650` for all types, or `3650,Streetlight=0` with exceptions as above. Undefined for an empty
 * text: rollups are deleted together with their instances.
 */
export function readRollupDays(text: string): RetentionDays | undefined {
  if (text.trim() === '') return undefined;
  const [, days, rest = ''] = /^\s*(\d{1,6})\s*(?:,(.*))?$/.exec(text) ?? [];
  if (days === undefined)
    throw new Error(`historyRollups must begin with a number of days, not ${JSON.stringify(text)}.`);
  return readKeptDays(rest, Number(days));
}

// An IRI may contain an equals sign, a number cannot, so the last equals sign is the separator.
const wholePart = /^(?<name>[^\s=]+.*)=\s*(?<days>\d{1,6})$/;
const twoIris = /^(?<type>.+?)\.(?<attr>[A-Za-z][A-Za-z0-9+-]*:.+)$/;
const ownName = /^(?<type>.*[^./#:])\.(?<attr>[^./#:]+)$/;

function readPart(part: string): RetentionDays['rules'][number] {
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

/** True when some history is not kept forever. */
export const deletesHistory = ({ days, rules }: RetentionDays): boolean =>
  days > 0 || rules.some((rule) => rule.days > 0);

/** The retention at a point in time; `terms` expand short names. */
export function retentionAt({ days, rules }: RetentionDays, now: Instant, terms: Pick<Terms, 'expand'>): Retention {
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
