/**
 * Kills brokers and database servers under load: no acknowledged write is lost, and every consumer receives every change in order.
 * MLAKA_KILLS sets how often each is killed; with it, the recovery times are printed.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import type { LogRecord, Store } from '../../src/core/port/store.ts';
import { openMongoStores } from '../../src/store/mongo/stores.ts';
import { stopReceivers } from '../edge/deliver/receiver.ts';
import { eventually } from '../edge/deliver/test-broker.ts';
import { type Cluster, startCluster } from './chaos/cluster.ts';
import { type Attempt, type Load, startLoad } from './chaos/load.ts';
import { closeStreams, follow, subscribe, type Witness } from './chaos/witness.ts';
import { checkReplay, recordsOf } from './crash/check.ts';

const kills = Number(process.env['MLAKA_KILLS'] ?? 1);
const subscriptions = 6;
/** So long all may take to go on after something bad, and to be told of the last changes. */
const patienceMs = 30_000;
const type = 'https://uri.etsi.org/ngsi-ld/default-context/Boat';
const attr = 'https://uri.etsi.org/ngsi-ld/default-context/draft';

let cluster: Cluster | undefined;
afterAll(async () => {
  closeStreams();
  await cluster?.stop();
  await stopReceivers();
}, 60_000);

test(
  `nothing is lost in ${kills} kills of each broker and of the primary, and as many elections`,
  async () => {
    cluster = await startCluster();
    const witnesses = [...(await subscribe(cluster, subscriptions)), await follow(cluster)];
    const scene = { cluster, witnesses, load: startLoad(cluster) };
    await pause(1000);
    for (let round = 0; round < kills; round += 1) await strikeAll(scene);
    const last = await scene.load.finish();
    await waitForLast(witnesses, last);
    await cluster.killBrokers();
    await check(scene);
    expect(scene.load.faults).toEqual([]);
  },
  120_000 + kills * 60_000,
);

interface Scene {
  readonly cluster: Cluster;
  readonly witnesses: readonly Witness[];
  readonly load: Load;
}

async function strikeAll(scene: Scene): Promise<void> {
  const { killBroker, killPrimary, stepDown } = scene.cluster;
  await strike(scene, 'kill of a broker', () => killBroker(0));
  await strike(scene, 'kill of the other broker', () => killBroker(1));
  await strike(scene, 'election', stepDown);
  await strike(scene, 'kill of the primary', killPrimary);
}

/** Does something bad, mends it, and waits until all goes on. */
async function strike(
  { load, witnesses }: Scene,
  name: string,
  act: () => Promise<() => Promise<void>>,
): Promise<void> {
  const beganMs = performance.now();
  const mend = await act();
  const mended = mend().then(() => performance.now());
  const isAfter = ({ beganMs: writtenMs }: Attempt): boolean => writtenMs >= beganMs;
  const values = new Set<number>();
  const goesOn = (): readonly number[] => {
    for (const one of load.attempts.values()) if (isAfter(one)) values.add(one.value);
    const written = [...values].map((value) => load.attempts.get(value)?.endedMs ?? Infinity);
    return [
      Math.min(...written),
      ...witnesses.map(({ told }) => told.find(({ value }) => values.has(value))?.atMs ?? Infinity),
    ];
  };
  await eventually(
    () => Promise.resolve(goesOn()),
    (times) => times.every((time) => time < Infinity) || performance.now() > beganMs + patienceMs,
  );
  const [first, ...others] = [...goesOn(), await mended].map((time) => Math.round(time - beganMs));
  const [back, stream] = [others.pop(), others.at(-1)];
  const notified = others.slice(0, -1);
  const line = `${name}: next write ${first} ms, next notification ${Math.min(...notified)} to ${Math.max(...notified)} ms, stream ${stream} ms, back ${back} ms`;
  if (process.env['MLAKA_KILLS'] !== undefined) process.stderr.write(`${line}\n`);
  await pause(1000);
}

/** Each entity's changes come in order: who has the last has all that will come. */
async function waitForLast(witnesses: readonly Witness[], last: readonly Attempt[]): Promise<void> {
  const end = performance.now() + patienceMs;
  const isTold = ({ told }: Witness): boolean => {
    const values = new Set(told.map(({ value }) => value));
    return last.every(({ value }) => values.has(value));
  };
  await eventually(
    () => Promise.resolve(witnesses.every(isTold)),
    (areTold) => areTold || performance.now() > end,
  );
}

async function check({ cluster: { url }, load, witnesses }: Scene): Promise<void> {
  const stores = await openMongoStores({ url });
  try {
    const store = await stores.open('', false);
    if (!store) throw new Error('The default tenant is gone.');
    const records = await recordsOf(store);
    checkWritten(records, load);
    await checkReplay(store, type);
    await checkHistory(store, records);
    for (const witness of witnesses) checkTold(witness, records);
  } finally {
    await stores.close();
  }
}

const valueIn = ({ entity }: LogRecord): number => Number(entity.attrs[attr]?.[0]?.value);

/** What was acknowledged is in the log, nothing is in it twice, and nothing is before what had ended when it began. */
function checkWritten(records: readonly LogRecord[], { attempts, entities }: Load): void {
  const values = records.map(valueIn);
  const known = new Set(values);
  const acknowledged = [...attempts.values()].filter(({ endedMs }) => endedMs < Infinity);
  expect(acknowledged.filter(({ value }) => !known.has(value))).toEqual([]);
  expect(known.size).toBe(values.length);
  for (const id of entities) {
    let earliestMs = Infinity;
    for (const record of records.filter((one) => one.id === id).reverse()) {
      const attempt = attempts.get(valueIn(record));
      expect(attempt?.entity).toBe(id);
      expect(attempt?.beganMs).toBeLessThan(earliestMs);
      earliestMs = Math.min(earliestMs, attempt?.endedMs ?? 0);
    }
  }
}

const now = '2099-01-01T00:00:00Z';

async function checkHistory(store: Store, records: readonly LogRecord[]): Promise<void> {
  for (const [id, changes] of Map.groupBy(records, (record) => record.id)) {
    const [history] = await store.history({
      filter: { selectors: [{ ids: [id] }] },
      temporal: { timeproperty: 'modifiedAt' },
      limit: 1,
      limitInstances: 100_000,
      now,
    });
    const kept = history?.attrs[attr]?.map(({ value }) => Number(value)) ?? [];
    expect({ id, kept: kept.sort((a, b) => a - b) }).toEqual({ id, kept: changes.map(valueIn).sort((a, b) => a - b) });
  }
}

/** Every change came, those of an entity first came in order, and a change has one id however often it came. */
function checkTold({ name, told }: Witness, records: readonly LogRecord[]): void {
  const firsts = new Map(told.toReversed().map((one) => [one.value, one.id]));
  expect({ name, strange: told.filter(({ value, id }) => firsts.get(value) !== id) }).toEqual({ name, strange: [] });
  const changes = Map.groupBy(records, ({ id }) => id);
  const tellings = Map.groupBy(told, ({ entity }) => entity);
  expect({ name, entities: [...tellings.keys()].sort() }).toEqual({ name, entities: [...changes.keys()].sort() });
  for (const [id, ones] of changes) {
    const values = new Set(tellings.get(id)?.map(({ value }) => value));
    expect({ name, id, values: [...values] }).toEqual({ name, id, values: ones.map(valueIn) });
  }
  // The stream tells nothing twice; several changes of it may share a position.
  if (name === 'stream') expect(told.map(({ value }) => value)).toEqual(records.map(valueIn));
  else expect(new Set(firsts.values()).size).toBe(firsts.size);
}
