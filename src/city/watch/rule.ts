/** Reads WatchRule entities: what is watched, and with which limits. */
import { meanMicros, parseDuration } from '../../core/language/duration.ts';
import type { Entity } from '../../core/model/entity.ts';
import { isStrings, type Json } from '../../core/model/json.ts';
import { createOffsets } from '../../core/model/calendar/offsets.ts';
import type { Micros } from '../../core/model/instant.ts';
import { watchRuleTypes } from '../../core/port/watch.ts';
import { type Check, checks, type Limits } from './detect/checks.ts';
import { instanceNamed, type Name, type Vocabulary, vocabularyOf } from './vocabulary.ts';

/** A rule. Types and attributes are IRIs or the last parts of IRIs. */
export interface WatchRule extends Limits {
  readonly id: string;
  /** The vocabulary of its alerts. */
  readonly vocabulary: Vocabulary;
  /** `*`: all types with a data model, but not those of what the broker computes. */
  readonly types: readonly string[];
  /** Absent: all attributes with numbers. */
  readonly attributes: readonly string[] | undefined;
  /** The attribute of the same entity whose value is the maximum. */
  readonly maximumFrom: string | undefined;
  readonly severity: string | undefined;
}

/** The spreads that a value may be away from the usual, where a rule says nothing. */
const deviationsInitial = 6;

/** Why a rule cannot be used. */
export class UnusableRule extends Error {}

export const isWatchRule = (types: readonly string[]): boolean => watchRuleTypes.some((iri) => types.includes(iri));

/** Reads a rule. Throws UnusableRule that names the faulty attribute. */
export function readWatchRule(entity: Entity): WatchRule {
  const read = <T>(name: Name, accept: (value: Json) => T | undefined, what: string): T | undefined => {
    const value = instanceNamed(entity.attrs, name)?.value;
    if (value === undefined) return undefined;
    const accepted = accept(value);
    if (accepted === undefined)
      throw new UnusableRule(`${entity.id}: ${name} must be ${what}, not ${JSON.stringify(value)}.`);
    return accepted;
  };
  const types = read('watchedType', namesIn, 'a type, a list of types, or *');
  if (!types) throw new UnusableRule(`${entity.id} has no watchedType.`);
  return {
    id: entity.id,
    vocabulary: vocabularyOf(entity.types.find((type) => watchRuleTypes.includes(type)) ?? ''),
    types,
    attributes: read('watchedAttribute', namesIn, 'an attribute or a list of attributes'),
    checks: read('checks', checksIn, `one or several of ${checks.join(', ')}`) ?? new Set(checks),
    minimum: read('minimum', numberIn, 'a number'),
    maximum: read('maximum', numberIn, 'a number'),
    maximumFrom: read('maximumFrom', textIn, 'the name of an attribute'),
    ratePerHour: read('maximumRate', positiveIn, 'a positive number'),
    flatMicros: read('flatPeriod', durationIn, 'a duration such as PT6H'),
    intervalMicros: read('interval', durationIn, 'a duration such as PT10M'),
    neighbourMetres: read('neighbourDistance', positiveIn, 'a positive number of metres'),
    deviations: read('deviations', positiveIn, 'a positive number') ?? deviationsInitial,
    offsetAt: read('timeZone', zoneIn, 'a time zone such as Europe/Ljubljana') ?? (() => 0),
    severity: read('severity', textIn, 'a word'),
  };
}

const textIn = (value: Json): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const numberIn = (value: Json): number | undefined => (typeof value === 'number' ? value : undefined);
const positiveIn = (value: Json): number | undefined => (typeof value === 'number' && value > 0 ? value : undefined);

function namesIn(value: Json): readonly string[] | undefined {
  const names = typeof value === 'string' ? [value] : value;
  return isStrings(names) && names.length > 0 && !names.includes('') ? names : undefined;
}

function checksIn(value: Json): ReadonlySet<Check> | undefined {
  const names = namesIn(value);
  const known = checks.filter((check) => names?.includes(check));
  return names && known.length === new Set(names).size ? new Set(known) : undefined;
}

function durationIn(value: Json): Micros | undefined {
  const duration = typeof value === 'string' ? parseDuration(value) : undefined;
  const micros = duration && meanMicros(duration);
  return micros !== undefined && micros > 0 ? micros : undefined;
}

function zoneIn(value: Json): ((at: Micros) => Micros) | undefined {
  if (typeof value !== 'string') return undefined;
  try {
    const offsetAt = createOffsets(value);
    return (at) => offsetAt(Math.floor(at / 1000)) * 1000;
  } catch {
    return undefined;
  }
}
