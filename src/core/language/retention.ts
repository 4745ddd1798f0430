/** How long history is kept: by the most special rule for type and attribute. */
import { dayMicros, type Instant, type Micros, microsOfInstant } from '../model/instant.ts';
import { beginningOf } from '../model/numeric-summary.ts';

/**
 * How long instances are kept, by their place in time: `observedAt`, or the time of the write where there is none. The
 * most special rule counts: type and attribute before type before all. Of rules for several types of one entity, the one
 * that keeps longest counts.
 */
export interface Retention {
  /** Instances before this go; absent: they are kept for ever. */
  readonly before?: Instant;
  readonly rules: readonly RetentionRule[];
}

export interface RetentionRule {
  /** Expanded, like `attr`. */
  readonly type: string;
  /** Absent: all attributes that no rule of this type names. */
  readonly attr?: string;
  /** Absent: for ever. */
  readonly before?: Instant;
}

/** The moment before which the instances of an attribute go, of an entity with these types; undefined: none of them goes. */
function forgottenBefore(
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

/** What goes of a series. */
export interface Bounds {
  /** Instances before it. */
  readonly instances: Micros;
  /** Rollups before it; never later than `instances`. Those of days between the two stay. */
  readonly rollups: Micros;
}

/** The bounds for an attribute of an entity with these types, -Infinity where nothing goes. With rollups that stay, they are beginnings of days of UTC. */
export function boundsFor(
  { retention, rollups }: { readonly retention: Retention; readonly rollups?: Retention },
  series: { readonly types: readonly string[]; readonly name: string },
): Bounds {
  const instances = forgottenBefore(retention, series) ?? -Infinity;
  const kept = rollups ? (forgottenBefore(rollups, series) ?? -Infinity) : instances;
  if (kept >= instances) return { instances, rollups: instances };
  return { instances: beginningOf(instances, dayMicros), rollups: beginningOf(kept, dayMicros) };
}
