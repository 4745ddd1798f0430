/**
 * Divides subjects into cells of at least k subjects, along a hierarchy of groups such as area and building type. Every number that is
 * published is a total over whole cells, so that differences of totals are totals over whole cells too: this is the complementary
 * suppression of tables with totals by each level.
 */

/**
 * A cell: the values of the groups, coarse first. It can end early, where the next level would have too small parts. The last member `null`
 * stands for all parts of the level that have no cell of their own.
 */
export type CellPath = readonly (string | null)[];

/** A cell as text, as a key of maps and documents. */
export const cellKey = (path: CellPath): string => JSON.stringify(path);

/** The part of a cell's parent that has no cell of its own. */
export const isRest = (path: CellPath): boolean => path.at(-1) === null;

/** The group values of a subject, coarse first. */
export interface Grouped {
  readonly subject: string;
  readonly groups: readonly string[];
}

export interface Division {
  /** The fewest subjects of a cell. */
  readonly k: number;
  /** Keys of cells that must not exist: their subjects belong to the rest of the group above, and those of a rest to the whole group. */
  readonly excluded: ReadonlySet<string>;
}

/** The cell of each subject. Empty when there are fewer than k subjects. */
export function divide(members: readonly Grouped[], division: Division): ReadonlyMap<string, CellPath> {
  const cells = new Map<string, CellPath>();
  if (members.length >= division.k) divideGroup(members, [], { division, cells });
  return cells;
}

interface Dividing {
  readonly division: Division;
  readonly cells: Map<string, CellPath>;
}

function divideGroup(members: readonly Grouped[], path: readonly string[], dividing: Dividing): void {
  const { division, cells } = dividing;
  const { large, rest } = partsOf(members, path, division);
  const isWhole = large.length === 0 || division.excluded.has(cellKey([...path, null]));
  if (isWhole) for (const { subject } of members) cells.set(subject, path);
  else {
    for (const { subject } of rest) cells.set(subject, [...path, null]);
    for (const [value, part] of large) divideGroup(part, [...path, value], dividing);
  }
}

interface Parts {
  /** Parts with at least k members, by the value of their group. */
  readonly large: readonly (readonly [string, readonly Grouped[]])[];
  /** The other members: none, or at least k. */
  readonly rest: readonly Grouped[];
}

/** Small parts form the rest together. When the rest is too small itself, the smallest of the large parts joins it. */
function partsOf(members: readonly Grouped[], path: readonly string[], { k, excluded }: Division): Parts {
  const parts = [...Map.groupBy(members, ({ groups }) => groups[path.length])].map(([value, part]) => ({
    value,
    part,
  }));
  const large = parts
    .flatMap(({ value, part }) =>
      value === undefined || part.length < k || excluded.has(cellKey([...path, value])) ? [] : [[value, part] as const],
    )
    .sort(([, a], [, b]) => b.length - a.length);
  const own = new Set(large.map(([value]) => value));
  const rest = members.filter(({ groups }) => !own.has(groups[path.length] ?? ''));
  while (rest.length > 0 && rest.length < k && large.length > 0) rest.push(...(large.pop()?.[1] ?? []));
  return { large, rest };
}

/** The existing cell that a subject with these groups belongs to. */
export function cellFor(groups: readonly string[], existing: ReadonlySet<string>): CellPath | undefined {
  for (let level = groups.length; level >= 0; level -= 1) {
    const path = groups.slice(0, level);
    const candidates = level === groups.length ? [path] : [[...path, null], path];
    const found = candidates.find((candidate) => existing.has(cellKey(candidate)));
    if (found) return found;
  }
  return undefined;
}
