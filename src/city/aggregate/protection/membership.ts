/**
 * Decides which subjects a job publishes in which cell. A membership changes only by k subjects at a time that have shared everything that
 * was ever published of them, in all jobs on the same attribute. So no combination of releases, over time or over jobs, isolates fewer
 * than k subjects: each subject shares its whole publication history with at least k - 1 others.
 */
import { cellFor, cellKey, type CellPath, divide, type Grouped } from './cells.ts';

/** The state of one subject before a release. */
export interface SubjectStatus {
  readonly subject: string;
  /** The set of subjects with the same publication history; 0: nothing was published of it. */
  readonly atom: number;
  /** The cell of this job, by its key. Absent: the job has not published it. */
  readonly cell?: string;
  /** Its groups at present. Absent: it has none, because it did not report. */
  readonly groups?: readonly string[];
  /** True when it has not reported for so long that it counts as gone. */
  readonly isGone: boolean;
}

/** The cell of each subject that is published, by the key of the cell. */
export type Membership = ReadonlyMap<string, string>;

/** The membership of the next release. `k`: the minimum group size. */
export function decideMembership(statuses: readonly SubjectStatus[], k: number): Membership {
  const existing = new Set(statuses.flatMap(({ cell }) => cell ?? []));
  const excluded = new Set<string>();
  for (;;) {
    const wanted = wantedCells(statuses, { existing, k, excluded });
    const settled = settle(statuses, wanted, k);
    const known = statuses.filter(({ atom }) => atom !== 0);
    const refused = refusedCells(known, wanted, settled);
    if (refused.length === 0) return settled;
    for (const cell of refused) excluded.add(cell);
  }
}

interface Wanted {
  /** The key of the cell that each subject would be in. */
  readonly cells: ReadonlyMap<string, string>;
  /** The new cells. */
  readonly fresh: ReadonlyMap<string, CellPath>;
}

function wantedCells(
  statuses: readonly SubjectStatus[],
  { existing, k, excluded }: { existing: ReadonlySet<string>; k: number; excluded: ReadonlySet<string> },
): Wanted {
  const cells = new Map<string, string>();
  const newcomers: Grouped[] = [];
  for (const { subject, cell, groups, isGone } of statuses) {
    const found = groups ? cellFor(groups, existing) : undefined;
    if (found) cells.set(subject, cellKey(found));
    else if (groups) newcomers.push({ subject, groups });
    else if (cell !== undefined && !isGone) cells.set(subject, cell);
  }
  const fresh = divide(newcomers, { k, excluded });
  for (const [subject, path] of fresh) cells.set(subject, cellKey(path));
  return { cells, fresh };
}

/** Makes every change that at least k subjects with one history make together, and leaves at least k or nobody behind. */
function settle(statuses: readonly SubjectStatus[], { cells }: Wanted, k: number): Membership {
  const settled = [...Map.groupBy(statuses, (status) => status.atom)].flatMap(([atom, members]) => {
    const parts = [...Map.groupBy(members, ({ subject }) => cells.get(subject))];
    return settledParts(parts, { stay: members[0]?.cell, atom, k });
  });
  return new Map(
    settled.flatMap(([target, part]) =>
      target === undefined ? [] : part.map(({ subject }) => [subject, target] as const),
    ),
  );
}

type Part = readonly [target: string | undefined, members: readonly SubjectStatus[]];

/** All members of an atom have had the same cell, which is where the refused parts stay. */
function settledParts(
  parts: readonly Part[],
  { stay, atom, k }: { stay: string | undefined; atom: number; k: number },
): readonly Part[] {
  const moving = parts
    .filter(([target, members]) => target !== stay && members.length >= k)
    .sort(([, a], [, b]) => b.length - a.length);
  const staying = parts.filter((part) => !moving.includes(part)).flatMap(([, members]) => members);
  // Subjects of which nothing was published can wait in any number.
  if (atom !== 0) while (staying.length > 0 && staying.length < k) staying.push(...(moving.pop()?.[1] ?? []));
  return [...moving, [stay, staying]];
}

/** The new cells that some published subjects may not enter. Subjects of which nothing was published just wait. */
function refusedCells(published: readonly SubjectStatus[], { fresh }: Wanted, settled: Membership): readonly string[] {
  const cells = published.flatMap(({ subject }) => {
    const path = fresh.get(subject);
    const isRefused = path !== undefined && path.length > 0 && settled.get(subject) !== cellKey(path);
    return isRefused ? [cellKey(path)] : [];
  });
  return [...new Set(cells)];
}

/**
 * The atoms after a release: subjects with one history that are now in different cells part. `next` makes the number of a new atom. Returns
 * the new atoms with those that they were part of.
 */
export function refineAtoms(
  statuses: readonly SubjectStatus[],
  membership: Membership,
  next: () => number,
): { readonly atoms: ReadonlyMap<string, number>; readonly parents: ReadonlyMap<number, number> } {
  const atoms = new Map<string, number>();
  const parents = new Map<number, number>();
  for (const [atom, members] of Map.groupBy(statuses, (status) => status.atom)) {
    const parts = [...Map.groupBy(members, ({ subject }) => membership.get(subject))];
    for (const [index, [cell, part]] of parts.entries()) {
      const keeps = atom === 0 ? cell === undefined : index === 0;
      const own = keeps ? atom : next();
      if (!keeps) parents.set(own, atom);
      for (const { subject } of part) atoms.set(subject, own);
    }
  }
  return { atoms, parents };
}
