/**
 * Provides brokers, a change log and a receiver under full control of the test: it decides when replies, failures and lease transfers
 * happen.
 */
import { type SubscriptionDocument, subscriptionJson } from '../../../src/core/model/subscription.ts';
import { instantOf } from '../../../src/core/model/instant.ts';
import { deadLetterCollection, discardLetters, deadLetterKey } from '../../../src/core/port/dead-letters.ts';
import type { Delivery, Messenger } from '../../../src/core/port/messenger.ts';
import type { PartitionEvent, Partitions } from '../../../src/core/port/partitions.ts';
import type { Log, LogRecord, Position, DocumentCollection, Store, Stores } from '../../../src/core/port/store.ts';
import { contextsOf, readStored } from '../../../src/core/subscription/read-stored.ts';
import { createEndpointScheduler } from '../../../src/edge/deliver/endpoint-scheduler.ts';
import type { DeliveryServices } from '../../../src/edge/deliver/environment.ts';
import { openTenant, type Tenant } from '../../../src/edge/deliver/tenant.ts';
import type { EntityFragment } from '../../../src/core/model/entity.ts';
import { createTestServices } from '../../test-services.ts';

/** A notification that was sent. */
export interface Told {
  readonly subscription: string;
  readonly entity: string;
  readonly position: Position;
  /** How many brokers had crashed, or lost their lease to another, before it was sent. */
  readonly crashes: number;
}

interface Trial extends Told {
  readonly settle: (delivery: Delivery) => void;
}

type Kind = Delivery['kind'];
/** How a reading of the log ends: with what was there when it was asked for, or is there now; with nothing; with an error. */
export type Reading = 'then' | 'now' | 'nothing' | 'error';

export interface DeliveryHarness {
  /** What the receiver has taken. */
  readonly taken: readonly Told[];
  /** What was sent of changes from before the subscription was made. */
  readonly early: readonly Told[];
  /** What was sent by a broker that could not rely on its lease. */
  readonly foreign: readonly Told[];
  /** What becomes of each attempt as it comes; `hold`: it stays under way. */
  manner: Kind | 'hold';
  /** Whether readings of the log stay open until they are released. */
  isSlow: boolean;
  /** Readings of the log that are open. */
  readonly reads: readonly unknown[];
  release(index: number, how: Reading): void;
  settle(index: number, kind: Kind): void;
  write(entity: string): Promise<void>;
  /** Makes a subscription; one that is there is changed in a way that means nothing. */
  subscribe(name: Name): Promise<void>;
  /** Deletes a subscription, and makes another of the same id at once. */
  renew(name: Name): Promise<void>;
  /** The broker leaves its work to another one. */
  handOver(): void;
  /** The broker stops, and another one starts. */
  restart(): void;
  /** The broker can no longer rely on its lease. */
  lapse(): void;
  /** It can again, for nobody else has taken it. */
  regain(): void;
  /** Another broker takes the lease of one that cannot rely on it any more, and hears of that later. */
  takeOver(): void;
  /** The broker is gone at once. The receiver may have taken what was under way. */
  crash(isTaken: boolean): void;
  /** The changes that a subscription must be told of and was not, apart from dead letters. */
  missing(name: Name): Promise<readonly Position[]>;
}

const type = 'https://uri.etsi.org/ngsi-ld/default-context/Boat';
const attr = (name: string): string => `https://uri.etsi.org/ngsi-ld/default-context/${name}`;

/** Subscriptions by name, with the entities that they are to be told of. */
export const subscriptions = {
  plain: { members: {}, uri: 'boat:1', concerns: (_: string): boolean => true },
  some: {
    members: { entities: [{ type, idPattern: '[01]$' }] },
    uri: 'boat:1',
    concerns: (id: string) => /[01]$/.test(id),
  },
  linked: { members: { q: 'at{depth}>0' }, uri: 'boat:2', concerns: (_: string): boolean => true },
  throttled: { members: { throttling: 2 }, uri: 'boat:1', concerns: (_: string): boolean => false },
} as const;
export type Name = keyof typeof subscriptions;

