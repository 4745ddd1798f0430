/** Tracks in memory when each @context was last used, and stores it from time to time. */
import { type Instant, microsOfInstant } from '../../model/instant.ts';
import type { Clock } from '../../port/clock.ts';
import { changeDocument } from '../../port/document-collection.ts';
import type { DocumentCollection, Stores } from '../../port/store.ts';
import { contextCollection, isPassing, type StoredContext, storedContextJson, readableIn } from './stored-context.ts';

/** How long a use may be in memory only. */
const writtenEveryMicros = 60_000_000;

/** Maximum number of evictable @contexts per tenant. Beyond it, the least recently used is evicted. */
const evictableMax = 2000;

/** What is in memory about a stored @context. */
interface Use {
  readonly isPassing: boolean;
  readonly createdAt: Instant;
  usedAt: Instant | undefined;
  /** When the use must be stored again, in microseconds. */
  readonly dueAt: number;
}

type Uses = Map<string, Use>;

/** A tenant, and its collection of @contexts. */
export interface TenantCollection {
  readonly tenant: string;
  readonly collection: DocumentCollection;
}

/** Computes the new stored @context from the present one; undefined to leave it unchanged. */
type Next = (now: StoredContext | undefined) => StoredContext | undefined;

export interface Usage {
  /** Records that documents were used: keys of stored ones, URLs of downloaded ones. Undefined when there is nothing to wait for. */
  note(documents: readonly string[], tenant: string): Promise<void> | undefined;
  /** Undefined when it was not used since the broker started. */
  latest(key: string, tenant: string): Instant | undefined;
  /** Changes or creates the stored document of a @context. `next` is called again when another broker changed the document meanwhile. */
  change(key: string, next: Next, place: TenantCollection): Promise<void>;
  /** Deletes a @context from the collection. False when there is none. */
  remove(key: string, place: TenantCollection): Promise<boolean>;
}

export interface UsageOptions {
  readonly stores: Stores;
  readonly clock: Clock;
  /** Called when the @context of a key was evicted. */
  readonly onEvicted: (key: string) => void;
}

export function createUsage({ stores, clock, onEvicted }: UsageOptions): Usage {
  const tenants = new Map<string, Uses>();
  const inTurn = createSerializer();
  const recorder = createUsageRecorder(tenants, onEvicted);
  const write = async (documents: readonly string[], tenant: string, now: Instant): Promise<void> => {
    const collection = (await stores.open(tenant, false))?.collection(contextCollection);
    if (collection) await recorder.use(documents, { tenant, collection }, now);
  };
  return {
    note: (documents, tenant) => {
      if (documents.length === 0) return undefined;
      const [now, uses] = [clock.now(), tenants.get(tenant)];
      if (uses === undefined || documents.some((key) => isDue(uses.get(key), key, now)))
        return inTurn(tenant, () => write(documents, tenant, now));
      for (const key of documents) touch(uses.get(key), now);
      return undefined;
    },
    latest: (key, tenant) => tenants.get(tenant)?.get(key)?.usedAt,
    change: (key, next, place) => inTurn(place.tenant, () => recorder.change(key, next, place)),
    remove: (key, place) => inTurn(place.tenant, () => recorder.remove(key, place)),
  };
}

/** Changes collections and the uses in memory together. Callers run one change at a time per tenant. */
interface UsageRecorder {
  use(documents: readonly string[], place: TenantCollection, now: Instant): Promise<void>;
  change(key: string, next: Next, place: TenantCollection): Promise<void>;
  remove(key: string, place: TenantCollection): Promise<boolean>;
}

