/**
 * Tests what is stored of releases: one document for each, subjects that can be erased, histories of an earlier version, periods that are too
 * old, and what several brokers and tenants must not do to each other.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAggregates } from '../../../src/city/aggregate/aggregates.ts';
import { jsonOf } from '../../../src/city/aggregate/json-of.ts';
import { aggregatePseudonyms, pseudonymOf } from '../../../src/city/aggregate/pseudonyms.ts';
import { createReleaseHistory } from '../../../src/city/aggregate/protection/release-history.ts';
import { release } from '../../../src/city/aggregate/protection/release.ts';
import {
  openHistory,
  pendingReport,
  putRelease,
  releasedTo,
  settle,
} from '../../../src/city/aggregate/stored-history.ts';
import { createApprovals } from '../../../src/city/definition/approval.ts';
import { readModelNames } from '../../../src/city/definition/names.ts';
import { createTurns } from '../../../src/city/definition/turns.ts';
import { instantOf, microsOfInstant } from '../../../src/core/model/instant.ts';
import { isObject, type Json } from '../../../src/core/model/json.ts';
import type { Store, Stores } from '../../../src/core/port/store.ts';
import { createSqliteStores } from '../../../src/store/sqlite/stores.ts';
import { createTestServices } from '../../test-services.ts';

const directory = mkdtempSync(join(tmpdir(), 'mlaka-aggregate-'));
const stores: Stores = createSqliteStores({ directory, yieldToEventLoop: () => undefined });
let store: Store;
beforeAll(async () => {
  const opened = await stores.open('meters', true);
  if (!opened) throw new Error('no store');
  store = opened;
});
afterAll(async () => {
  await stores.close();
  rmSync(directory, { recursive: true });
});

const rules = { k: 5, dominance: { n: 1, percent: 50, p: 10 }, digits: 15, isProtected: true };
const lease = { part: 0, term: 0 };
const houses = Array.from({ length: 12 }, (_, index) => `urn:ngsi-ld:House:${index}`);

/** Releases a period of a job, and leaves it to be published. */
async function releaseOne(attribute: string, job: string, from: number): Promise<void> {
  const opened = await openHistory(store, attribute, { from, to: from + 1 });
  const reported = houses.map((house) => ({
    subject: pseudonymOf(opened.history.salt, house),
    groups: [],
    value: 10,
  }));
  const { history } = release({ job, from, to: from + 1, measures: ['total'], rules, reported }, opened.history);
  await putRelease(store, opened, { history, report: { from: String(from) }, lease });
}

describe('a release history', () => {
  test('has one document for each release, and reads those of the time of a period', async () => {
    for (const from of [10, 11, 12]) await releaseOne('water', 'urn:x:a', from);
    await releaseOne('water', 'urn:x:b', 11);
    const opened = await openHistory(store, 'water', { from: 11, to: 12 });
    expect(opened.keys.length).toBe(4);
    expect(opened.history.releases.map(({ job, from }) => [job, from])).toEqual([
      ['urn:x:a', 11],
      ['urn:x:b', 11],
    ]);
    expect(Object.keys(opened.history.subjects).length).toBe(houses.length);
    expect([releasedTo(opened, 'urn:x:a'), releasedTo(opened, 'urn:x:c')]).toEqual([13, undefined]);
  });

  test('keeps what is to be published until it is', async () => {
    const pending = await pendingReport(store, 'water', 'urn:x:a');
    expect(pending?.report).toEqual({ from: '12' });
    if (pending) await settle(store, pending);
    expect(await pendingReport(store, 'water', 'urn:x:a')).toBeUndefined();
    expect((await openHistory(store, 'water', { from: 12, to: 13 })).history.releases.length).toBe(1);
  });

  test('takes only one of two releases that were made from the same state', async () => {
    const [one, other] = [
      await openHistory(store, 'water', { from: 20, to: 21 }),
      await openHistory(store, 'water', { from: 20, to: 21 }),
    ];
    const request = { job: 'urn:x:a', from: 20, to: 21, measures: ['total'], rules, reported: [] } as const;
    const put = (opened: typeof one) =>
      putRelease(store, opened, { history: release(request, opened.history).history, report: {}, lease });
    await put(one);
    await expect(put(other)).rejects.toMatchObject({ type: 'Conflict' });
  });

  test('of an earlier version is divided, with what was not published yet', async () => {
    const opened = await openHistory(store, 'water', { from: 10, to: 30 });
    const whole = jsonOf(opened.history);
    const old = { history: whole, pending: { 'urn:x:a': { from: 'last' } } };
    await store.collection('aggregate-release-histories').put('heat', old);
    const divided = await openHistory(store, 'heat', { from: 10, to: 30 });
    expect(divided.history.subjects).toEqual(opened.history.subjects);
    expect(divided.history.releases).toEqual(opened.history.releases);
    expect((await pendingReport(store, 'heat', 'urn:x:a'))?.report).toEqual({ from: 'last' });
    expect((await openHistory(store, 'heat', { from: 10, to: 30 })).history).toEqual(divided.history);
  });

  test('forgets the pseudonym of a subject that is erased, and not what it was counted with', async () => {
    const [house = ''] = houses;
    expect(await aggregatePseudonyms.find(store, house)).toHaveLength(2);
    await aggregatePseudonyms.erase(store, house);
    await aggregatePseudonyms.erase(store, 'urn:ngsi-ld:House:none');
    expect(await aggregatePseudonyms.find(store, house)).toEqual([]);
    const { history } = await openHistory(store, 'water', { from: 0, to: 1 });
    expect(Object.keys(history.subjects)).not.toContain(pseudonymOf(history.salt, house));
    expect(Object.keys(history.subjects).length).toBe(houses.length);
  });
});

