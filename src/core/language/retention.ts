/** Defines the retention of history. The most specific rule for type and attribute applies. */
import { dayMicros, type Instant, type Micros, microsOfInstant } from '../model/instant.ts';
import { beginningOf } from '../model/numeric-summary.ts';

/**
 * The retention of instances by their time: `observedAt`, or the time of the write without it. The most specific rule applies: a rule for
 * type and attribute, then a rule for the type, then the default. When several types of an entity have rules, the longest retention
 * applies.
 */
export interface Retention {
  /** Instances before this are deleted; absent: they are kept forever. */
  readonly before?: Instant;
  readonly rules: readonly RetentionRule[];
}

export interface RetentionRule {
  /** The expanded type. `attr` is expanded too. */
  readonly type: string;
  /** Absent: all attributes that no other rule of this type names. */
  readonly attr?: string;
  /** Absent: forever. */
  readonly before?: Instant;
}

/** The moment before which an attribute's instances are deleted, for an entity with these types; undefined: none is deleted. */
function deletedBefore(
  { before, rules }: Retention,
  { types, name }: { readonly types: readonly string[]; readonly name: string },
): Micros | undefined {
  const ofTypes = rules.filter(({ type }) => types.includes(type));
  const special = ofTypes.filter(({ attr }) => attr === name);
  const general = ofTypes.filter(({ attr }) => attr === undefined);
  const ranks: readonly (readonly Pick<RetentionRule, 'before'>[])[] = [special, general];
  const counting = ranks.find((rank) => rank.length > 0) ?? [before === undefined ? {} : { before }];
  const moments = counting.map((rule) => (rule.before === undefined ? -Infinity : microsOfInstant(rule.before)));
  const first = Math.min(...moments);
  return first === -Infinity ? undefined : first;
}

/** The limits for deletions in a series. */
export interface Bounds {
  /** Instances before this are deleted. */
  readonly instances: Micros;
  /** Rollups before this are deleted; never later than `instances`. The rollups of days between the two are kept. */
  readonly rollups: Micros;
}

/**
 * The bounds for an attribute of an entity with these types; -Infinity: nothing is deleted. When rollups are kept longer, the bounds are
 * starts of UTC days.
 */
export function boundsFor(
  { retention, rollups }: { readonly retention: Retention; readonly rollups?: Retention },
  series: { readonly types: readonly string[]; readonly name: string },
): Bounds {
  const instances = deletedBefore(retention, series) ?? -Infinity;
  const kept = rollups ? (deletedBefore(rollups, series) ?? -Infinity) : instances;
  if (kept >= instances) return { instances, rollups: instances };
  return { instances: beginningOf(instances, dayMicros), rollups: beginningOf(kept, dayMicros) };
}
