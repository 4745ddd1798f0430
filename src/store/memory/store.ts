/** One tenant's store in memory: queries look at every entity, so they mean what the core's predicates mean. */
import { compileFilter } from '../../core/language/matches/matches.ts';
import { firstExpiry, presentAt } from '../../core/model/expiry.ts';
import type { Instant } from '../../core/model/instant.ts';
import type { Breathe } from '../../core/port/clock.ts';
import type { Plan, Shelf, Store, Stored } from '../../core/port/store.ts';
import { createArchive } from './archive.ts';
import { createEntities, type Entities, type Kept } from './entities.ts';
import { forgetHistory } from './forget.ts';
import { readHistories } from './history.ts';
import { createChangeLog } from './log.ts';
import { createShelf } from './shelf.ts';

/** An empty store. */
export function createMemoryStore({ breathe = () => undefined }: { readonly breathe?: Breathe }): Store {
  const archive = createArchive();
  const log = createChangeLog();
  const entities = createEntities({ archive, log });
  const shelves = new Map<string, Shelf>();
  const entityOf = (id: string) => entities.get(id)?.entity;
  return {
    get: (id, now) => {
      const kept = entities.get(id);
      return Promise.resolve(kept && storedAt(kept, now));
    },
    find: (plan) => search(plan, entities, breathe),
    count: async ({ filter, now }) => (await search({ filter, now, limit: Infinity }, entities, breathe)).length,
    apply: (writes, at) => {
      const before = log.newest();
      const outcomes = writes.map((write) => entities.carryOut(write, at));
      if (log.newest() > before) log.announce();
      return Promise.resolve(outcomes);
    },
    history: (plan) => readHistories(plan, { archive, breathe, entityOf }),
    record: (instances, at) => {
      for (const instance of instances) archive.record(instance, at);
      return Promise.resolve();
    },
    revise: (revision, at) => Promise.resolve(archive.revise(revision, at)),
    summary: () => Promise.resolve(entities.summary()),
    forgetHistory: (slice) => Promise.resolve(forgetHistory(archive, slice)),
    sweep: (now) => Promise.resolve(entities.sweep(now)),
    shelf: (name) => {
      const shelf = shelves.get(name) ?? createShelf();
      shelves.set(name, shelf);
      return shelf;
    },
    log,
  };
}

/** What is found among the entities as they are at the beginning; those written meanwhile are not waited for. */
async function search(plan: Plan, entities: Entities, breathe: Breathe): Promise<readonly Stored[]> {
  const { filter, offset = 0, after = 0, now, limit } = plan;
  const matches = compileFilter(filter);
  const found: Stored[] = [];
  for (const kept of entities.all()) {
    const pause = breathe();
    if (pause) await pause;
    if (found.length >= limit + offset) break;
    const stored = kept.cursor > after ? storedAt(kept, now) : undefined;
    if (stored && matches(stored.entity())) found.push(stored);
  }
  return found.slice(offset);
}

/** The entity without what has expired; undefined when it has itself. */
function storedAt({ entity, version, cursor }: Kept, now: Instant): Stored | undefined {
  const present = presentAt(entity, now);
  if (!present) return undefined;
  const isPart = firstExpiry(entity) !== undefined;
  return { id: entity.id, version, cursor, ...(isPart ? { isPart } : undefined), entity: () => present };
}