const context = 'https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld';

interface Broker {
  readonly tenant: Promise<Tenant>;
  readonly signal: { isDead: boolean; isHeld: boolean; readonly term: number };
  readonly lapse: () => void;
  readonly tell: (event: PartitionEvent) => Promise<void>;
  readonly stop: () => Promise<void>;
}

interface State {
  readonly stores: Stores;
  readonly store: Store;
  readonly taken: Told[];
  readonly early: Told[];
  readonly foreign: Told[];
  readonly documents: Map<string, SubscriptionDocument>;
  readonly attempts: Trial[];
  readonly reads: ((how: Reading) => void)[];
  readonly brokers: Set<Broker>;
  manner: Kind | 'hold';
  isSlow: boolean;
  crashes: number;
  writes: number;
  /** What is being done with brokers: one thing after the other. */
  turn: Promise<void>;
}

/** On an empty store, with one broker. */
export async function openHarbour(stores: Stores): Promise<DeliveryHarness> {
  const store = await stores.open('', true);
  if (!store) throw new Error('There is no store.');
  await put(store, 'urn:quay', { types: [attr('Quay')], attrs: { [attr('depth')]: [{ kind: 'Property', value: 1 }] } });
  const state: State = {
    ...{
      stores,
      store,
      taken: [],
      early: [],
      foreign: [],
      documents: new Map(),
      attempts: [],
      reads: [],
      brokers: new Set(),
    },
    ...{ manner: 'taken', isSlow: false, crashes: 0, writes: 0, turn: Promise.resolve() },
  };
  await openBroker(state, true).tenant;
  return Object.assign(state, {
    release(index: number, how: Reading) {
      state.reads.splice(index % state.reads.length, 1)[0]?.(how);
    },
    settle(index: number, kind: Kind) {
      state.attempts.splice(index % state.attempts.length, 1)[0]?.settle(deliveryOf(kind));
    },
    write: (id: string) => write(state, id),
    subscribe: (name: Name) => subscribe(state, name),
    renew: (name: Name) => renew(state, name),
    handOver: () => inTurn(state, () => handOver(state)),
    restart: () => inTurn(state, () => restart(state)),
    lapse: () => inTurn(state, () => lapse(state)),
    regain: () => inTurn(state, () => regain(state)),
    takeOver: () => inTurn(state, () => takeOver(state)),
    crash: (isTaken: boolean) => crash(state, isTaken),
    missing: (name: Name) => missing(state, name),
  });
}

const deliveryOf = (kind: Kind): Delivery => (kind === 'taken' ? { kind } : { kind, reason: `it was ${kind}` });

async function put(store: Store, id: string, fragment: EntityFragment): Promise<void> {
  await store.apply([{ mutation: { op: 'upsert', id, entity: { ...fragment, id }, mode: 'replace' } }], instantOf(0));
}

async function write(state: State, id: string): Promise<void> {
  state.writes += 1;
  await put(state.store, id, {
    types: [type],
    attrs: {
      [attr('draft')]: [{ kind: 'Property', value: state.writes }],
      [attr('at')]: [{ kind: 'Relationship', value: 'urn:quay' }],
    },
  });
}

async function subscribe(state: State, name: Name): Promise<void> {
  const { store, documents } = state;
  const known = documents.get(name);
  state.writes += 1;
  // Each is made, and changed, at a time of its own.
  const modifiedAt = instantOf(state.writes * 1000);
  const since = await store.log.position();
  const { members, uri } = subscriptions[name];
  const document: SubscriptionDocument = {
    ...{ queryContext: context, context, createdAt: modifiedAt, since, ...known },
    id: `urn:s:${name}`,
    members: { type: 'Subscription', entities: [{ type }], ...members, notification: { endpoint: { uri } } },
    modifiedAt,
  };
  documents.set(name, document);
  await store.collection('subscriptions').put(document.id, subscriptionJson(document));
  await refresh(state, document.id);
}

