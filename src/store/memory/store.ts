/** One tenant's store in memory: queries check every entity with the core's predicates. */
import { compileFilter } from '../../core/language/matches/matches.ts';
import { firstExpiry, presentAt } from '../../core/model/expiry.ts';
import type { Instant } from '../../core/model/instant.ts';
import type { YieldToEventLoop } from '../../core/port/clock.ts';
import type { Plan, DocumentCollection, Store, Stored } from '../../core/port/store.ts';
import { createArchive } from './archive.ts';
import { createEntities, type Entities, type StoredEntity } from './entities.ts';
import { forgetHistory } from './forget.ts';
import { readHistories } from './history.ts';
import { createChangeLog } from './log.ts';
import { createCollection } from './document-collection.ts';
import { createSubject } from './subject.ts';

/** An empty store. */
export function createMemoryStore({
  yieldToEventLoop = () => undefined,
}: {
  readonly yieldToEventLoop?: YieldToEventLoop;
}): Store {
  const archive = createArchive();
  const log = createChangeLog();
  const entities = createEntities({ archive, log });
  const collections = new Map<string, DocumentCollection>();
  return {
    get: (id, now) => {
      const kept = entities.get(id);
      return Promise.resolve(kept && storedAt(kept, now));
    },
    find: (plan) => search(plan, entities, yieldToEventLoop),
    count: (plan) => count(plan, entities, yieldToEventLoop),
    apply: (writes, at) => {
      const before = log.newest();
      const outcomes = writes.map((write) => entities.carryOut(write, at));
      if (log.newest() > before) log.announce();
      return Promise.resolve(outcomes);
    },
    history: (plan) => readHistories(plan, { archive, yieldToEventLoop, entityOf: (id) => entities.get(id)?.entity }),
    record: (instances, at) => {
      for (const instance of instances) archive.record(instance, at);
      return Promise.resolve();
    },
    revise: (revision, at) => Promise.resolve(archive.revise(revision, at)),
    summary: () => Promise.resolve(entities.summary()),
    subject: createSubject({ archive, log, entities, collections }),
    forgetHistory: (slice) => Promise.resolve(forgetHistory(archive, slice)),
    sweep: (now) => Promise.resolve(entities.sweep(now)),
    collection: (name) => {
      const collection = collections.get(name) ?? createCollection();
      collections.set(name, collection);
      return collection;
    },
    log,
  };
}

async function count({ filter, now }: Plan, entities: Entities, yieldToEventLoop: YieldToEventLoop): Promise<number> {
  return (await search({ filter, now, limit: Infinity }, entities, yieldToEventLoop)).length;
}

/** Searches a snapshot of the entities: writes during the search are not included. */
async function search(plan: Plan, entities: Entities, yieldToEventLoop: YieldToEventLoop): Promise<readonly Stored[]> {
  const { filter, offset = 0, after = 0, now, limit } = plan;
  const matches = compileFilter(filter);
  const found: Stored[] = [];
  for (const kept of entities.all()) {
    const pause = yieldToEventLoop();
    if (pause) await pause;
    if (found.length >= limit + offset) break;
    const stored = kept.cursor > after ? storedAt(kept, now) : undefined;
    if (stored && matches(stored.entity())) found.push(stored);
  }
  return found.slice(offset);
}

/** The entity without its expired parts; undefined when the entity itself has expired. */
function storedAt({ entity, version, cursor }: StoredEntity, now: Instant): Stored | undefined {
  const present = presentAt(entity, now);
  if (!present) return undefined;
  const isPart = firstExpiry(entity) !== undefined;
  return {
    id: entity.id,
    version,
    cursor,
    ...(isPart ? { isPart } : undefined),
    types: () => present.types,
    entity: () => present,
  };
}
