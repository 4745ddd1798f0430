/** Keeps count of when each @context was used last, in memory, and writes it down once in a while. */
import { type Instant, microsOfInstant } from '../../model/instant.ts';
import type { Clock } from '../../port/clock.ts';
import { changeDocument } from '../../port/shelf.ts';
import type { Shelf, Stores } from '../../port/store.ts';
import { contextShelf, isPassing, type KeptContext, keptJson, readableIn } from './kept.ts';

/** How long a use may be known in memory only. */
const writtenEveryMicros = 60_000_000;

/** What the broker keeps for the time being, in one tenant: beyond, what was not used for longest is given up. */
const passingMax = 2000;

/** What is remembered of a @context that is kept. */
interface Use {
  readonly isPassing: boolean;
  readonly createdAt: Instant;
  usedAt: Instant | undefined;
  /** When it is to be written down again, in microseconds. */
  readonly dueAt: number;
}

type Uses = Map<string, Use>;

/** Whose shelf of @contexts is meant. */
export interface Place {
  readonly tenant: string;
  readonly shelf: Shelf;
}

/** What is to be kept of a @context in the place of what is now; undefined: all stays as it is. */
type Next = (now: KeptContext | undefined) => KeptContext | undefined;

export interface Usage {
  /** Notes that documents were used: keys of those kept, URLs of those downloaded. Undefined when nothing is to be waited for. */
  note(documents: readonly string[], tenant: string): Promise<void> | undefined;
  /** Undefined: it was not used since the broker began to listen. */
  latest(key: string, tenant: string): Instant | undefined;
  /** Changes what is kept of a @context, or keeps it. `next` is asked again when another broker has changed it meanwhile. */
  change(key: string, next: Next, place: Place): Promise<void>;
  /** Takes a @context from the shelf. False when there is none. */
  remove(key: string, place: Place): Promise<boolean>;
}

export interface UsageOptions {
  readonly stores: Stores;
  readonly clock: Clock;
  /** What was kept under a key is given up, to make room. */
  readonly onGivenUp: (key: string) => void;
}

export function createUsage({ stores, clock, onGivenUp }: UsageOptions): Usage {
  const tenants = new Map<string, Uses>();
  const inTurn = createTurns();
  const desk = createDesk(tenants, onGivenUp);
  const write = async (documents: readonly string[], tenant: string, now: Instant): Promise<void> => {
    const shelf = (await stores.open(tenant, false))?.shelf(contextShelf);
    if (shelf) await desk.use(documents, { tenant, shelf }, now);
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
    change: (key, next, place) => inTurn(place.tenant, () => desk.change(key, next, place)),
    remove: (key, place) => inTurn(place.tenant, () => desk.remove(key, place)),
  };
}

/** Changes shelves, and what is remembered of them with it. One thing at a time in each tenant. */
interface Desk {
  use(documents: readonly string[], place: Place, now: Instant): Promise<void>;
  change(key: string, next: Next, place: Place): Promise<void>;
  remove(key: string, place: Place): Promise<boolean>;
}

function createDesk(tenants: Map<string, Uses>, onGivenUp: (key: string) => void): Desk {
  const usesOf = async ({ tenant, shelf }: Place): Promise<Uses> => {
    const uses = tenants.get(tenant) ?? (await readUses(shelf));
    tenants.set(tenant, uses);
    return uses;
  };
  const makeRoom = async (uses: Uses, { shelf }: Place): Promise<void> => {
    const key = stalest(uses);
    if (key !== undefined && (await giveUp(key, { uses, shelf }))) onGivenUp(key);
  };
  return {
    use: async (documents, place, now) => {
      const uses = await usesOf(place);
      for (const key of documents.filter((one) => isDue(uses.get(one), one, now))) {
        if (!uses.has(key)) await makeRoom(uses, place);
        await writeDown(place.shelf, key, now);
        uses.set(key, usedAt(now, uses.get(key)));
      }
    },
    change: async (key, next, place) => {
      const uses = await usesOf(place);
      let kept: KeptContext | undefined;
      await changeKept(place.shelf, key, async (now) => {
        kept = next(now);
        if (kept && isPassing(kept) && !uses.has(key)) await makeRoom(uses, place);
        return kept;
      });
      if (kept) uses.set(key, useOf(kept));
    },
    remove: async (key, { tenant, shelf }) => {
      const wasThere = await shelf.delete(key);
      tenants.get(tenant)?.delete(key);
      return wasThere;
    },
  };
}

/** False when another broker has changed it meanwhile, or needs it for longer. */
async function giveUp(key: string, { uses, shelf }: { readonly uses: Uses; readonly shelf: Shelf }): Promise<boolean> {
  const document = await shelf.get(key);
  const kept = readableIn(document);
  if (kept && !isPassing(kept)) {
    uses.set(key, useOf(kept));
    return false;
  }
  const isGone = await shelf.replace(key, document, undefined);
  if (isGone) uses.delete(key);
  return isGone;
}

/** Lets work of the same name be done one after the other, be it well or not. */
function createTurns(): <T>(name: string, work: () => Promise<T>) => Promise<T> {
  const latest = new Map<string, Promise<unknown>>();
  return (name, work) => {
    const before = latest.get(name) ?? Promise.resolve();
    const done = before.then(work, work);
    latest.set(name, done);
    return done;
  };
}

/** What cannot be read is nobody's to use. */
const readUses = async (shelf: Shelf): Promise<Uses> =>
  new Map(
    (await shelf.list()).flatMap(({ key, document }) => {
      const kept = readableIn(document);
      return kept ? [[key, useOf(kept)]] : [];
    }),
  );

const changeKept = (
  shelf: Shelf,
  key: string,
  next: (now: KeptContext | undefined) => ReturnType<Next> | Promise<ReturnType<Next>>,
): Promise<void> =>
  changeDocument(shelf, key, async (document) => {
    const kept = await next(readableIn(document));
    return kept && keptJson(kept);
  });

const useOf = (kept: KeptContext): Use => ({
  isPassing: isPassing(kept),
  createdAt: kept.createdAt,
  usedAt: kept.lastUsage,
  dueAt: 0,
});

/** True when a use is to be written down. What is no URL and is not kept any more cannot be. */
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

/** A URL that is not on the shelf yet was downloaded; what else is not there has been deleted meanwhile. */
const writeDown = (shelf: Shelf, key: string, now: Instant): Promise<void> =>
  changeKept(shelf, key, (kept) => {
    if (kept) return { ...kept, lastUsage: now };
    return isUrl(key) ? { kind: 'Cached', createdAt: now, lastUsage: now } : undefined;
  });

/** What was not used for longest of what the broker keeps for the time being. Undefined while there is room. */
function stalest(uses: Uses): string | undefined {
  const passing = [...uses].filter(([, use]) => use.isPassing);
  if (passing.length < passingMax) return undefined;
  const micros = passing.map(([key, { usedAt, createdAt }]) => ({ key, at: microsOfInstant(usedAt ?? createdAt) }));
  return micros.reduce((oldest, one) => (one.at < oldest.at ? one : oldest)).key;
}