async function renew(state: State, name: Name): Promise<void> {
  const id = `urn:s:${name}`;
  if (state.documents.has(name)) {
    await state.store.collection('subscriptions').delete(id);
    await refresh(state, id);
    // What was sent before was right.
    state.documents.delete(name);
    await discardLetters(state.store.collection(deadLetterCollection(id)));
  }
  await subscribe(state, name);
}

async function refresh({ brokers }: State, id: string): Promise<void> {
  for (const { tenant } of [...brokers]) (await tenant).refresh(id);
}

/** A broker is asked for the next thing when it has done the one before; one that has crashed never has. */
function inTurn(state: State, act: () => Promise<void>): void {
  const { crashes } = state;
  state.turn = state.turn.then(() => (crashes === state.crashes ? act() : undefined));
}

async function handOver(state: State): Promise<void> {
  const [before] = state.brokers;
  if (!before) return;
  const after = openBroker(state, false);
  await after.tenant;
  await before.tell('leaving');
  before.signal.isHeld = false;
  after.signal.isHeld = true;
  await after.tell('gained');
  await before.stop();
  state.brokers.delete(before);
}

async function restart(state: State): Promise<void> {
  const [before] = state.brokers;
  if (!before) return;
  await before.stop();
  state.brokers.delete(before);
  await openBroker(state, true).tenant;
}

async function lapse({ brokers }: State): Promise<void> {
  for (const broker of brokers) broker.lapse();
  await Promise.resolve();
}

async function regain({ brokers }: State): Promise<void> {
  const [broker] = brokers;
  if (!broker || broker.signal.isHeld) return;
  broker.signal.isHeld = true;
  await broker.tell('gained');
}

async function takeOver(state: State): Promise<void> {
  const [before] = state.brokers;
  if (!before) return;
  before.lapse();
  state.crashes += 1;
  await openBroker(state, true).tenant;
  await before.tell('lost');
  await before.stop();
  state.brokers.delete(before);
}

function crash(state: State, isTaken: boolean): void {
  for (const { signal } of state.brokers) signal.isDead = true;
  if (isTaken) state.taken.push(...state.attempts);
  state.brokers.clear();
  state.attempts.length = 0;
  state.reads.length = 0;
  state.crashes += 1;
  state.turn = openBroker(state, true).tenant.then(() => undefined);
}

async function missing({ store, documents, taken }: State, name: Name): Promise<readonly Position[]> {
  const document = documents.get(name);
  if (!document) return [];
  const letters = new Set(await store.collection(deadLetterCollection(document.id)).keys());
  const told = new Set(
    taken.filter(({ subscription }) => subscription === document.id).map(({ position }) => position),
  );
  const owed = (await store.log.read(document.since, 100_000)).filter(
    ({ id }) => id !== 'urn:quay' && subscriptions[name].concerns(id),
  );
  return owed.map(({ position }) => position).filter((at) => !told.has(at) && !letters.has(deadLetterKey(at)));
}

