/**
 * The history of what was published of one attribute of a tenant, by all jobs: which subjects share their publication history, where each job
 * counts them, and which totals each release published or withheld. Subjects appear by pseudonyms.
 */

export interface PublishedSubject {
  /** Subjects with the same number share their publication history; 0: nothing was published. */
  readonly atom: number;
  /** By job. */
  readonly jobs: Readonly<Record<string, JobStatus>>;
}

/** How one job counts one subject. */
export interface JobStatus {
  /** The key of the cell. */
  readonly cell: string;
  /** A running mean of its values, which stands for a value that does not arrive. */
  readonly usual: number;
  /** For how many periods it has not reported. */
  readonly missed: number;
}

/** What a release told of one period, in atoms. */
export interface PastRelease {
  readonly job: string;
  /** In microseconds since 1970; `to` is exclusive. */
  readonly from: number;
  readonly to: number;
  readonly published: readonly (readonly number[])[];
  /** Those of the totals that are withheld for their values. */
  readonly withheld: readonly (readonly number[])[];
}

export interface HistoryHead {
  /** The key of the pseudonyms. */
  readonly salt: string;
  readonly lastAtom: number;
  /** The atom that an atom was a part of. */
  readonly parents: Readonly<Record<string, number>>;
  /** Releases that began before this time may be forgotten: nothing can be released for an earlier time any more. */
  readonly forgottenTo: number;
}

export interface ReleaseHistory extends HistoryHead {
  readonly subjects: Readonly<Record<string, PublishedSubject>>;
  /** At least those whose periods overlap that of the next release. */
  readonly releases: readonly PastRelease[];
}

export const createReleaseHistory = (salt: string): ReleaseHistory => ({
  salt,
  lastAtom: 0,
  parents: {},
  subjects: {},
  releases: [],
  forgottenTo: Number.MIN_SAFE_INTEGER,
});

/** The history with one more release, which is the last one. */
export const withRelease = (history: ReleaseHistory, release: PastRelease): ReleaseHistory => ({
  ...history,
  releases: [...history.releases, release],
});

/** Tests whether two sets of atoms, of different times, can have subjects in common. */
export function createOverlap({
  parents,
}: Pick<ReleaseHistory, 'parents'>): (a: readonly number[], b: readonly number[]) => boolean {
  const withAncestors = (atoms: readonly number[]): ReadonlySet<number> => {
    const all = new Set<number>();
    for (const atom of atoms)
      for (let one: number | undefined = atom; one !== undefined && !all.has(one); one = parents[String(one)])
        all.add(one);
    return all;
  };
  return (a, b) => {
    const [ofA, ofB] = [withAncestors(a), withAncestors(b)];
    return a.some((atom) => ofB.has(atom)) || b.some((atom) => ofA.has(atom));
  };
}