function createUsageRecorder(tenants: Map<string, Uses>, onEvicted: (key: string) => void): UsageRecorder {
  const usesOf = async ({ tenant, collection }: TenantCollection): Promise<Uses> => {
    const uses = tenants.get(tenant) ?? (await readUses(collection));
    tenants.set(tenant, uses);
    return uses;
  };
  const makeRoom = async (uses: Uses, { collection }: TenantCollection): Promise<void> => {
    const key = leastRecentlyUsed(uses);
    if (key !== undefined && (await evict(key, { uses, collection }))) onEvicted(key);
  };
  return {
    use: async (documents, place, now) => {
      const uses = await usesOf(place);
      for (const key of documents.filter((one) => isDue(uses.get(one), one, now))) {
        if (!uses.has(key)) await makeRoom(uses, place);
        await writeDown(place.collection, key, now);
        uses.set(key, usedAt(now, uses.get(key)));
      }
    },
    change: async (key, next, place) => {
      const uses = await usesOf(place);
      let kept: StoredContext | undefined;
      await changeKept(place.collection, key, async (now) => {
        kept = next(now);
        if (kept && isPassing(kept) && !uses.has(key)) await makeRoom(uses, place);
        return kept;
      });
      if (kept) uses.set(key, useOf(kept));
    },
    remove: async (key, { tenant, collection }) => {
      const wasThere = await collection.delete(key);
      tenants.get(tenant)?.delete(key);
      return wasThere;
    },
  };
}

/** False when another broker changed the document meanwhile, or made it permanent. */
async function evict(
  key: string,
  { uses, collection }: { readonly uses: Uses; readonly collection: DocumentCollection },
): Promise<boolean> {
  const document = await collection.get(key);
  const kept = readableIn(document);
  if (kept && !isPassing(kept)) {
    uses.set(key, useOf(kept));
    return false;
  }
  const isGone = await collection.replace(key, document, undefined);
  if (isGone) uses.delete(key);
  return isGone;
}

/** Runs work of the same name in sequence, also after a failure. */
function createSerializer(): <T>(name: string, work: () => Promise<T>) => Promise<T> {
  const latest = new Map<string, Promise<unknown>>();
  return (name, work) => {
    const before = latest.get(name) ?? Promise.resolve();
    const done = before.then(work, work);
    latest.set(name, done);
    return done;
  };
}

/** Skips unreadable documents. */
const readUses = async (collection: DocumentCollection): Promise<Uses> =>
  new Map(
    (await collection.list()).flatMap(({ key, document }) => {
      const kept = readableIn(document);
      return kept ? [[key, useOf(kept)]] : [];
    }),
  );

const changeKept = (
  collection: DocumentCollection,
  key: string,
  next: (now: StoredContext | undefined) => ReturnType<Next> | Promise<ReturnType<Next>>,
): Promise<void> =>
  changeDocument(collection, key, async (document) => {
    const kept = await next(readableIn(document));
    return kept && storedContextJson(kept);
  });

const useOf = (kept: StoredContext): Use => ({
  isPassing: isPassing(kept),
  createdAt: kept.createdAt,
  usedAt: kept.lastUsage,
  dueAt: 0,
});

/** True when a use must be stored. A key that is neither stored nor a URL cannot be. */
const isDue = (use: Use | undefined, key: string, now: Instant): boolean =>
  use === undefined ? isUrl(key) : microsOfInstant(now) >= use.dueAt;

const isUrl = (key: string): boolean => /^https?:/i.test(key);

const usedAt = (now: Instant, use: Use | undefined): Use => ({
  isPassing: use?.isPassing ?? true,
  createdAt: use?.createdAt ?? now,
  usedAt: now,
  dueAt: microsOfInstant(now) + writtenEveryMicros,
});

function touch(use: Use | undefined, now: Instant): void {
  if (use !== undefined) use.usedAt = now;
}

/** A URL without a stored document was downloaded. Any other key without one was deleted meanwhile. */
const writeDown = (collection: DocumentCollection, key: string, now: Instant): Promise<void> =>
  changeKept(collection, key, (kept) => {
    if (kept) return { ...kept, lastUsage: now };
    return isUrl(key) ? { kind: 'Cached', createdAt: now, lastUsage: now } : undefined;
  });

/** The least recently used evictable @context. Undefined while there is room. */
function leastRecentlyUsed(uses: Uses): string | undefined {
  const passing = [...uses].filter(([, use]) => use.isPassing);
  if (passing.length < evictableMax) return undefined;
  const micros = passing.map(([key, { usedAt, createdAt }]) => ({ key, at: microsOfInstant(usedAt ?? createdAt) }));
  return micros.reduce((oldest, one) => (one.at < oldest.at ? one : oldest)).key;
}
