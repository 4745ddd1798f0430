/** The present entities of a tenant in memory, in creation order. Writes also go to the archive and the log. */
import { expiredSeries } from '../../core/language/history-selection.ts';
import { applyWrite, type Write } from '../../core/language/write.ts';
import type { Change } from '../../core/model/change.ts';
import type { Entity } from '../../core/model/entity.ts';
import { presentAt } from '../../core/model/expiry.ts';
import type { Instant } from '../../core/model/instant.ts';
import type { Outcome } from '../../core/model/mutation.ts';
import type { Position, Summary } from '../../core/port/store.ts';
import type { Archive } from './archive.ts';
import type { ChangeLog } from './log.ts';
import { createEntityCounts } from '../../core/port/entity-counts.ts';

/** An entity as last written, expired or not. Immutable: a write replaces it. */
export interface StoredEntity {
  readonly entity: Entity;
  readonly version: Position;
  readonly cursor: number;
}

export interface Entities {
  readonly all: () => readonly StoredEntity[];
  readonly get: (id: string) => StoredEntity | undefined;
  readonly carryOut: (write: Write, at: Instant) => Outcome;
  /** Removes what has expired. Returns the number of removed entities. */
  readonly sweep: (now: Instant) => number;
  readonly summary: () => Summary;
}

/** An empty set of entities. Changes go to the archive and the log. */
export function createEntities({ archive, log }: { readonly archive: Archive; readonly log: ChangeLog }): Entities {
  const present = createPresent();

  const carryOut = (write: Write, at: Instant): Outcome => {
    const stored = present.get(write.mutation.id)?.entity;
    const { outcome, change, next, past = [] } = applyWrite(stored, write, at);
    if (change) keep(stored, change, next);
    for (const one of past) archive.record({ ...one, id: write.mutation.id, types: [] }, at);
    return outcome;
  };

  const keep = (stored: Entity | undefined, change: Change, next: Entity | undefined): void => {
    if (stored) archive.forget(stored.id, expiredSeries(stored, change.at));
    archive.add(change);
    const position = log.append(change);
    // An entity that replaces an expired one gets a new place in the order.
    if (change.event !== 'updated') present.remove(change.id);
    if (next) present.put(next, position);
  };

  const sweep = (now: Instant): number => {
    const due = present.all().filter(({ entity }) => presentAt(entity, now) !== entity);
    for (const { entity, version } of due) {
      archive.forget(entity.id, expiredSeries(entity, now));
      const rest = presentAt(entity, now);
      if (rest) present.put(rest, version);
      else present.remove(entity.id);
    }
    return due.filter(({ entity }) => !present.get(entity.id)).length;
  };

  return { all: present.all, get: present.get, summary: present.summary, carryOut, sweep };
}

interface Present {
  readonly all: () => readonly StoredEntity[];
  readonly get: (id: string) => StoredEntity | undefined;
  /** Replaces an entity in its place, or appends it when its id is new. */
  readonly put: (entity: Entity, version: Position) => void;
  readonly remove: (id: string) => void;
  readonly summary: () => Summary;
}

/** The entities by id in creation order, with their counts. */
function createPresent(): Present {
  const entities = new Map<string, StoredEntity>();
  const counts = createEntityCounts();
  let lastCursor = 0;
  return {
    all: () => [...entities.values()],
    get: (id) => entities.get(id),
    put: (entity, version) => {
      const before = entities.get(entity.id);
      entities.set(entity.id, { entity, version, cursor: before?.cursor ?? (lastCursor += 1) });
      counts.replace(before?.entity, entity);
    },
    remove: (id) => {
      counts.replace(entities.get(id)?.entity, undefined);
      entities.delete(id);
    },
    summary: () => counts.summary(),
  };
}
