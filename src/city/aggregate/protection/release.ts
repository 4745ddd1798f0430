/** Makes one release: decides what a job publishes of one period, and enters it into the history. */
import type { CellPath } from './cells.ts';
import { isDominated } from './dominance.ts';
import {
  createOverlap,
  type JobStatus,
  type ReleaseHistory,
  type PastRelease,
  withRelease,
} from './release-history.ts';
import { decideMembership, type Membership, refineAtoms, type SubjectStatus } from './membership.ts';
import { type MeasureName, type MeasureRules, measuresOf } from './measure.ts';
import { type Cell, type Contribution, decideTotals, type Total, type Withheld } from './totals.ts';

/** What a subject contributes to a period. */
export interface Reported {
  /** Its pseudonym. */
  readonly subject: string;
  /** The values of its groups, coarse first. */
  readonly groups: readonly string[];
  readonly value: number;
}

export interface ReleaseRequest {
  readonly job: string;
  /** In microseconds since 1970; `to` is exclusive. */
  readonly from: number;
  readonly to: number;
  readonly measures: readonly MeasureName[];
  readonly rules: MeasureRules & { readonly isProtected: boolean };
  readonly reported: readonly Reported[];
}

/** A total with its measures, or the reason why it is withheld. */
export interface ReleasedTotal {
  readonly path: CellPath;
  readonly subjects: number;
  readonly measures: Readonly<Partial<Record<MeasureName, number>>>;
  readonly withheld?: Withheld;
}

export interface Release {
  readonly totals: readonly ReleasedTotal[];
  readonly history: ReleaseHistory;
  /** Subjects that reported and are not counted yet, because too few would join with them. */
  readonly waiting: number;
  /** Subjects that are counted by their usual value, because they did not report. */
  readonly imputed: number;
  /** Subjects that reported from another group than the one they are counted in, because too few have moved with them. */
  readonly moved: number;
}

/** For how many periods without a value a subject is counted by its usual value before it counts as gone. */
const missedMax = 7;

/** True for a period that nothing can be released of, because it cannot be compared with what was published of its time. */
export const isTooOld = ({ from, rules }: Pick<ReleaseRequest, 'from' | 'rules'>, { forgottenTo }: ReleaseHistory) =>
  rules.isProtected && from < forgottenTo;

/** Only for a period that is not too old. */
export function release(request: ReleaseRequest, history: ReleaseHistory): Release {
  const reported = new Map(request.reported.map((one) => [one.subject, one]));
  const statuses = statusesOf(request, history, reported);
  const membership = decideMembership(statuses, request.rules.k);
  const entered = enter(statuses, membership, { request, history, reported });
  const cells = cellsOf(membership, { request, history: entered, reported });
  const totals = decideTotals(cells, {
    dominance: request.rules.dominance,
    isProtected: request.rules.isProtected,
    isForbidden: createForbidden(cells, request, entered),
  });
  const counted = [...membership.keys()];
  return {
    totals: totals.map((total) => releasedTotal(total, request)),
    history: withRelease(entered, releaseOf(totals, cells, { request, history: entered })),
    waiting: request.reported.filter(({ subject }) => !membership.has(subject)).length,
    imputed: counted.filter((subject) => !reported.has(subject)).length,
    moved: statuses.filter(({ subject, groups }) => groups && isElsewhere(groups, membership.get(subject))).length,
  };
}

/** True when the groups are not those of the cell. */
function isElsewhere(groups: readonly string[], cell: string | undefined): boolean {
  const path: unknown = JSON.parse(cell ?? '[]');
  return Array.isArray(path) && path.some((value, level) => value !== null && value !== groups[level]);
}

type ByPseudonym = ReadonlyMap<string, Reported>;

function statusesOf(
  { job, rules }: ReleaseRequest,
  { subjects }: ReleaseHistory,
  reported: ByPseudonym,
): readonly SubjectStatus[] {
  const most = rules.isProtected ? missedMax : 0;
  const names = new Set([...Object.keys(subjects), ...reported.keys()]);
  return [...names].map((subject) => {
    const known = subjects[subject];
    const status = known?.jobs[job];
    const groups = reported.get(subject)?.groups;
    return {
      subject,
      atom: known?.atom ?? 0,
      ...(status ? { cell: status.cell } : undefined),
      ...(groups ? { groups } : undefined),
      isGone: !groups && (status?.missed ?? 0) >= most,
    };
  });
}

interface Entering {
  readonly request: ReleaseRequest;
  readonly history: ReleaseHistory;
  readonly reported: ByPseudonym;
}

/** The weight of a new value in the running mean. */
const newWeight = 0.2;

/** Enters the membership into the history. */
function enter(
  statuses: readonly SubjectStatus[],
  membership: Membership,
  { request: { job }, history, reported }: Entering,
): ReleaseHistory {
  let { lastAtom } = history;
  const { atoms, parents } = refineAtoms(statuses, membership, () => (lastAtom += 1));
  const subjects = { ...history.subjects };
  for (const { subject } of statuses) {
    const [known, cell, value] = [subjects[subject], membership.get(subject), reported.get(subject)?.value];
    const { [job]: before, ...others } = known?.jobs ?? {};
    const jobs = cell === undefined ? others : { ...others, [job]: statusWith(cell, before, value) };
    const atom = atoms.get(subject) ?? 0;
    if (atom !== 0 || known) subjects[subject] = { atom, jobs };
  }
  return { ...history, lastAtom, subjects, parents: { ...history.parents, ...Object.fromEntries(parents) } };
}

