/** Tests the watch, aggregates and jobs of the city on MongoDB, with two brokers on one database. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aggregatePseudonyms, pseudonymOf } from '../../../src/city/aggregate/pseudonyms.ts';
import { release } from '../../../src/city/aggregate/protection/release.ts';
import { openHistory, putRelease } from '../../../src/city/aggregate/stored-history.ts';
import { startJob } from '../../../src/city/job/job.ts';
import { createNumericAttributes } from '../../../src/city/models/model-bounds.ts';
import { openTenantWatch } from '../../../src/city/watch/tenant-watch.ts';
import { instantOf, microsOfInstant } from '../../../src/core/model/instant.ts';
import type { Json } from '../../../src/core/model/json.ts';
import type { Store, Stores } from '../../../src/core/port/store.ts';
import { openMongoStores } from '../../../src/store/mongo/stores.ts';
import { eventually } from '../../edge/deliver/test-broker.ts';
import { createTestDatabases } from '../../mongo/database.ts';

const databases = createTestDatabases();
const models = createNumericAttributes(new URL('../../../smart-data-models/', import.meta.url).pathname);
const iri = (name: string): string => `https://uri.etsi.org/ngsi-ld/default-context/${name}`;
const options = { url: databases.url, observe: () => undefined, yieldToEventLoop: () => undefined };

let brokers: readonly Stores[];
/** The broker that holds the lease of the city's work, and its store. */
let holder: Stores;
let store: Store;
beforeAll(async () => {
  brokers = [await openMongoStores(options), await openMongoStores(options)];
  const held = await eventually(
    () => Promise.resolve(brokers.find(({ partitions }) => partitions.holds(0))),
    (found) => found !== undefined,
  );
  const opened = await held?.open('', true);
  if (!held || !opened) throw new Error('There is no store.');
  [holder, store] = [held, opened];
});
afterAll(async () => {
  for (const one of brokers) await one.close();
  await databases.drop();
});

let now = microsOfInstant('2026-03-02T08:00:00Z');
async function write(id: string, type: string, values: Readonly<Record<string, Json>>): Promise<void> {
  now += 60_000_000;
  const attrs = Object.entries(values).map(([name, value]) => [iri(name), [{ kind: 'Property', value }]] as const);
  const entity = { types: [iri(type)], attrs: Object.fromEntries(attrs) };
  await store.apply([{ mutation: { op: 'upsert', mode: 'update', id, entity } }], instantOf(now));
}

const openWatch = () =>
  openTenantWatch({
    ...{ tenant: '', store, models, seriesMax: 10, observe: () => undefined, yieldToEventLoop: () => undefined },
    clock: { now: () => instantOf(now) },
    leaseTerm: () => holder.partitions.leaseTerm(0),
  });

async function alertStatuses(): Promise<readonly unknown[]> {
  const types = { op: 'type', type: iri('Alert') } as const;
  const found = await store.find({ filter: { selectors: [{ types }] }, limit: 10, now: instantOf(now) });
  return found.map((one) => one.entity().attrs['https://uri.etsi.org/ngsi-ld/status']?.[0]?.value);
}
const isOne =
  (status: string) =>
  (all: readonly unknown[]): boolean =>
    all.length === 1 && all[0] === status;

test('the watch opens an alert and gives the value its mark, and ends both after a restart', async () => {
  await write('urn:ngsi-ld:WatchRule:1', 'WatchRule', { watchedType: 'Meter', maximum: 10, checks: 'range' });
  const watch = await openWatch();
  await write('urn:ngsi-ld:Other:1', 'Other', { level: 99 });
  await write('urn:ngsi-ld:Meter:1', 'Meter', { level: 50 });
  expect(await eventually(alertStatuses, isOne('open'))).toEqual(['open']);
  const markOf = async () =>
    (await store.get('urn:ngsi-ld:Meter:1', instantOf(now)))?.entity().attrs[iri('level')]?.[0]?.attrs?.[
      iri('quality')
    ];
  await eventually(markOf, (mark) => mark?.[0]?.value === 'suspect');
  await watch?.stop();
  const again = await openWatch();
  for (const level of [5, 6, 7]) await write('urn:ngsi-ld:Meter:1', 'Meter', { level });
  expect(await eventually(alertStatuses, isOne('closed'))).toEqual(['closed']);
  await again?.stop();
});

test('a release is stored in parts, once, and an erasure reaches the pseudonyms', async () => {
  const lease = holder.partitions.leaseTerm(0);
  if (!lease) throw new Error('The lease is lost.');
  const rules = { k: 5, dominance: { n: 1, percent: 50, p: 10 }, digits: 3, isProtected: true };
  const opened = await openHistory(store, 'water', { from: 1, to: 2 });
  const houses = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `urn:ngsi-ld:House:${name}`);
  const reported = houses.map((house) => ({ subject: pseudonymOf(opened.history.salt, house), groups: [], value: 1 }));
  const request = { job: 'urn:x:a', from: 1, to: 2, measures: ['total'], rules, reported } as const;
  const { history } = release(request, opened.history);
  await putRelease(store, opened, { history, report: {}, lease });
  await expect(putRelease(store, opened, { history, report: {}, lease })).rejects.toMatchObject({ type: 'Conflict' });
  const stored = await openHistory(store, 'water', { from: 1, to: 2 });
  expect(stored.history.subjects).toEqual(history.subjects);
  await aggregatePseudonyms.erase(store, 'urn:ngsi-ld:House:a');
  expect(await aggregatePseudonyms.find(store, 'urn:ngsi-ld:House:a')).toEqual([]);
  expect(Object.keys((await openHistory(store, 'water', { from: 1, to: 2 })).history.subjects)).toHaveLength(6);
});

test('a job runs on one of two brokers', async () => {
  const clock = { now: () => instantOf(now) };
  const plan = { name: 'some', about: '', cron: '0 0 4 * * *', work: () => Promise.resolve('done') };
  const jobs = brokers.map((stores) => startJob(plan, { stores, clock, observe: () => undefined }));
  const runs = await Promise.all(jobs.map((job) => job.run()));
  expect(runs.filter((one) => one !== undefined)).toHaveLength(1);
  expect(jobs.filter((job) => job.nextRun() !== undefined)).toHaveLength(1);
  await Promise.all(jobs.map((job) => job.stop()));
});