const property = (value: Json) => [{ kind: 'Property', value }] as const;
const iri = (name: string): string => `https://uri.etsi.org/ngsi-ld/default-context/${name}`;
/** `startAt` is a term of the core @context. */
const iriOf = (name: string): string => (name === 'startAt' ? 'https://uri.etsi.org/ngsi-ld/startAt' : iri(name));
const start = '2026-03-02T00:00:00Z';

/** Aggregates at a broker without access control, an hour and a half after the start. */
function aggregates() {
  const clock = { now: () => instantOf(microsOfInstant(start) + 5_400_000_000) };
  const services = createTestServices({ stores, clock });
  const folder = new URL('../../../smart-data-models/', import.meta.url).pathname;
  const names = readModelNames({ used: folder, packaged: folder }, services.contexts.core);
  return createAggregates({ services, names });
}

async function define(tenant: string, id: string): Promise<{ tenant: string; store: Store }> {
  const opened = await stores.open(tenant, true);
  if (!opened) throw new Error('no store');
  const values = {
    sourceType: 'House',
    aggregatedAttribute: 'gas',
    period: 'PT1H',
    startAt: start,
    targetTenant: 'public',
  };
  const attrs = Object.fromEntries(Object.entries(values).map(([name, value]) => [iriOf(name), property(value)]));
  const mutation = { op: 'create', id, entity: { types: [iri('AggregateJob')], attrs } } as const;
  await opened.apply([{ mutation }], start);
  return { tenant, store: opened };
}

describe('an aggregate job', () => {
  test('says that a period is too old to be compared, and goes on', async () => {
    const id = 'urn:ngsi-ld:AggregateJob:gas';
    const place = await define('meters', id);
    const { salt, lastAtom, parents } = createReleaseHistory('salt');
    const forgottenTo = microsOfInstant(start) + 1;
    await place.store.collection('aggregate-release-histories').put('gas', { salt, lastAtom, parents, forgottenTo });
    const work = aggregates();
    await work.approve(id, place, undefined);
    const ran = await work.run(id, place);
    expect(ran).toMatchObject({
      releasedTo: microsOfInstant(start) + 3_600_000_000,
      lastRun: { releases: 0, skipped: 1 },
    });
    const [report] = await place.store.collection('aggregate-reports').list();
    expect(isObject(report?.document) && report.document['skipped']).toBe('tooOld');
  });

  test.each(['meters', 'elsewhere'])('cannot be approved while one has results of the same ids: %s', async (tenant) => {
    const id = 'urn:ngsi-ld:AggregateJob:other:gas';
    const other = await define(tenant, id);
    await expect(aggregates().approve(id, other, undefined)).rejects.toMatchObject({ type: 'Conflict' });
  });

  test('can be approved when the one with such results is gone', async () => {
    const meters = await stores.open('meters', false);
    await meters?.apply([{ mutation: { op: 'delete', id: 'urn:ngsi-ld:AggregateJob:gas' } }], start);
    const place = await define('third', 'urn:ngsi-ld:AggregateJob:gas');
    const approval = await aggregates().approve('urn:ngsi-ld:AggregateJob:gas', place, undefined);
    expect(approval).toMatchObject({ approvedAt: expect.any(String) });
  });

  test('is told of in the summary of the run that carried out its period, and not again', async () => {
    const id = 'urn:ngsi-ld:AggregateJob:told';
    const place = await define('told', id);
    const work = aggregates();
    await work.approve(id, place, undefined);
    expect(await work.runAll(place)).toBe(`periods carried out of ${id}: 1`);
    expect(await work.runAll(place)).toBeUndefined();
  });
});

test('an approval that comes while a run ends is not lost', async () => {
  const approvals = createApprovals('some-approvals');
  const approved = { approvedAt: start, definition: { period: 'PT1H' } };
  await approvals.update(store, 'urn:x:1', () => approved);
  const update = approvals.update(store, 'urn:x:1', (before) => before && { ...before, releasedTo: 1 });
  const again = approvals.update(store, 'urn:x:1', (before) => before && { ...before, definition: { period: 'P1D' } });
  await Promise.all([update, again]);
  expect(await approvals.read(store, 'urn:x:1')).toEqual({ ...approved, definition: { period: 'P1D' }, releasedTo: 1 });
});

test('a long run of one tenant holds up only its own later ones', async () => {
  const inTurn = createTurns();
  const done: string[] = [];
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const long = inTurn('a', () => promise.then(() => done.push('a1')));
  const next = inTurn('a', () => Promise.resolve(done.push('a2')));
  await inTurn('b', () => Promise.resolve(done.push('b')));
  expect(done).toEqual(['b']);
  resolve(undefined);
  await Promise.all([long, next]);
  expect(done).toEqual(['b', 'a1', 'a2']);
});
