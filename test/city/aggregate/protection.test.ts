/** Tests the rules of protection: dominance, complementary suppression, and that no history of releases isolates fewer than k subjects. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isDominated } from '../../../src/city/aggregate/protection/dominance.ts';
import { createReleaseHistory, type ReleaseHistory } from '../../../src/city/aggregate/protection/release-history.ts';
import { measuresOf } from '../../../src/city/aggregate/protection/measure.ts';
import {
  readHead,
  readPastRelease,
  readSubjects,
} from '../../../src/city/aggregate/protection/read-release-history.ts';
import { jsonOf } from '../../../src/city/aggregate/json-of.ts';
import { type Release, release, type Reported } from '../../../src/city/aggregate/protection/release.ts';

const dominance = { n: 1, percent: 50, p: 10 };
const rules = { k: 5, dominance, digits: 15, isProtected: true };

const releaseOf = (reported: readonly Reported[], history: ReleaseHistory = createReleaseHistory('')): Release =>
  release({ job: 'j', from: 0, to: 1, measures: ['count', 'total'], rules, reported }, history);

/** A history as it is after it was stored. */
const stored = ({ subjects, releases, ...head }: ReleaseHistory): ReleaseHistory => ({
  ...readHead(jsonOf(head)),
  subjects: readSubjects(jsonOf(subjects)),
  releases: releases.map((one) => readPastRelease(jsonOf(one))),
});

const households = (groups: readonly string[], count: number, value = 1): readonly Reported[] =>
  Array.from({ length: count }, (_, index) => ({ subject: `${groups.join('/')}/${index}`, groups, value }));

const shown = ({ totals }: Release) =>
  totals.map(({ path, subjects, withheld }) => `${path.map((one) => one ?? '*').join('/')} ${withheld ?? subjects}`);

describe('dominance', () => {
  test.each([
    ['nothing at all', [0, 0, 0], false],
    ['equal contributions', [1, 1, 1, 1], false],
    ['one that is more than half', [60, 20, 20, 10], true],
    ['two of which each knows the other', [50, 48, 2], true],
    ['contributions below zero', [-60, 20, 20], true],
  ])('of %s', (_, values, expected) => expect(isDominated(values, dominance)).toBe(expected));
});

describe('groups', () => {
  test('that are small form a rest, which is no total of its own', () =>
    expect(shown(releaseOf([...households(['a'], 8), ...households(['b'], 3), ...households(['c'], 2)]))).toEqual([
      ' 13',
      'a 8',
      '* rest',
    ]));

  test('are withheld with a smaller one that they would reveal', () =>
    expect(shown(releaseOf([...households(['a'], 8), ...households(['b'], 6), ...households(['c'], 1)]))).toEqual([
      ' 15',
      'a 8',
      '* rest',
    ]));

  test('of too few subjects publish nothing', () => expect(shown(releaseOf(households(['a'], 4)))).toEqual([]));

  test('with a dominating subject are withheld, and another one with them', () =>
    expect(
      shown(
        releaseOf([
          ...households(['a'], 8, 10),
          ...households(['b'], 6, 10),
          ...households(['c'], 5),
          { subject: 'factory', groups: ['c'], value: 40 },
        ]),
      ),
    ).toEqual([' 20', 'a 8', 'b complementary', 'c dominance']));
});

describe('measures', () => {
  const values = Array.from({ length: 12 }, (_, index) => index + 1);

  test('lowest, highest and percentiles are means of at least k values', () =>
    expect(measuresOf(values, ['lowest', 'p50', 'highest'], { ...rules, k: 4 })).toEqual({
      lowest: 2.5,
      p50: 6.5,
      highest: 10.5,
    }));

  test('there is no lowest value of a group that is one block', () =>
    expect(measuresOf(values, ['lowest', 'average'], { ...rules, k: 10 })).toEqual({ average: 6.5 }));

  test('there is no highest value that one subject dominates', () =>
    expect(measuresOf([...values, 1000], ['highest', 'lowest'], { ...rules, k: 4 })).toEqual({}));
});

describe('a subject', () => {
  test('that moves in waits for others, and one that is silent is counted by its usual value', () => {
    const before = [...households(['a'], 6, 10), ...households(['b'], 6, 10)];
    const first = releaseOf(before);
    const newcomers = households(['a'], 4, 5).map((one) => ({ ...one, subject: `new ${one.subject}` }));
    const second = releaseOf([...before.slice(1), ...newcomers], first.history);
    expect(second).toMatchObject({ waiting: 4, imputed: 1 });
    expect(second.totals.map(({ measures }) => measures)).toEqual(first.totals.map(({ measures }) => measures));
    const fifth = { subject: 'new a/4', groups: ['a'], value: 5 };
    const third = releaseOf([...before, ...newcomers, fifth], second.history);
    expect(third).toMatchObject({ waiting: 0 });
    expect(third.totals[1]).toMatchObject({ path: ['a'], measures: { count: 11, total: 85 } });
  });

  test('that another job leaves out alone makes that job publish nothing', () => {
    const all = households([], 12);
    const { history } = releaseOf(all);
    const other = release(
      { job: 'other', from: 0, to: 1, measures: ['total'], rules, reported: all.slice(1) },
      history,
    );
    expect(other.totals).toEqual([]);
  });
});

describe('any sequence of releases', () => {
  const population = fc.array(fc.constantFrom('a/x', 'a/y', 'b/x', 'c/z', ''), { minLength: 8, maxLength: 60 });
  const releases = fc.array(fc.record({ job: fc.constantFrom('one', 'two'), population }), { maxLength: 8 });

  test('leaves each subject at least k - 1 others with the same publication history', () => {
    fc.assert(
      fc.property(releases, (sequence) => {
        let history = createReleaseHistory('');
        const signatures = new Map<string, string>();
        for (const [index, { job, population: places }] of sequence.entries()) {
          const reported = places.flatMap((place, subject) => {
            const groups = job === 'one' ? place.split('/') : place.split('/').reverse().slice(0, 1);
            return place === '' ? [] : [{ subject: String(subject), groups, value: 1 }];
          });
          const request = { job, from: index, to: index + 1, measures: ['count'], rules, reported } as const;
          history = stored(release(request, history).history);
          for (const [subject, { jobs }] of Object.entries(history.subjects))
            signatures.set(subject, `${signatures.get(subject) ?? ''} ${index}:${jobs[job]?.cell ?? ''}`);
        }
        const sizes = Map.groupBy(
          signatures,
          ([subject, signature]) => `${signature}|${history.subjects[subject]?.atom ?? 0}`,
        );
        for (const [signature, members] of sizes)
          if (!signature.endsWith('|0')) expect(members.length).toBeGreaterThanOrEqual(rules.k);
      }),
      { numRuns: 100 },
    );
  });
});
