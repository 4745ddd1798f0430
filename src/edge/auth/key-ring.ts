/**
 * Keeps all API keys in memory, verifies the texts of keys, and creates, rotates and revokes keys. Changes by other brokers on the
 * same persistence arrive by `follow` of the collection.
 */
import {
  type AccessKey,
  accessKeyIn,
  accessKeyJson,
  describedKey,
  keyCollection,
  type KeySecret,
  keyUseCollection,
  type NewAccessKey,
  rotatedKey,
} from '../../core/port/access-key.ts';
import type { Identity } from '../../core/access/identity.ts';
import { type Instant, instantOf, microsOfInstant } from '../../core/model/instant.ts';
import { Problem } from '../../core/model/problem.ts';
import { quoted } from '../../core/model/read/id.ts';
import type { Clock } from '../../core/port/clock.ts';
import { changeDocument } from '../../core/port/document-collection.ts';
import type { Keys } from '../../core/port/keys.ts';
import type { Observe } from '../../core/port/observe.ts';
import type { DocumentCollection, Store } from '../../core/port/store.ts';
import type { Verifier } from './authenticator.ts';
import { noteUses } from './key-uses.ts';
import { createVerifiedTexts } from './verified-texts.ts';
import { hashSecret, isHashOf, keyPrefix, newKeyText, parseKeyText } from './key-text.ts';
import { createSlots, type Slots } from '../slots.ts';

export interface KeyRing extends Keys, Verifier {
  /** The holder of the secret with this id. Undefined when it has ended. */
  holderOf(secretId: string): Identity | undefined;
  /** The holder of the key with this name. Undefined when it has ended. */
  holderNamed(name: string): Identity | undefined;
  /** When the secret with this id ends. Undefined: never, or it is unknown. */
  endOf(secretId: string): Instant | undefined;
  /** The stored hash of the secret with this id. Undefined when it has ended. */
  hashOf(secretId: string): string | undefined;
  /** True when a key of an administrator exists, valid or not. */
  hasAdministrator(): boolean;
  /** Calls back when a key changed. Returns the function that stops it. */
  follow(listener: () => void): () => void;
  /** Stores which keys were used since the last call. */
  noteUses(): Promise<void>;
  /** Reads all keys again when the last attempt to read some failed. Never rejects. Call it periodically. */
  retry(): Promise<void>;
  close(): void;
}

export interface KeyRingOptions {
  /** The store of the default tenant. */
  readonly store: Store;
  readonly clock: Clock;
  readonly observe: Observe;
}

/** A secret with the key that it belongs to. */
interface Entry {
  readonly key: AccessKey;
  readonly secret: KeySecret;
  readonly identity: Identity;
  /** Its end in microseconds since 1970. Infinity: never. */
  readonly endsAt: number;
  isUsed: boolean;
}

interface State extends KeyRingOptions {
  readonly keys: DocumentCollection;
  readonly uses: DocumentCollection;
  readonly byName: Map<string, AccessKey>;
  readonly bySecret: Map<string, Entry>;
  readonly verified: ReturnType<typeof createVerifiedTexts<Entry>>;
  readonly listeners: Set<() => void>;
  readonly slots: Slots;
  /** The last or running read of documents. */
  reading: Promise<void>;
  /** True when a key may have changed that could not be read. */
  isStale: boolean;
}

/** Reads all keys. Throws what the store throws. */
export async function openKeyRing(options: KeyRingOptions): Promise<KeyRing> {
  const { store, clock, observe } = options;
  const state: State = {
    ...options,
    keys: store.collection(keyCollection),
    uses: store.collection(keyUseCollection),
    byName: new Map(),
    bySecret: new Map(),
    verified: createVerifiedTexts<Entry>(),
    listeners: new Set(),
    slots: createSlots(checksAtOnce),
    reading: Promise.resolve(),
    isStale: false,
  };
  // Follows before it reads, so that a key that changes meanwhile is read again.
  const close = state.keys.follow((name) => {
    reload(state, name).catch((cause: unknown) => observe({ kind: 'failed', where: 'access keys', cause }));
  });
  await reload(state);
  return {
    ...keyAdministration(state),
    accepts: (text) => text.startsWith(keyPrefix),
    known: (text) => {
      const entry = state.verified.get(text);
      return entry && { holder: () => holderIn(state, entry) };
    },
    verify: (text, start) => verify(state, text, start),
    holderOf: (secretId) => identityOf(state.bySecret.get(secretId), clock),
    holderNamed: (name) => holderNamed(state, name),
    endOf: (secretId) => state.bySecret.get(secretId)?.identity.expiresAt,
    hashOf: (secretId) => hashOf(state.bySecret.get(secretId), clock),
    hasAdministrator: () => [...state.byName.values()].some(isAdministrator),
    follow: (listener) => {
      state.listeners.add(listener);
      return () => void state.listeners.delete(listener);
    },
    noteUses: () => noteUses(state.uses, [...state.bySecret.values()], clock),
    retry: () => retry(state),
    close,
  };
}

