/** Many subscriptions at a time on a real store, with slow readings of the log and receivers that fail, come and go: what each is told. */
import { setTimeout as wait } from 'node:timers/promises';
import { createClock, createIds } from '../../../src/app/process.ts';
import { instantOf } from '../../../src/core/model/instant.ts';
import { subscriptionJson } from '../../../src/core/model/subscription.ts';
import { createTickets } from '../../../src/core/operation/stream/tickets.ts';
import { deadLetterShelf, letterKey } from '../../../src/core/port/dead-letters.ts';
import type { Delivery, Messenger } from '../../../src/core/port/messenger.ts';
import type { Log, LogRecord, Position, Store, Stores } from '../../../src/core/port/store.ts';
import { createRenderCache } from '../../../src/core/representation/rendered.ts';
import { createDeliveryEngine, type DeliveryEngine } from '../../../src/edge/deliver/engine.ts';
import { createOfflineLibrary, worldLimits } from '../../library.ts';

/** What went wrong: `early`, `back` in time, or `missing` at the end. */
export interface Faults {
  readonly early: readonly string[];
  readonly back: readonly string[];
  readonly missing: readonly string[];
  /** Notifications that were taken. */
  readonly told: number;
}

/** One subscription with entities and a receiver of its own. */
interface Boat {
  readonly id: string;
  readonly type: string;
  since: Position;
  version: number;
  manner: 'well' | 'away' | 'failing' | 'slow';
  readonly told: { readonly entity: string; readonly position: Position }[];
}

interface Sea {
  readonly stores: Stores;
  readonly store: Store;
  readonly boats: Map<string, Boat>;
  readonly early: string[];
  engine: DeliveryEngine | undefined;
  isCalm: boolean;
}

const context = 'https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld';
const chance = (share: number): boolean => Math.random() < share;
const some = (most: number): number => Math.floor(Math.random() * most);

/** Carries out `runs` random courses of subscriptions, all at the same time, and one restart of the broker among them. */
export async function sail(stores: Stores, runs: number): Promise<Faults> {
  const store = await stores.open('', true);
  if (!store) throw new Error('There is no store.');
  const from = await store.log.position();
  const sea: Sea = { stores, store, boats: new Map(), early: [], isCalm: false, engine: undefined };
  sea.engine = engineOf(stores, sea);
  await sea.engine.start();
  const courses = Array.from({ length: runs }, (_, run) => course(sea, `${from}-${run}`));
  await wait(600);
  await sea.engine.stop();
  sea.engine = engineOf(stores, sea);
  await sea.engine.start();
  await Promise.all(courses);
  sea.isCalm = true;
  const missing = await missed(sea, from, Date.now() + 120_000);
  const boats = [...sea.boats.values()];
  for (const { id } of boats) await store.shelf('subscriptions').delete(id);
  await sea.engine.stop();
  const told = boats.reduce((sum, boat) => sum + boat.told.length, 0);
  return { early: sea.early, back: boats.flatMap(backIn), missing, told };
}

/** Writes, changes of the subscription, and receivers that are away for a moment, in any order. */
async function course(sea: Sea, name: string): Promise<void> {
  const boat: Boat = { id: `urn:s:${name}`, type: `urn:type:${name}`, since: 0, version: 0, manner: 'well', told: [] };
  await write(sea.store, boat);
  await subscribe(sea, boat);
  for (let step = 0; step < 25; step += 1) {
    if (chance(0.6)) await write(sea.store, boat);
    if (chance(0.1)) await subscribe(sea, boat);
    if (chance(0.25)) boat.manner = (['well', 'away', 'failing', 'slow'] as const)[some(4)] ?? 'well';
    await wait(some(80));
  }
}

async function write(store: Store, { type, ...boat }: Boat): Promise<void> {
  const entities = Array.from({ length: 1 + some(4) }, () => `${boat.id}:${some(3)}`);
  const writes = entities.map((id) => {
    const attrs = { 'urn:draft': [{ kind: 'Property', value: Math.random() }] } as const;
    return { mutation: { op: 'upsert', id, entity: { id, types: [type], attrs }, mode: 'replace' } } as const;
  });
  await store.apply(writes, createClock().now());
}