function statusWith(cell: string, before: JobStatus | undefined, value: number | undefined): JobStatus {
  if (value === undefined) return { cell, usual: before?.usual ?? 0, missed: (before?.missed ?? 0) + 1 };
  const usual = before ? before.usual + newWeight * (value - before.usual) : value;
  return { cell, usual, missed: 0 };
}

function cellsOf(membership: Membership, { request: { job }, history, reported }: Entering): readonly Cell[] {
  return [...Map.groupBy(membership, ([, key]) => key)].map(([key, members]) => ({
    path: readPath(key),
    contributions: members.map(([subject]): Contribution => {
      const value = reported.get(subject)?.value;
      return {
        subject,
        value: value ?? history.subjects[subject]?.jobs[job]?.usual ?? 0,
        isImputed: value === undefined,
      };
    }),
  }));
}

function readPath(key: string): CellPath {
  const path: unknown = JSON.parse(key);
  return Array.isArray(path) ? path.map((value) => (typeof value === 'string' ? value : null)) : [];
}

const atomsOf = ({ contributions }: Pick<Cell, 'contributions'>, { subjects }: ReleaseHistory): readonly number[] => [
  ...new Set(contributions.map(({ subject }) => subjects[subject]?.atom ?? 0)),
];

const isDominatedCell = ({ contributions }: Cell, { dominance }: MeasureRules): boolean =>
  isDominated(
    contributions.map(({ value }) => value),
    dominance,
  );

/**
 * What other jobs published or withheld of the same time forbids totals of this release: those that share subjects with a withheld total,
 * and those that share subjects with a published total of which a dominated part would be left.
 */
function createForbidden(
  cells: readonly Cell[],
  { job, from, to, rules }: ReleaseRequest,
  history: ReleaseHistory,
): (cell: Cell) => boolean {
  const others = history.releases.filter((one) => one.job !== job && one.from < to && one.to > from);
  if (others.length === 0) return () => false;
  const overlap = createOverlap(history);
  const dominated = cells.filter((cell) => isDominatedCell(cell, rules)).map((cell) => atomsOf(cell, history));
  const forbidden = [
    ...setsOf(others, 'withheld'),
    ...setsOf(others, 'published').filter(
      (other) =>
        dominated.some((one) => overlap(one, other.atoms)) ||
        isDominated(valuesBeside(other, { job, history, overlap }), rules.dominance),
    ),
  ];
  const published = others.flatMap((one) => (one.from === from && one.to === to ? one.published : []));
  return (cell) => {
    const atoms = atomsOf(cell, history);
    // What another job published of the same time tells nothing new.
    return forbidden.some((one) => overlap(one.atoms, atoms)) && !published.some((one) => isSameSet(one, atoms));
  };
}

interface JobSet {
  readonly job: string;
  readonly atoms: readonly number[];
}

/** What the releases published or withheld, each set once: a job mostly publishes the same groups in each of its periods. */
const setsOf = (releases: readonly PastRelease[], kind: 'published' | 'withheld'): readonly JobSet[] => [
  ...new Map(
    releases.flatMap(({ job, [kind]: sets }) =>
      sets.map((atoms) => [`${job} ${atoms.join(' ')}`, { job, atoms }] as const),
    ),
  ).values(),
];

const isSameSet = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((atom) => b.includes(atom));

/** The usual values of the subjects that another job published in a total and that this job does not count. */
const valuesBeside = (
  total: JobSet,
  {
    job,
    history,
    overlap,
  }: { readonly job: string; readonly history: ReleaseHistory; readonly overlap: ReturnType<typeof createOverlap> },
): readonly number[] =>
  Object.values(history.subjects)
    .filter(
      ({ atom, jobs }) => jobs[job] === undefined && jobs[total.job] !== undefined && overlap([atom], total.atoms),
    )
    .flatMap(({ jobs }) => jobs[total.job]?.usual ?? []);

function releaseOf(
  totals: readonly Total[],
  cells: readonly Cell[],
  { request: { job, from, to, rules }, history }: Pick<Entering, 'request' | 'history'>,
): PastRelease {
  const published = totals.filter(({ withheld }) => withheld === undefined).map((total) => atomsOf(total, history));
  const withheld = cells.filter((cell) => isDominatedCell(cell, rules)).map((cell) => atomsOf(cell, history));
  return { job, from, to, published, withheld: rules.isProtected ? withheld : [] };
}

function releasedTotal({ path, contributions, withheld }: Total, { measures, rules }: ReleaseRequest): ReleasedTotal {
  const values = contributions.map(({ value }) => value);
  return {
    path,
    subjects: contributions.length,
    measures: withheld === undefined ? measuresOf(values, measures, rules) : {},
    ...(withheld ? { withheld } : undefined),
  };
}
