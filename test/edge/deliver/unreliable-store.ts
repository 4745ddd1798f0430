/**
 * Runs many subscriptions on a real store with slow reads of the log, intermittent receivers, and brokers that share the work by leases. It
 * records which notifications each subscription receives, from which broker, and whether that broker held the lease.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { createClock, createIds } from '../../../src/app/process.ts';
import { Problem } from '../../../src/core/model/problem.ts';
import { instantOf } from '../../../src/core/model/instant.ts';
import { subscriptionJson } from '../../../src/core/model/subscription.ts';
import { deadLetterCollection, deadLetterKey } from '../../../src/core/port/dead-letters.ts';
import type { Delivery, Messenger } from '../../../src/core/port/messenger.ts';
import { partitionOf } from '../../../src/core/port/partitions.ts';
import type { Log, LogRecord, Position, Store, Stores } from '../../../src/core/port/store.ts';
import { createDeliveryEngine, type DeliveryEngine } from '../../../src/edge/deliver/engine.ts';
import { createTestServices } from '../../test-services.ts';
import { createRecord, type Record as Recorded } from './recorded.ts';

/**
 * What went wrong. A broker begins where it is recorded that the one before it was, so that it repeats what that one had told and
 * not recorded, as after a crash; nothing else is repeated.
 */
export interface Faults {
  /** Told of changes from before the subscription was made. */
  readonly early: readonly string[];
  /** Sent by a broker that could not rely on its lease. */
  readonly unheld: readonly string[];
  /** Taken from a broker after something was taken from one that had the part after it. */
  readonly old: readonly string[];
  /** Of one entity, not newer than what the same broker had told before in the same term. */
  readonly back: readonly string[];
  /** Sent though it was recorded before that it was done with. */
  readonly again: readonly string[];
  /** Never told. */
  readonly missing: readonly string[];
}

export interface Voyage extends Faults {
  /** Notifications that were taken. */
  readonly told: number;
  /** How often a subscription went from one term to another. */
  readonly handOvers: number;
}

export const noFaults: Faults = { early: [], unheld: [], old: [], back: [], again: [], missing: [] };

/** One subscription with entities and a receiver of its own. */
interface Boat {
  readonly id: string;
  readonly type: string;
  since: Position;
  version: number;
  manner: 'well' | 'away' | 'failing' | 'slow';
  readonly told: Told[];
}

interface Told {
  readonly entity: string;
  readonly position: Position;
  /** The lease under which it was sent, and the broker. */
  readonly term: number;
  readonly by: number;
}

interface Sea {
  readonly brokers: Promise<Broker>[];
  readonly boats: Map<string, Boat>;
  readonly recorded: Recorded;
  readonly early: string[];
  readonly unheld: string[];
  readonly again: string[];
  readonly paceMs: number;
  readonly slowMs: number;
  /** How many brokers were started. */
  started: number;
  isCalm: boolean;
}

interface Broker {
  readonly stores: Stores;
  readonly store: Store;
  readonly engine: DeliveryEngine;
}

export interface Waters {
  /** Opens what each broker has, again when it is restarted. */
  readonly open: readonly (() => Promise<Stores>)[];
  readonly runs: number;
  /** Longest pause between two steps of a course. */
  readonly paceMs: number;
  /** Longest time that a slow receiver takes for a notification. */
  readonly slowMs: number;
}

const context = 'https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld';
const chance = (share: number): boolean => Math.random() < share;
const some = (most: number): number => Math.floor(Math.random() * most);

/** Carries out `runs` random courses of subscriptions, all at the same time, and one restart of each broker among them. */
export async function sail({ open, runs, paceMs, slowMs }: Waters): Promise<Voyage> {
  const sea: Sea = {
    ...{ brokers: [], boats: new Map(), recorded: createRecord(), early: [], unheld: [], again: [] },
    ...{ paceMs, slowMs, started: 0, isCalm: false },
  };
  for (const one of open) sea.brokers.push(launch(sea, one));
  const { store } = await anyBroker(sea);
  const from = await store.log.position();
  const courses = Array.from({ length: runs }, (_, run) => course(sea, `${from}-${run}`));
  for (const [index, one] of open.entries()) {
    await wait(600);
    sea.brokers[index] = land(sea.brokers[index]).then(() => launch(sea, one));
    await sea.brokers[index];
  }
  await Promise.all(courses);
  sea.isCalm = true;
  const missing = await missed(sea, from, Date.now() + 120_000);
  const boats = [...sea.boats.values()];
  for (const { id } of boats) await (await anyBroker(sea)).store.collection('subscriptions').delete(id);
  for (const one of sea.brokers) await land(one);
  const { early, unheld, again } = sea;
  const told = boats.reduce((sum, boat) => sum + boat.told.length, 0);
  const handOvers = boats.reduce((sum, boat) => sum + changesOfTerm(boat), 0);
  return { early, unheld, again, old: boats.flatMap(fromOld), back: boats.flatMap(backIn), missing, told, handOvers };
}

