/** Holds all entities that the person may see, up to date over the stream. */
import { computed, effect, signal } from '@preact/signals';
import { type Client, connect, ConnectionLost, type ConnectOptions, type Replica } from '../../client/client.ts';
import { apiPath, call, callWhole } from './api.ts';
import { readThing, type Thing } from './entity.ts';
import { isObject, listOf, memberOf, textOf, textsOf } from './json.ts';
import { shortName } from './names.ts';
import { route } from './route.ts';
import { credential, tenant } from './session.ts';

/** How often views see changes, in milliseconds: more often than people read, less often than a busy city changes. */
const refreshMs = 500;
/** From this number of entities on, a refresh costs so much that there are fewer of them. */
const manyEntities = 2000;
const refreshManyMs = 2000;

/** The entities by id. Views read it after `revision` has changed. */
export const things: Map<string, Thing> = new Map();
/** Counts the updates of `things`. */
export const revision = signal(0);
export const isLoaded = signal(false);
export const linkState = signal<'connecting' | 'open' | 'lost' | 'refused' | 'sampled'>('connecting');
export const linkReason = signal('');
/** The number of changes since the page was opened. */
export const changeCount = signal(0);

/** Above this number of entities, the map is drawn by tiles, and lists have a sample. */
const followedMax = 10_000;
const sampleSize = 1000;
/** True when there are too many entities to follow them all. */
export const isTiled = signal(false);
/** The number of entities that the person may see. */
export const totalCount = signal(0);
/** The types of all entities, as stored, where only a sample of the entities is here. */
export const storedTypes = signal<readonly string[]>([]);

const changed = new Set<string>();
let isEverythingChanged = false;
let timer: number | undefined;

/** Gets a ticket, because web pages cannot send headers when they open a WebSocket. */
const ticket = async (): Promise<string> =>
  textOf(await call(apiPath('/stream/tickets'), { method: 'POST' }), 'ticket') ?? '';

/** Connects, and connects again whenever somebody else signs in or another tenant is chosen. Returns how to stop. */
export function followCity(): () => void {
  return effect(() => {
    const stopping = new AbortController();
    forget();
    linkState.value = 'connecting';
    // The stream tells a browser nothing about why it refused it, so the API is asked first.
    const caller = { key: credential.value, name: tenant.value };
    // An answer to an earlier caller counts no more.
    const unlessStopped = (act: () => void): void => {
      if (!stopping.signal.aborted) act();
    };
    countEntities().then(
      (count) =>
        unlessStopped(() => {
          totalCount.value = count;
          isTiled.value = count > followedMax;
          if (count <= followedMax) follow(open(caller, stopping.signal), unlessStopped);
          else stopping.signal.addEventListener('abort', keepSample(unlessStopped));
        }),
      (error: unknown) => unlessStopped(() => refuse(error)),
    );
    return () => stopping.abort();
  });
}

async function countEntities(): Promise<number> {
  const { headers } = await callWhole(apiPath('/entities', { type: '*', limit: 1, count: 'true', pick: 'id' }));
  return Number(headers.get('NGSILD-Results-Count') ?? 0);
}

/** Shows the first entities of the chosen type, and others when another type is chosen. Returns how to stop. */
function keepSample(unlessStopped: (act: () => void) => void): () => void {
  linkState.value = 'sampled';
  const type = computed(() => route.value.query.get('type') ?? '');
  return effect(() => {
    // A sample of the type before may come later.
    let isWanted = true;
    const ifWanted = (act: () => void): void => unlessStopped(() => isWanted && act());
    readSample(type.value).then(
      (sample) => ifWanted(() => showSample(sample)),
      (error: unknown) => ifWanted(() => refuse(error)),
    );
    return () => {
      isWanted = false;
    };
  });
}

async function readSample(type: string): Promise<readonly Thing[]> {
  storedTypes.value = textsOf(memberOf(await call(apiPath('/types')), 'typeList'));
  const iri = storedTypes.peek().find((stored) => shortName(stored) === type) ?? '*';
  const entities = await call(apiPath('/entities', { type: iri, limit: sampleSize, format: 'concise' }));
  return listOf(entities).filter(isObject).map(readThing);
}

function showSample(sample: readonly Thing[]): void {
  things.clear();
  for (const thing of sample) things.set(thing.id, thing);
  revision.value += 1;
  isLoaded.value = true;
}

/** Reads an entity that is not in the sample. One that is not there is not added. */
export async function addThing(id: string): Promise<void> {
  const entity = await call(apiPath(`/entities/${encodeURIComponent(id)}`, { format: 'concise' })).catch(
    () => undefined,
  );
  if (!isObject(entity)) return;
  things.set(id, readThing(entity));
  revision.value += 1;
}

interface CallerChoice {
  readonly key: string;
  readonly name: string;
}

const connectAs = ({ key, name }: CallerChoice, options: Pick<ConnectOptions, 'signal' | 'onState'>): Client =>
  connect(location.origin, { ...options, ...(key !== '' ? { ticket } : name !== '' ? { tenant: name } : undefined) });

/** A connection to the stream for the person who is signed in now. */
export const openClient = (signal: AbortSignal): Client =>
  connectAs({ key: credential.peek(), name: tenant.peek() }, { signal });

function open(caller: CallerChoice, signal: AbortSignal): Replica {
  const onState = (state: 'open' | 'lost'): void => {
    if (!signal.aborted) linkState.value = state;
  };
  const subscription = { entities: [{ type: '*' }], notification: { format: 'concise' } };
  return connectAs(caller, { signal, onState }).replica(subscription);
}

function refuse(error: unknown): void {
  linkState.value = 'refused';
  linkReason.value = error instanceof Error ? error.message : String(error);
  isLoaded.value = true;
}

function follow(replica: Replica, unlessStopped: (act: () => void) => void): void {
  const take = (id?: string): void => {
    if (id === undefined) isEverythingChanged = true;
    else changed.add(id);
    timer ??= window.setTimeout(() => refresh(replica), things.size < manyEntities ? refreshMs : refreshManyMs);
  };
  replica.onChange((id) => unlessStopped(() => take(id)));
  void replica.ended.then((error) => {
    if (error !== undefined && !isClosed(error)) unlessStopped(() => refuse(error));
  });
  const show = (): void => {
    refresh(replica);
    isLoaded.value = true;
  };
  replica.ready.then(
    () => unlessStopped(show),
    () => undefined,
  );
}

/** True when this page closed the connection itself. */
const isClosed = (error: Error): boolean => error instanceof ConnectionLost && error.code === closedByClient;
const closedByClient = 1000;

function forget(): void {
  window.clearTimeout(timer);
  timer = undefined;
  changed.clear();
  things.clear();
  isEverythingChanged = false;
  isLoaded.value = false;
  isTiled.value = false;
  linkReason.value = '';
  // Views must not keep what the caller before was shown.
  revision.value = revision.peek() + 1;
}

function refresh(replica: Replica): void {
  window.clearTimeout(timer);
  timer = undefined;
  if (isEverythingChanged) for (const id of things.keys()) if (!replica.entities.has(id)) things.delete(id);
  const ids = isEverythingChanged && !isLoaded.peek() ? replica.entities.keys() : changed;
  for (const id of ids) take(replica, id);
  if (isLoaded.peek()) changeCount.value += changed.size;
  changed.clear();
  isEverythingChanged = false;
  revision.value += 1;
}

function take(replica: Replica, id: string): void {
  const entity = replica.entities.get(id);
  if (!isObject(entity)) {
    things.delete(id);
    return;
  }
  things.set(id, readThing(entity));
}
