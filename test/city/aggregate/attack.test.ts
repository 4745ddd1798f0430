/** Tests that the published totals of four weeks do not tell the consumption of a single household, and that they would without protection. */
import { describe, expect, test } from '@jest/globals';
import { createReleaseHistory, type ReleaseHistory } from '../../../src/city/aggregate/protection/release-history.ts';
import { type ReleaseRequest, type Reported, release } from '../../../src/city/aggregate/protection/release.ts';
import { createChance } from '../../../src/city/simulation/chance.ts';
import { attacks, type Neighbour, type PublishedTotal } from './attack.ts';

const days = 28;
const chance = createChance('attack');

interface Household extends Neighbour {
  readonly area: string;
  readonly building: string;
  readonly valueOn: (day: number) => number;
}

/** How many households of each kind of building an area has. Some kinds are rare, and one building is a bakery. */
const counts: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'Mlaka pri Kranju': { house: 60, flat: 25, farm: 1, shop: 11 },
  Kokrica: { house: 45, flat: 18, farm: 3, shop: 12 },
  Stražišče: { house: 40, flat: 30, shop: 10, farm: 1 },
  Bobovk: { house: 14, farm: 1 },
};

/** Those who move in or out, with the day. */
const moves: Readonly<Record<string, Partial<Pick<Neighbour, 'since' | 'until'>>>> = {
  'Mlaka pri Kranju/flat/3': { since: 14 },
  'Kokrica/flat/2': { since: 13 },
  'Bobovk/house/5': { until: 14 },
  'Stražišče/flat/7': { until: 13 },
};

/** The jobs: who is counted, and how they are grouped. */
const jobs: Readonly<
  Record<string, (household: Pick<Household, 'id' | 'area' | 'building'>) => readonly string[] | undefined>
> = {
  'by area and building': ({ area, building }) => [area, building],
  'by building': ({ building }) => [building],
  'by building, without one house': ({ id, building }) => (id === 'Kokrica/house/9' ? undefined : [building]),
  'all but one flat': ({ id }) => (id === 'Mlaka pri Kranju/flat/8' ? undefined : []),
  'Mlaka and around': ({ id, area }) => (area === 'Mlaka pri Kranju' || id === 'Kokrica/house/1' ? ['west'] : ['east']),
};

const households: readonly Household[] = Object.entries(counts).flatMap(([area, kinds]) =>
  Object.entries(kinds).flatMap(([building, count]) =>
    Array.from({ length: count }, (_, index): Household => {
      const isBakery = area === 'Kokrica' && building === 'shop' && index === 0;
      const id = isBakery ? 'bakery' : `${area}/${building}/${index}`;
      const usual = isBakery ? 9000 : 150 + 450 * chance(`${id}/usual`);
      const groups = { id, area, building };
      return {
        ...groups,
        groupsIn: (job) => jobs[job]?.(groups),
        since: 0,
        until: days,
        ...moves[id],
        valueOn: (day) => usual * (0.96 + 0.08 * chance(id, day)),
      };
    }),
  ),
);

const protectedRules: ReleaseRequest['rules'] = {
  k: 10,
  dominance: { n: 1, percent: 50, p: 10 },
  digits: 3,
  isProtected: true,
};
const openRules: ReleaseRequest['rules'] = {
  k: 1,
  dominance: { n: 1, percent: 100, p: 0 },
  digits: 15,
  isProtected: false,
};

/** What the meters report to a job on a day. */
const reportedTo = (
  groupsOf: (household: Household) => readonly string[] | undefined,
  day: number,
): readonly Reported[] =>
  households
    .filter(({ since, until }) => day >= since && day < until)
    .flatMap((household) => {
      const groups = groupsOf(household);
      return groups ? [{ subject: household.id, groups, value: household.valueOn(day) }] : [];
    });

/** Everything that all jobs publish in four weeks. */
function publish(rules: ReleaseRequest['rules']): readonly PublishedTotal[] {
  let history: ReleaseHistory = createReleaseHistory('');
  const published: PublishedTotal[] = [];
  for (let day = 0; day < days; day += 1)
    for (const [job, groupsOf] of Object.entries(jobs)) {
      const request = { job, from: day, to: day + 1, measures: ['total', 'highest'], rules } as const;
      const done = release({ ...request, reported: reportedTo(groupsOf, day) }, history);
      history = done.history;
      const shown = done.totals.filter(({ withheld }) => withheld === undefined);
      published.push(
        ...shown.map(({ path: groups, subjects: count, measures: { total = NaN, highest } }) => ({
          ...{ job, day, groups, count, highest },
          sum: total,
        })),
      );
    }
  return published;
}

/** The households whose mean consumption an attack finds to within 10 %. */
function foundBy(name: string, totals: readonly PublishedTotal[]): readonly string[] {
  const estimates = attacks[name]?.(totals, households) ?? new Map<string, number>();
  return households.flatMap(({ id, since, until, valueOn }) => {
    const own = Array.from({ length: until - since }, (_, index) => valueOn(since + index));
    const truth = own.reduce((sum, value) => sum + value, 0) / own.length;
    const estimate = estimates.get(id);
    return estimate !== undefined && Math.abs(estimate - truth) <= 0.1 * truth ? [id] : [];
  });
}

describe('an attack on four weeks of published totals', () => {
  const [open, guarded] = [publish(openRules), publish(protectedRules)];

  test.each([
    ['small cells', 3],
    ['differences of totals and of jobs', 5],
    ['highest value', 1],
    ['dominance', 1],
    ['before and after a move', 3],
  ])('by %s finds at least %d households without protection, and none with it', (name, least) => {
    expect(foundBy(name, open).length).toBeGreaterThanOrEqual(least);
    expect(foundBy(name, guarded)).toEqual([]);
  });

  test('leaves something to publish', () => {
    const last = guarded.filter(({ day }) => day === days - 1);
    expect(last.length).toBeGreaterThan(5);
  });
});