async function launch(sea: Sea, open: () => Promise<Stores>): Promise<Broker> {
  const stores = await open();
  const store = await stores.open('', true);
  if (!store) throw new Error('There is no store.');
  const engine = engineOf(stores, sea);
  await engine.start();
  return { stores, store, engine };
}

async function land(broker: Promise<Broker> | undefined): Promise<void> {
  const { engine, stores } = (await broker) ?? {};
  await engine?.stop();
  await stores?.close();
}

/** One of those that are up, or the next to be. */
async function anyBroker({ brokers }: Sea): Promise<Broker> {
  const broker = await brokers[some(brokers.length)];
  if (!broker) throw new Error('There is no broker.');
  return broker;
}

/** Writes, changes of the subscription, and receivers that are away for a moment, in any order. */
async function course(sea: Sea, name: string): Promise<void> {
  const boat: Boat = { id: `urn:s:${name}`, type: `urn:type:${name}`, since: 0, version: 0, manner: 'well', told: [] };
  await insist(() => write(sea, boat));
  await insist(() => subscribe(sea, boat));
  for (let step = 0; step < 25; step += 1) {
    if (chance(0.6)) await insist(() => write(sea, boat));
    if (chance(0.1)) await insist(() => subscribe(sea, boat));
    if (chance(0.25)) boat.manner = (['well', 'away', 'failing', 'slow'] as const)[some(4)] ?? 'well';
    await wait(some(sea.paceMs));
  }
}

/** Again, when the broker stops, or its database is away: what the log says in the end is what was written. */
async function insist(act: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await act();
      return;
    } catch (error) {
      if (!(error instanceof Problem) || error.type !== 'Unavailable') throw error;
      await wait(50);
    }
  }
}

async function write(sea: Sea, { type, ...boat }: Boat): Promise<void> {
  const { store } = await anyBroker(sea);
  const entities = Array.from({ length: 1 + some(4) }, () => `${boat.id}:${some(3)}`);
  const writes = entities.map((id) => {
    const attrs = { 'urn:draft': [{ kind: 'Property', value: Math.random() }] } as const;
    return { mutation: { op: 'upsert', id, entity: { id, types: [type], attrs }, mode: 'replace' } } as const;
  });
  await store.apply(writes, createClock().now());
}

async function subscribe(sea: Sea, boat: Boat): Promise<void> {
  const { boats } = sea;
  const { store, engine } = await anyBroker(sea);
  // One that was not put at once may have been.
  if (boat.version === 0) boat.since = await store.log.position();
  boats.set(boat.id, boat);
  boat.version += 1;
  const endpoint = { uri: `boat:${boat.id}`, timeout: 1000 + boat.version };
  const document = {
    ...{ id: boat.id, queryContext: context, context, since: boat.since },
    members: { type: 'Subscription', entities: [{ type: boat.type }], notification: { endpoint } },
    ...{ createdAt: instantOf(0), modifiedAt: instantOf(boat.version * 1000) },
  };
  await store.collection('subscriptions').put(boat.id, subscriptionJson(document));
  await engine.subscriptions.refresh('', boat.id);
}

/** What is owed at the end, as soon as it is nothing. */
async function missed(sea: Sea, from: Position, untilMs: number): Promise<readonly string[]> {
  const owed = await owedIn(sea, from);
  for (;;) {
    for (const [{ id, told }, positions] of owed) {
      for (const { position } of told) positions.delete(position);
      if (positions.size > 0) await forgive((await anyBroker(sea)).store, id, positions);
    }
    const left = [...owed].filter(([, { size }]) => size > 0);
    if (left.length === 0 || Date.now() > untilMs)
      return left.map(([{ id }, positions]) => `${id}: ${[...positions].join(' ')}`);
    await wait(100);
  }
}

async function owedIn(sea: Sea, from: Position): Promise<Map<Boat, Set<Position>>> {
  const { boats } = sea;
  const { store } = await anyBroker(sea);
  const owed = new Map([...boats.values()].map((boat) => [boat, new Set<Position>()]));
  const byType = new Map([...boats.values()].map((boat) => [boat.type, boat]));
  for (const { entity, position } of await logFrom(store, from)) {
    const boat = byType.get(entity.types[0] ?? '');
    if (boat && position > boat.since) owed.get(boat)?.add(position);
  }
  return owed;
}

async function logFrom({ log }: Store, from: Position): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = [];
  let page = await log.read(from, 1000);
  while (page.length > 0) {
    records.push(...page);
    page = await log.read(page.at(-1)?.position ?? from, 1000);
  }
  return records;
}

