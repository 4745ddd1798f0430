/** Sorts the reasons for which rows were rejected: many values that break one rule are one line of the account. */

/** A reason, with how often and where it was met. */
export interface ReasonCount {
  readonly count: number;
  readonly firstRow: number;
  /** In the words of the first row. */
  readonly example: string;
}

/** Different reasons that are told apart; others are counted together. */
const reasonsMax = 1000;

export interface Reasons {
  /** Adds why a row was rejected: one reason, or each of the rules of data models that it broke. */
  add(reason: string, row: number): void;
  /** Those met most often first. */
  list(): readonly ReasonCount[];
}

export function createReasons(): Reasons {
  const counts = new Map<string, ReasonCount>();
  const count = (rule: string, firstRow: number, example: string): void => {
    const key = counts.has(rule) || counts.size < reasonsMax ? rule : 'other reasons';
    const seen = counts.get(key) ?? { count: 0, firstRow, example: key === rule ? example : key };
    counts.set(key, { ...seen, count: seen.count + 1 });
  };
  return {
    add(reason, row) {
      const broken = reason.startsWith(modelPrefix) ? [...reason.matchAll(brokenRule)] : [];
      for (const [sentence, rule = sentence] of broken) count(rule, row, sentence);
      if (broken.length === 0) count(reason, row, reason);
    },
    list: () => [...counts.values()].sort((a, b) => b.count - a.count),
  };
}

/** The broker's words for values that data models do not allow: `TYPE: attribute NAME must be <= 1, but is 1.04.` */
const modelPrefix = 'The data model is not met. ';
const brokenRule = /(\S+: (?:attribute \S+|the entity) .*?), but is .*?\.(?= \S+: |$)/g;
