/** Pages through all subjects that may have a history, in the order of their first creation: present and departed entities. */
import type { Database } from 'better-sqlite3';
import type { EntitySelector, Filter } from '../../../core/language/filter.ts';
import type { PlanQuery, SearchLimits } from './query-planner.ts';
import type { NameReader } from '../names.ts';
import { stringsIn } from '../own-text.ts';
import { type EntityRow, pageColumns, type Pager, type Rows } from './rows.ts';

/** A subject with a history. `doc`: the stored entity, expired or not; undefined when it was removed meanwhile. */
export type Subject =
  | { readonly subject: number; readonly doc: () => string | undefined }
  | { readonly subject: number; readonly id: string; readonly types: readonly string[] };

/** At most `size` subjects after one, ascending. */
type SubjectPager = (after: number, size: number) => readonly Subject[];

export type Subjects = (filter: Filter, limits: SearchLimits) => Promise<SubjectPager>;

interface Indexes {
  readonly names: NameReader;
  readonly planQuery: PlanQuery;
  readonly rows: Rows;
}

/** A superset of the subjects whose present entity, or whose last types, match a filter. */
export function createSubjects(database: Database, { names, planQuery, rows }: Indexes): Subjects {
  const returned = database.prepare<[number, number], EntityRow>(
    `SELECT ${pageColumns} FROM entity
     WHERE subject <> num AND subject > ? ORDER BY subject LIMIT ?`,
  );
  const departed = createDeletedPager(database, names);
  return async (filter, limits) => {
    const { pager } = await planQuery(filter, limits);
    const fromRow = (row: EntityRow): Subject => ({ subject: row.subject, doc: () => rows.whole(row)?.doc });
    return merged([
      (after, size) => firstTimers(pager, after, size).map(fromRow),
      (after, size) => returned.all(after, size).map(fromRow),
      departed(filter),
    ]);
  };
}

/** The entities whose `num` is their `subject`. The others come from `returned`. */
function firstTimers(pager: Pager, after: number, size: number): readonly EntityRow[] {
  for (let last = after; ; ) {
    const { rows, next } = pager(last, size);
    const kept = rows.filter(({ num, subject }) => num === subject);
    if (kept.length > 0 || next === undefined) return kept;
    last = next;
  }
}

/** Merges several pagers in order. A page that is not full is not the end: only an empty one is, because `firstTimers` leaves rows out. */
function merged(pagers: readonly SubjectPager[]): SubjectPager {
  return (after, size) => {
    const pages = pagers.map((pager) => pager(after, size));
    // A pager may have more rows after its page: leave out everything after the end of the shortest page.
    const ends = pages.flatMap((page) => page.at(-1)?.subject ?? []);
    const horizon = Math.min(...ends);
    return pages
      .flat()
      .filter(({ subject }) => subject <= horizon)
      .sort((a, b) => a.subject - b.subject);
  };
}

interface DeletedRow {
  readonly id: string;
  readonly subject: number;
  readonly types: string;
}

/** Departed entities with the ids or types that a filter's selectors allow. */
function createDeletedPager(database: Database, names: NameReader): (filter: Filter) => SubjectPager {
  const byId = database.prepare<[string], DeletedRow>('SELECT id, subject, types FROM departed WHERE id = ?');
  const all = database.prepare<[number, number], DeletedRow>(
    'SELECT id, subject, types FROM departed WHERE subject > ? ORDER BY subject LIMIT ?',
  );
  const ofType = database.prepare<[number, number, number], DeletedRow>(
    `SELECT id, departed.subject, types FROM departed_type CROSS JOIN departed ON departed.subject = departed_type.subject
     WHERE type = ? AND departed_type.subject > ? ORDER BY departed_type.subject LIMIT ?`,
  );
  return (filter) => {
    const ids = filter.selectors?.map((selector) => selector.ids);
    if (ids && !ids.includes(undefined)) {
      const rows = ids.flatMap((list) => list ?? []).flatMap((id) => byId.get(id) ?? []);
      const subjects = [...new Map(rows.map((row) => [row.id, row])).values()].map(fromDeleted);
      return (after, size) =>
        sorted(subjects)
          .filter(({ subject }) => subject > after)
          .slice(0, size);
    }
    const type = typeOf(filter.selectors);
    if (type === undefined) return (after, size) => all.all(after, size).map(fromDeleted);
    const num = names.numOf(type);
    return num === undefined ? () => [] : (after, size) => ofType.all(num, after, size).map(fromDeleted);
  };
}

/** The only type in the selectors; undefined when there is not exactly one. */
function typeOf(selectors: readonly EntitySelector[] | undefined): string | undefined {
  const [selector] = selectors ?? [];
  return selectors?.length === 1 && selector?.types?.op === 'type' ? selector.types.type : undefined;
}

const fromDeleted = ({ id, subject, types }: DeletedRow): Subject => ({ id, subject, types: stringsIn(types) });

const sorted = (subjects: readonly Subject[]): readonly Subject[] => subjects.toSorted((a, b) => a.subject - b.subject);
