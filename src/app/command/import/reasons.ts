/** Groups the reasons for rejected rows. Values that break the same rule count as one reason. */

/** A reason with its count and the row where it first occurred. */
export interface ReasonCount {
  readonly count: number;
  readonly firstRow: number;
  /** The text of the first occurrence. */
  readonly example: string;
}

/** The maximum number of separate reasons; further reasons are counted together. */
const reasonsMax = 1000;

export interface Reasons {
  /** Adds the reason for a rejected row: one text, or one for each rule of a data model that the row breaks. */
  add(reason: string, row: number): void;
  /** The most frequent reasons first. */
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

/** The broker's text for values that a data model does not allow: `TYPE: attribute NAME must be <= 1, but is 1.04.` */
const modelPrefix = 'The data model is not met. ';
const brokenRule = /(\S+: (?:attribute \S+|the entity) .*?), but is .*?\.(?= \S+: |$)/g;