/** Reads the key of this name again, or all keys. Each read waits for the one before, so that an older state never replaces a newer one. */
function reload(state: State, name?: string): Promise<void> {
  const done = state.reading.then(() => read(state, name));
  state.reading = done.catch(() => void (state.isStale = true));
  return done;
}

async function retry(state: State): Promise<void> {
  await state.reading;
  // The first failure was observed.
  if (state.isStale) await reload(state).catch(() => undefined);
}

async function read(state: State, name?: string): Promise<void> {
  if (name !== undefined) {
    replaceKey(state, name, accessKeyIn(await state.keys.get(name)));
    return;
  }
  const documents = await state.keys.list();
  state.isStale = false;
  const names = new Set(documents.map(({ key }) => key));
  for (const known of [...state.byName.keys()]) if (!names.has(known)) replaceKey(state, known, undefined);
  for (const { key, document } of documents) replaceKey(state, key, accessKeyIn(document));
}

/** Replaces a key in memory, or removes it. A key that did not change stays verified. */
function replaceKey(state: State, name: string, key: AccessKey | undefined): void {
  const { byName, bySecret, verified, listeners } = state;
  const before = byName.get(name);
  if (JSON.stringify(before && accessKeyJson(before)) === JSON.stringify(key && accessKeyJson(key))) return;
  for (const { id } of before?.secrets ?? []) bySecret.delete(id);
  byName.delete(name);
  if (key) {
    byName.set(name, key);
    for (const secret of key.secrets) bySecret.set(secret.id, entryOf(key, secret));
  }
  verified.forget((entry) => entry.key.name === name);
  for (const listener of [...listeners]) listener();
}

function entryOf(key: AccessKey, secret: KeySecret): Entry {
  const ends = [key.expiresAt, secret.endsAt].flatMap((end) => (end === undefined ? [] : [end]));
  const [first] = ends.sort((a, b) => microsOfInstant(a) - microsOfInstant(b));
  return {
    key,
    secret,
    identity: {
      kind: 'key',
      subject: `key:${key.name}`,
      roles: key.roles,
      credential: secret.id,
      ...(first === undefined ? undefined : { expiresAt: first }),
    },
    endsAt: first === undefined ? Infinity : microsOfInstant(first),
    isUsed: false,
  };
}

const hashOf = (entry: Entry | undefined, clock: Clock): string | undefined =>
  entry === undefined || hasEnded(entry, clock) ? undefined : entry.secret.hash;

const isAdministrator = ({ roles }: AccessKey): boolean => roles.includes('administrator');

/** An end that cannot be read counts as past. */
const hasEnded = ({ endsAt }: Entry, clock: Clock): boolean =>
  endsAt !== Infinity && !(microsOfInstant(clock.now()) < endsAt);

const identityOf = (entry: Entry | undefined, clock: Clock): Identity | undefined =>
  entry === undefined || hasEnded(entry, clock) ? undefined : entry.identity;

function holderNamed({ byName, bySecret, clock }: State, name: string): Identity | undefined {
  const holders = byName.get(name)?.secrets.map(({ id }) => identityOf(bySecret.get(id), clock));
  return holders?.find((holder) => holder !== undefined);
}

/** Concurrent computations of slow hashes. They use the thread pool of Node, which file access needs too. */
const checksAtOnce = 2;

