/** Restores large entities as they were at changes whose records do not hold them: from the present entity and the later changes. */
import type { Database } from 'better-sqlite3';
import type { Entity } from '../../core/model/entity.ts';
import { undone } from '../../core/model/undo.ts';
import type { Position } from '../../core/port/store.ts';
import type { LogRow } from './log-rows.ts';
import { entityIn, undoIn } from './own-text.ts';

/** Returns the entities of rows without one, by position. Call it in the read transaction that read the rows. */
export type PastEntities = (rows: readonly LogRow[]) => ReadonlyMap<Position, Entity>;

/** A row of an entity. Where `undo` is null, the previous row holds its own entity, or has the entity that this row deletes. */
interface Link {
  readonly position: Position;
  readonly doc: string;
  readonly undo: string | null;
}

export function createPastEntities(database: Database): PastEntities {
  const nextOf = database.prepare<[number, Position], Link>(
    'SELECT position, doc, undo FROM log WHERE num = ? AND position > ? ORDER BY position LIMIT 1',
  );
  const present = database.prepare<[number], string>('SELECT doc FROM entity WHERE num = ?').pluck();

  /** All rows of an entity from the first given row up to the first row with an entity at or after the last given row. */
  const linksOf = (num: number, rows: readonly LogRow[]): readonly Link[] => {
    const [first = 0, last = 0] = [rows[0], rows.at(-1)].flatMap((row) => row?.position ?? []);
    const links: Link[] = [];
    for (let link = nextOf.get(num, first - 1); link; link = nextOf.get(num, link.position)) {
      links.push(link);
      if (link.position >= last && link.doc !== '') break;
    }
    return links;
  };

  const presentEntity = (num: number): Entity => {
    const doc = present.get(num);
    if (doc === undefined) throw new Error(`The file ${database.name} has lost the entity with the number ${num}.`);
    return entityIn(doc);
  };

  /** Adds the entities of the rows of one number, and of some others, newest first. */
  const addTo = (entities: Map<Position, Entity>, num: number, rows: readonly LogRow[]): void => {
    let state: Entity | undefined;
    for (const { position, doc, undo } of linksOf(num, rows).toReversed()) {
      const entity: Entity = doc === '' ? (state ?? presentEntity(num)) : entityIn(doc);
      entities.set(position, entity);
      state = undo === null ? entity : undone(entity, undoIn(undo));
    }
  };

  return (rows) => {
    const entities = new Map<Position, Entity>();
    const missing = rows.filter(({ doc }) => doc === '');
    for (const [num, group] of Map.groupBy(missing, (row) => row.num ?? -1)) addTo(entities, num, group);
    return entities;
  };
}
