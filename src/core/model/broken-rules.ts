/** Counts the values that break rules of data models, per rule and up to a number of rules. */

/** A rule that accepted values break, because the mode of the data model is `warn`. */
export interface BrokenRule {
  /** Expanded type that the model belongs to. */
  readonly type: string;
  /** The attribute, named as in the model. Absent when the rule concerns the whole entity. */
  readonly attribute?: string;
  /** The rule in words, such as `must be <= 1`. */
  readonly rule: string;
  /** The number of values that break it. */
  readonly values: number;
  /** The first of them, as JSON text of bounded length. */
  readonly example: { readonly entityId: string; readonly value: string };
}

export interface BrokenRules {
  add(broken: BrokenRule): void;
  /** The rules with the most values first. */
  list(): readonly BrokenRule[];
}

/**
 * Counts each rule separately until there are `rulesMax` of them. Values that break further rules are counted together for each type, as
 * the rule `other rules`.
 */
export function createBrokenRules(rulesMax: number): BrokenRules {
  const counts = new Map<string, BrokenRule>();
  return {
    add(broken) {
      const own = keyOf(broken);
      const { attribute: _, ...other } = { ...broken, rule: 'other rules' };
      const [key, counted] = counts.has(own) || counts.size < rulesMax ? [own, broken] : [keyOf(other), other];
      const seen = counts.get(key);
      counts.set(key, seen ? { ...seen, values: seen.values + broken.values } : counted);
    },
    list: () => [...counts.values()].sort((a, b) => b.values - a.values),
  };
}

const keyOf = ({ type, attribute = '', rule }: BrokenRule): string => JSON.stringify([type, attribute, rule]);