async function verify({ verified, bySecret, clock, slots }: State, text: string, start: () => void): Promise<Identity> {
  const parsed = parseKeyText(text);
  const entry = parsed && bySecret.get(parsed.id);
  if (!entry || hasEnded(entry, clock)) throw invalidKey();
  const isRight = await slots.within(() => {
    start();
    return isHashOf(entry.secret.hash, parsed.secret);
  });
  // The key may have been revoked meanwhile.
  const identity = isRight && bySecret.get(parsed.id) === entry ? markUsed(entry, clock) : undefined;
  if (!identity) throw invalidKey();
  verified.set(text, entry);
  return identity;
}

/** The holder of a secret that was verified, unless its key changed since. */
const holderIn = ({ bySecret, clock }: State, entry: Entry): Identity | undefined =>
  bySecret.get(entry.secret.id) === entry ? markUsed(entry, clock) : undefined;

/** The detail is the same for an unknown, a wrong and an expired key, so that nobody learns which keys exist. */
const invalidKey = (): Problem => new Problem('Unauthenticated', 'The key is not valid, or is no longer.');

function markUsed(entry: Entry, clock: Clock): Identity | undefined {
  const identity = identityOf(entry, clock);
  if (identity) entry.isUsed = true;
  return identity;
}

function keyAdministration(state: State): Keys {
  const { keys, uses, clock } = state;
  return {
    create: (wanted) => createKey(state, wanted),
    list: async () => {
      const times = new Map((await uses.list()).map(({ key, document }) => [key, document]));
      return (await readAll(keys)).map((key) => describedKey(key, useTime(times.get(key.name))));
    },
    describe: async (name) => {
      const key = accessKeyIn(await keys.get(name));
      if (!key) throw unknown(name);
      return describedKey(key, useTime(await uses.get(name)));
    },
    revoke: (name) => revoke(state, name),
    rotate: async (name, overlapSeconds) => {
      const now = clock.now();
      const { secret, text } = await newSecret(now);
      const endsAt = instantOf(microsOfInstant(now) + overlapSeconds * 1_000_000);
      await changeDocument(keys, name, (document) => {
        const key = accessKeyIn(document);
        if (!key) throw unknown(name);
        return accessKeyJson(rotatedKey(key, secret, { now, endsAt }));
      });
      await reload(state, name);
      return text;
    },
  };
}

const readAll = async (keys: DocumentCollection): Promise<readonly AccessKey[]> =>
  (await keys.list()).flatMap(({ document }) => accessKeyIn(document) ?? []);

const useTime = (document: unknown): Instant | undefined => {
  const at = typeof document === 'object' && document !== null && 'lastUsedAt' in document ? document.lastUsedAt : '';
  return typeof at === 'string' && at !== '' ? at : undefined;
};

async function createKey(state: State, { name, ...wanted }: NewAccessKey): Promise<string> {
  const createdAt = state.clock.now();
  const { secret, text } = await newSecret(createdAt);
  const document = accessKeyJson({ name, ...wanted, createdAt, secrets: [secret] });
  if (!(await state.keys.replace(name, undefined, document)))
    throw new Problem('AlreadyExists', `There is a key ${quoted(name)} already.`);
  await state.uses.delete(name);
  await reload(state, name);
  return text;
}

async function newSecret(createdAt: Instant): Promise<{ readonly secret: KeySecret; readonly text: string }> {
  const { id, secret, text } = newKeyText();
  return { secret: { id, hash: await hashSecret(secret), createdAt }, text };
}

async function revoke(state: State, name: string): Promise<void> {
  const { keys, uses, clock } = state;
  const all = await readAll(keys);
  const isLast = (key: AccessKey): boolean => isAdministrator(key) && !all.some((other) => isOther(other, key, clock));
  if (all.some((key) => key.name === name && isLast(key)))
    throw new Problem(
      'Conflict',
      `${quoted(name)} is the last valid key of an administrator. Create another one first.`,
    );
  if (!(await keys.delete(name))) throw unknown(name);
  replaceKey(state, name, undefined);
  await uses.delete(name);
  // A read that began before the deletion may have brought the key back.
  await reload(state, name);
}

/** True when `other` is another valid key of an administrator. */
const isOther = (other: AccessKey, { name }: AccessKey, clock: Clock): boolean =>
  other.name !== name &&
  isAdministrator(other) &&
  other.secrets.some((secret) => !hasEnded(entryOf(other, secret), clock));

const unknown = (name: string): Problem => new Problem('ResourceNotFound', `There is no key ${quoted(name)}.`);
