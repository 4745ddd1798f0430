/** Tests retention: the syntax of the options, and the job that deletes old history at start, or only reports it in a dry run. */
import { describe, expect, test } from '@jest/globals';
import { startJobs } from '../../../src/city/job/jobs.ts';
import { readKeptDays, readRollupDays, retentionAt } from '../../../src/city/job/retention.ts';
import type { Observation } from '../../../src/core/port/observe.ts';
import { createMemoryStores } from '../../../src/store/memory/stores.ts';
import { noSnapshots } from '../../test-services.ts';
import { defaultVocabulary } from '../../scenario/scenario.ts';

const terms = { expand: (name: string) => (name.includes(':') ? name : `${defaultVocabulary}${name}`) };
const now = '2026-03-31T00:00:00Z';

describe('what is kept', () => {
  test('is read by type and attribute, short or as IRIs', () => {
    const text =
      'Air=1, Air.pm10=0,https://example.org/Air=30,https://example.org/Air.pm10=2,https://example.org/Air.https://example.org/no2=3,urn:x:Air.urn:x:a=4,Air.scope=5';
    expect(retentionAt(readKeptDays(text, 90), now, terms)).toEqual({
      before: '2025-12-31T00:00:00Z',
      rules: [
        { type: `${defaultVocabulary}Air`, before: '2026-03-30T00:00:00Z' },
        { type: `${defaultVocabulary}Air`, attr: `${defaultVocabulary}pm10` },
        { type: 'https://example.org/Air', before: '2026-03-01T00:00:00Z' },
        { type: 'https://example.org/Air', attr: `${defaultVocabulary}pm10`, before: '2026-03-29T00:00:00Z' },
        { type: 'https://example.org/Air', attr: 'https://example.org/no2', before: '2026-03-28T00:00:00Z' },
        { type: 'urn:x:Air', attr: 'urn:x:a', before: '2026-03-27T00:00:00Z' },
        { type: `${defaultVocabulary}Air`, attr: 'scope', before: '2026-03-26T00:00:00Z' },
      ],
    });
    expect(retentionAt(readKeptDays('', 0), now, terms)).toEqual({ rules: [] });
  });

  test.each(['Air', 'Air=', '=3', 'Air=-1', 'Air=1.5', 'Air=x'])('cannot be %s', (text) =>
    expect(() => readKeptDays(text, 0)).toThrow(JSON.stringify(text)),
  );
});

const day = 86_400_000;
const daysAgo = (days: number): string => new Date(Date.now() - days * day).toISOString();

/** What the job did to an entity with measurements of the days 1, 20 and 40 before today. */
async function forgotten(isDryRun: boolean): Promise<{ readonly did: readonly string[]; readonly left: number }> {
  const stores = createMemoryStores();
  const store = await stores.open('', true);
  if (!store) throw new Error('There is a default tenant.');
  const at = daysAgo(0);
  const name = `${defaultVocabulary}pm10`;
  const kind = 'Property' as const;
  await store.record(
    [1, 20, 40].map((days) => ({
      ...{ id: 'urn:a', types: [`${defaultVocabulary}Air`], name },
      instance: { kind, value: days, observedAt: daysAgo(days) },
    })),
    at,
  );
  const did: string[] = [];
  const seen = Promise.withResolvers<undefined>();
  const observe = (observation: Observation): void => {
    if (observation.kind === 'jobRan') did.push(observation.did);
    seen.resolve(undefined);
  };
  const historyKeep = { ...readKeptDays('Air=30', 10), isDryRun };
  const logKeep = { hours: 1, records: 1, bytes: 1e9 };
  const jobs = startJobs({
    ...noSnapshots,
    stores,
    observe,
    clock: { now: () => at },
    contexts: { core: terms },
    historyKeep,
    logKeep,
  });
  await seen.promise;
  await jobs.stop();
  const [history] = await store.history({
    ...{ filter: {}, limit: 1, now: at, limitInstances: 10 },
    temporal: { timeproperty: 'observedAt' },
  });
  return { did, left: history?.attrs[name]?.length ?? 0 };
}

describe('how long rollups stay', () => {
  test('is said for all, and for types and attributes', () => {
    expect(readRollupDays(' ')).toBeUndefined();
    expect(readRollupDays('3650')).toEqual({ days: 3650, rules: [] });
    expect(readRollupDays('0,Air=30, Air.pm10=7')).toEqual({
      days: 0,
      rules: [
        { type: 'Air', days: 30 },
        { type: 'Air', attr: 'pm10', days: 7 },
      ],
    });
  });
  test('must begin with what counts for all', () =>
    expect(() => readRollupDays('Air=30')).toThrow('historyRollups must begin with a number of days, not "Air=30".'));
});

describe('the job', () => {
  test('removes what is older', async () =>
    expect(await forgotten(false)).toEqual({ did: [`removed 1 of ${defaultVocabulary}pm10`], left: 2 }));
  test('only tells it in a dry run', async () =>
    expect(await forgotten(true)).toEqual({ did: [`would remove 1 of ${defaultVocabulary}pm10`], left: 3 }));
});