/** What is a dead letter is not missing. */
async function forgive(store: Store, id: string, positions: Set<Position>): Promise<void> {
  const letters = new Set(await store.collection(deadLetterCollection(id)).keys());
  for (const position of [...positions]) if (letters.has(deadLetterKey(position))) positions.delete(position);
}

function backIn({ id, told }: Boat): readonly string[] {
  const last = new Map<string, Position>();
  return told.flatMap(({ entity, position, term, by }) => {
    const key = `${entity} ${term} ${by}`;
    const before = last.get(key) ?? 0;
    last.set(key, Math.max(before, position));
    return position > before ? [] : [`${id}: ${position} behind ${before} in term ${term}`];
  });
}

const fromOld = ({ id, told }: Boat): readonly string[] =>
  told.flatMap(({ position, term }, index) =>
    told.slice(0, index).some((before) => before.term > term) ? [`${id}: ${position} in term ${term}`] : [],
  );

const changesOfTerm = ({ told }: Boat): number =>
  told.filter(({ term }, index) => index > 0 && told[index - 1]?.term !== term).length;

interface Sent {
  readonly id: string;
  readonly subscriptionId: string;
  readonly data: readonly { readonly id: string }[];
}

/** The messenger of the broker that was started as the `by`th. */
function messengerOf(sea: Sea, { partitions }: Stores, by: number): Messenger {
  const underWay = new Set<{ isAbandoned: boolean }>();
  return {
    schemes: ['boat'],
    objection: () => undefined,
    send({ body }) {
      const { id, subscriptionId, data } = JSON.parse(body) as Sent;
      const boat = sea.boats.get(subscriptionId);
      if (!boat) throw new Error(`Nobody has subscribed as ${subscriptionId}.`);
      const position = Number(/\d+$/.exec(id)?.[0]);
      const term = partitions.leaseTerm(partIn(partitions.count, subscriptionId))?.term;
      if (position <= boat.since) sea.early.push(`${subscriptionId}: ${position}`);
      if (term === undefined) sea.unheld.push(`${subscriptionId}: ${position}`);
      if (position <= sea.recorded.position(subscriptionId)) sea.again.push(`${subscriptionId}: ${position}`);
      const attempt = { isAbandoned: false };
      underWay.add(attempt);
      const done = receive(sea, boat, attempt).then((delivery) => {
        if (delivery.kind === 'taken') boat.told.push({ entity: data[0]?.id ?? '', position, term: term ?? 0, by });
        return delivery;
      });
      return { done: done.finally(() => underWay.delete(attempt)), abandon: () => void (attempt.isAbandoned = true) };
    },
    close() {
      for (const attempt of underWay) attempt.isAbandoned = true;
      return Promise.resolve();
    },
  };
}

const partIn = (count: number, id: string): number => partitionOf(` ${id}`, count);

/** A receiver takes nothing over a connection that was closed meanwhile. */
async function receive(sea: Sea, boat: Boat, attempt: { readonly isAbandoned: boolean }): Promise<Delivery> {
  const failure = sea.isCalm ? undefined : await failureOf(boat, sea.slowMs);
  if (failure) return failure;
  return attempt.isAbandoned ? { kind: 'unreached', reason: 'it was given up' } : { kind: 'taken' };
}

async function failureOf({ manner }: Boat, slowMs: number): Promise<Delivery | undefined> {
  if (manner === 'slow') await wait(some(slowMs));
  if (manner === 'away') return { kind: 'unreached', reason: 'it is away' };
  return manner === 'failing' && chance(0.5) ? { kind: 'failed', reason: 'it fails' } : undefined;
}

function engineOf(own: Stores, sea: Sea): DeliveryEngine {
  const clock = createClock();
  const ids = createIds();
  const observe = (): void => undefined;
  const stores: Stores = {
    ...own,
    open: async (tenant, create) => {
      const store = await own.open(tenant, create);
      if (!store) return undefined;
      const collection: Store['collection'] = (name) =>
        name === 'deliveries'
          ? sea.recorded.noting(store.collection(name), (id) => partIn(own.partitions.count, id))
          : store.collection(name);
      return { ...store, collection, log: { ...store.log, read: slowed(store.log) } };
    },
  };
  const services = createTestServices({ stores, clock, observe, ids });
  sea.started += 1;
  const messenger = messengerOf(sea, own, sea.started);
  return createDeliveryEngine({ messenger, services, concurrency: 256, attemptsMax: 3, deadLettersMax: 1000 });
}

/** Now and then a reading takes its time, or fails. */
const slowed =
  (log: Log): Log['read'] =>
  async (after, limit): Promise<readonly LogRecord[]> => {
    const found = await log.read(after, limit);
    if (chance(0.3)) await wait(some(200));
    if (chance(0.02)) throw new Error('The log cannot be read.');
    return found;
  };