async function subscribe(sea: Sea, boat: Boat): Promise<void> {
  const { store, boats } = sea;
  if (boat.version === 0) boat.since = await store.log.position();
  boats.set(boat.id, boat);
  boat.version += 1;
  const endpoint = { uri: `boat:${boat.id}`, timeout: 1000 + boat.version };
  const document = {
    ...{ id: boat.id, queryContext: context, context, since: boat.since },
    members: { type: 'Subscription', entities: [{ type: boat.type }], notification: { endpoint } },
    ...{ createdAt: instantOf(0), modifiedAt: instantOf(boat.version * 1000) },
  };
  await store.shelf('subscriptions').put(boat.id, subscriptionJson(document));
  // The one that is there now: another may have been started while the document was put.
  await sea.engine?.subscriptions.refresh('', boat.id);
}

/** What is owed at the end, as soon as it is nothing. */
async function missed(sea: Sea, from: Position, untilMs: number): Promise<readonly string[]> {
  const owed = await owedIn(sea, from);
  for (;;) {
    for (const [{ id, told }, positions] of owed) {
      for (const { position } of told) positions.delete(position);
      if (positions.size > 0) await forgive(sea.store, id, positions);
    }
    const left = [...owed].filter(([, { size }]) => size > 0);
    if (left.length === 0 || Date.now() > untilMs)
      return left.map(([{ id }, positions]) => `${id}: ${[...positions].join(' ')}`);
    await wait(100);
  }
}

async function owedIn({ store, boats }: Sea, from: Position): Promise<Map<Boat, Set<Position>>> {
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
  const letters = new Set(await store.shelf(deadLetterShelf(id)).keys());
  for (const position of [...positions]) if (letters.has(letterKey(position))) positions.delete(position);
}

function backIn({ id, told }: Boat): readonly string[] {
  const last = new Map<string, Position>();
  return told.flatMap(({ entity, position }) => {
    const before = last.get(entity) ?? 0;
    last.set(entity, Math.max(before, position));
    return position > before ? [] : [`${id}: ${position} behind ${before}`];
  });
}

interface Sent {
  readonly id: string;
  readonly subscriptionId: string;
  readonly data: readonly { readonly id: string }[];
}

const messengerOf = (sea: Sea): Messenger => ({
  schemes: ['boat'],
  objection: () => undefined,
  send: ({ body }) => ({ done: receive(sea, JSON.parse(body) as Sent), abandon: () => undefined }),
  close: () => Promise.resolve(),
});

async function receive({ boats, early, isCalm }: Sea, { id, subscriptionId, data }: Sent): Promise<Delivery> {
  const boat = boats.get(subscriptionId);
  if (!boat) throw new Error(`Nobody has subscribed as ${subscriptionId}.`);
  const position = Number(/\d+$/.exec(id)?.[0]);
  if (position <= boat.since) early.push(`${subscriptionId}: ${position}`);
  const failure = isCalm ? undefined : await failureOf(boat);
  if (failure) return failure;
  boat.told.push({ entity: data[0]?.id ?? '', position });
  return { kind: 'taken' };
}

async function failureOf({ manner }: Boat): Promise<Delivery | undefined> {
  if (manner === 'slow') await wait(some(150));
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
      return store && { ...store, log: { ...store.log, read: slowed(store.log) } };
    },
  };
  const world = {
    ...{ stores, clock, observe, ids, breathe: () => undefined, renders: createRenderCache(0) },
    contexts: createOfflineLibrary({}, { stores, clock, observe }),
    models: { isIdle: true, check: () => [] },
    isTolerant: false,
    collation: 'und-x-icu',
    tickets: createTickets({ ids, clock, notes: stores.notes, lifetimeMs: 1000 }),
    identity: { alias: 'test', startedAt: instantOf(0) },
    limits: worldLimits,
  };
  const messenger = messengerOf(sea);
  return createDeliveryEngine({ messenger, world, concurrency: 256, attemptsMax: 3, deadLettersMax: 1000 });
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
