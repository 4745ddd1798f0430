/**
 * Attacks published aggregates: from the totals of four weeks, and from what neighbours know (who lives where, and who moved in or out on
 * which day), it computes the mean consumption of single households.
 */

/** A total as it was published. */
export interface PublishedTotal {
  readonly job: string;
  readonly day: number;
  readonly groups: readonly (string | null)[];
  readonly sum: number;
  readonly count: number;
  readonly highest?: number | undefined;
}

/** What the attacker knows of a household without any data. */
export interface Neighbour {
  readonly id: string;
  /** The values of its groups in a job. Undefined: the job does not count it. */
  readonly groupsIn: (job: string) => readonly string[] | undefined;
  /** The first day with the household, and the first one without it. */
  readonly since: number;
  readonly until: number;
}

/** The estimated mean consumption of a day, by household. */
export type Estimates = ReadonlyMap<string, number>;

export const attacks: Readonly<
  Record<string, (totals: readonly PublishedTotal[], neighbours: readonly Neighbour[]) => Estimates>
> = {
  'small cells': (totals, neighbours) =>
    meansOf(
      totals.flatMap((total) => {
        const members = membersOf(total, neighbours);
        return members.length === 1 && members[0] ? [{ id: members[0].id, value: total.sum }] : [];
      }),
    ),
  'differences of totals and of jobs': (totals, neighbours) =>
    meansOf([...Map.groupBy(totals, ({ day }) => day).values()].flatMap((ofDay) => solve(ofDay, neighbours))),
  'highest value': (totals, neighbours) =>
    // The biggest consumer of a group is known in the street: here, the one that the group's name tells.
    meansOf(
      totals.flatMap((total) => {
        const known = membersOf(total, neighbours).find(({ id }) => id.startsWith('bakery'));
        return known && total.highest !== undefined ? [{ id: known.id, value: total.highest }] : [];
      }),
    ),
  dominance: (totals, neighbours) =>
    meansOf(
      [...Map.groupBy(totals, ({ day }) => day).values()].flatMap((ofDay) => {
        const withKnown = ofDay
          .map((total) => ({ total, members: membersOf(total, neighbours) }))
          .filter(({ members }) => members.some(({ id }) => id.startsWith('bakery')))
          .sort((a, b) => a.members.length - b.members.length);
        return withKnown.slice(0, 1).map(({ total, members }) => ({
          id: 'bakery',
          value: total.sum - (members.length - 1) * usualOfOthers(total, ofDay),
        }));
      }),
    ),
  'before and after a move': beforeAndAfter,
};

/** The neighbours that a total seems to count. */
const membersOf = ({ job, day, groups }: PublishedTotal, neighbours: readonly Neighbour[]): readonly Neighbour[] =>
  neighbours.filter(({ groupsIn, since, until }) => {
    const own = groupsIn(job);
    return own && day >= since && day < until && groups.every((value, level) => value === own[level]);
  });

function meansOf(values: readonly { readonly id: string; readonly value: number }[]): Estimates {
  return new Map(
    [...Map.groupBy(values, ({ id }) => id)].map(([id, own]) => [
      id,
      own.reduce((sum, { value }) => sum + value, 0) / own.length,
    ]),
  );
}

/** The mean of a usual household: that of the largest total of the day. */
function usualOfOthers({ day }: PublishedTotal, totals: readonly PublishedTotal[]): number {
  const largest = totals.filter((one) => one.day === day).sort((a, b) => b.count - a.count)[0];
  return largest ? largest.sum / largest.count : 0;
}

/** Solves the equations of one day. The unknowns are households that all totals count alike, taken together. */
function solve(
  totals: readonly PublishedTotal[],
  neighbours: readonly Neighbour[],
): readonly { readonly id: string; readonly value: number }[] {
  const members = totals.map((total) => new Set(membersOf(total, neighbours).map(({ id }) => id)));
  const unknowns = [
    ...Map.groupBy(neighbours, ({ id }) => members.map((set) => (set.has(id) ? '1' : '0')).join('')),
  ].filter(([signature]) => signature.includes('1'));
  const rows = totals.map(({ sum }, row) => [...unknowns.map(([signature]) => Number(signature[row])), sum]);
  return reduced(rows, unknowns.length).flatMap((row) => {
    const places = row.slice(0, -1).flatMap((factor, place) => (Math.abs(factor) > 1e-9 ? [place] : []));
    const [only] = places.length === 1 ? places : [];
    const households = only === undefined ? [] : (unknowns[only]?.[1] ?? []);
    return households.length === 1 && households[0] ? [{ id: households[0].id, value: row.at(-1) ?? 0 }] : [];
  });
}

/** The rows in reduced echelon form (Gauss and Jordan). The last column is the right side. */
function reduced(rows: readonly (readonly number[])[], columns: number): readonly (readonly number[])[] {
  const matrix = rows.map((row) => [...row]);
  let top = 0;
  for (let column = 0; column < columns && top < matrix.length; column += 1) {
    const pivot = matrix.findIndex((row, index) => index >= top && Math.abs(row[column] ?? 0) > 1e-9);
    const found = matrix[pivot];
    if (!found) continue;
    [matrix[pivot], matrix[top]] = [matrix[top] ?? [], found];
    const unit = found.map((value) => value / (found[column] ?? 1));
    matrix[top] = unit;
    for (const [index, row] of matrix.entries()) {
      const factor = row[column] ?? 0;
      if (index !== top && factor !== 0) matrix[index] = row.map((value, place) => value - factor * (unit[place] ?? 0));
    }
    top += 1;
  }
  return matrix.slice(0, top);
}

/** Compares the means of a total before and after the only household moved in or out that it seems to count. */
function beforeAndAfter(totals: readonly PublishedTotal[], neighbours: readonly Neighbour[]): Estimates {
  const series = [...Map.groupBy(totals, ({ job, groups }) => JSON.stringify([job, groups])).values()];
  const days = Math.max(...totals.map(({ day }) => day)) + 1;
  const movers = neighbours.filter(({ since, until }) => since > 0 || until < days);
  return meansOf(
    movers.flatMap(({ id, since, until, groupsIn }) => {
      const moved = since > 0 ? since : until;
      const counting = series
        .filter(([first]) => first && first.groups.every((value, level) => value === groupsIn(first.job)?.[level]))
        .filter(([first]) => first && groupsIn(first.job));
      // The finest total has the least noise.
      const finest = counting.sort(([a], [b]) => (a?.count ?? 0) - (b?.count ?? 0))[0] ?? [];
      const mean = (part: readonly PublishedTotal[]): number =>
        part.reduce((sum, one) => sum + one.sum, 0) / part.length;
      const [before, after] = [finest.filter(({ day }) => day < moved), finest.filter(({ day }) => day >= moved)];
      if (before.length === 0 || after.length === 0) return [];
      return [{ id, value: (mean(after) - mean(before)) * (since > 0 ? 1 : -1) }];
    }),
  );
}