/** Nothing that a broker asks for is answered once it is dead. */
function openBroker(state: State, isHeld: boolean): Broker {
  const signal = { isDead: false, isHeld, term: state.crashes };
  const listeners = new Set<Parameters<Partitions['follow']>[0]>();
  const partitions: Partitions = {
    count: 1,
    holds: () => signal.isHeld,
    leaseTerm: (part) => (signal.isHeld ? { part, term: signal.term } : undefined),
    follow(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onLapse: () => () => undefined,
  };
  const services = createTestServices({ stores: { ...state.stores, partitions } });
  const clocks = { nowMs: () => Date.now(), chance: () => 0.5 };
  const messenger = messengerOf(state, signal);
  const scheduler = createEndpointScheduler({ messenger, concurrency: 16, observe: services.observe, ...clocks });
  const tenant = openTenant({
    ...{
      tenant: '',
      about: 'entities',
      store: storeOf(state, signal),
      services,
      scheduler,
      attemptsMax: 3,
      deadLettersMax: 10_000,
      ...clocks,
    },
    read: async (document) => readStored(document, await contexts(services, document), messenger),
    changedElsewhere: () => undefined,
  });
  const broker: Broker = {
    tenant,
    signal,
    lapse() {
      signal.isHeld = false;
      scheduler.abandonForeign();
    },
    tell: async (event) => {
      await Promise.all([...listeners].map((listener) => listener(0, event)));
    },
    async stop() {
      const opened = await tenant;
      await Promise.all([scheduler.stop(), opened.end()]);
      await opened.close();
    },
  };
  state.brokers.add(broker);
  return broker;
}

type Signal = Broker['signal'];

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

function messengerOf(state: State, signal: Signal): Messenger {
  return {
    schemes: ['boat'],
    objection: () => undefined,
    send({ body }) {
      if (signal.isDead) return { done: never<Delivery>(), abandon: () => undefined };
      const { subscriptionId: subscription, id: notification, data } = JSON.parse(body) as Sent;
      const position = Number(/\d+$/.exec(notification)?.[0]);
      const told: Told = { subscription, position, entity: data[0]?.id ?? '', crashes: signal.term };
      if (!signal.isHeld) state.foreign.push(told);
      const { since = Infinity } = state.documents.get(subscription.slice('urn:s:'.length)) ?? {};
      if (position <= since) state.early.push(told);
      let trial: Trial | undefined;
      const done = new Promise<Delivery>((resolve) => {
        const settle = (delivery: Delivery): void => {
          if (signal.isDead) return;
          if (delivery.kind === 'taken') state.taken.push(told);
          resolve(delivery);
        };
        trial = { ...told, settle };
        if (state.manner === 'hold') state.attempts.push(trial);
        else settle(deliveryOf(state.manner));
      });
      return { done, abandon: () => abandon(state, trial) };
    },
    close: () => Promise.resolve(),
  };
}

function abandon({ attempts }: State, trial: Trial | undefined): void {
  const index = trial ? attempts.indexOf(trial) : -1;
  if (index !== -1) attempts.splice(index, 1)[0]?.settle(deliveryOf('unreached'));
}

interface Sent {
  readonly id: string;
  readonly subscriptionId: string;
  readonly data: readonly { readonly id: string }[];
}

function storeOf(state: State, signal: Signal): Store {
  const { store } = state;
  const unlessDead = <T>(work: () => Promise<T>): Promise<T> => (signal.isDead ? never<T>() : work());
  const collection = (name: string): DocumentCollection => {
    const own = store.collection(name);
    return {
      ...own,
      put: (key, document) => unlessDead(() => own.put(key, document)),
      putFenced: (documents, leaseTerm) =>
        unlessDead(() =>
          leaseTerm.term === state.crashes ? own.putFenced(documents, leaseTerm) : Promise.resolve(false),
        ),
      delete: (key) => unlessDead(() => own.delete(key)),
    };
  };
  const read: Log['read'] = (after, limit) =>
    state.isSlow ? slowly(state, after, limit) : store.log.read(after, limit);
  return { ...store, collection, log: { ...store.log, read: (after, limit) => unlessDead(() => read(after, limit)) } };
}

async function slowly({ store, reads }: State, after: Position, limit: number): Promise<readonly LogRecord[]> {
  const then = store.log.read(after, limit);
  const how = await new Promise<Reading>((resolve) => reads.push(resolve));
  if (how === 'error') throw new Error('The log cannot be read.');
  if (how === 'nothing') return [];
  return how === 'then' ? then : store.log.read(after, limit);
}

const contexts = (services: DeliveryServices, document: SubscriptionDocument): ReturnType<typeof contextsOf> =>
  contextsOf(document, (one) => services.contexts.resolve(one, ''));
