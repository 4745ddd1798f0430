/** Goes through everybody who may have a history, in the order in which they first came: present and departed entities. */
import type { Database } from 'better-sqlite3';
import type { EntitySelector, Filter } from '../../../core/language/filter.ts';
import type { PlanQuery, SearchLimits } from './query-planner.ts';
import type { NameReader } from '../names.ts';
import { stringsIn } from '../own-text.ts';
import { type EntityRow, pageColumns, type Pager, type Rows } from './rows.ts';

/** Somebody with a history. `doc`: the entity is in the file, expired or not; undefined when it has gone meanwhile. */
export type Subject =
  | { readonly subject: number; readonly doc: () => string | undefined }
  | { readonly subject: number; readonly id: string; readonly types: readonly string[] };

/** Ascending by subject, at most `size` behind one. */
type SubjectPager = (after: number, size: number) => readonly Subject[];

export type Subjects = (filter: Filter, limits: SearchLimits) => Promise<SubjectPager>;

interface Indexes {
  readonly names: NameReader;
  readonly planQuery: PlanQuery;
  readonly rows: Rows;
}

/** A superset of those whose present entity, or whose last types, are what a filter asks for. */
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

/** Those whose place among entities is their place among subjects; the others come from `returned`. */
function firstTimers(pager: Pager, after: number, size: number): readonly EntityRow[] {
  for (let last = after; ; ) {
    const page = pager(last, size);
    const kept = page.filter(({ num, subject }) => num === subject);
    const end = page.at(-1);
    if (kept.length > 0 || !end || page.length < size) return kept;
    last = end.num;
  }
}

/**
 * What several pagers give, in order. A page that is not full does not end here: only an empty one does, because
 * `firstTimers` leaves rows out.
 */
function merged(pagers: readonly SubjectPager[]): SubjectPager {
  return (after, size) => {
    const pages = pagers.map((pager) => pager(after, size));
    // Behind the end of a page there may be more of its pager: nothing from beyond it may be told yet.
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

/** Departed entities of the ids or types that a filter's selectors allow. */
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

/** The only type that is asked for; undefined when it is not one. */
function typeOf(selectors: readonly EntitySelector[] | undefined): string | undefined {
  const [selector] = selectors ?? [];
  return selectors?.length === 1 && selector?.types?.op === 'type' ? selector.types.type : undefined;
}

const fromDeleted = ({ id, subject, types }: DeletedRow): Subject => ({ id, subject, types: stringsIn(types) });

const sorted = (subjects: readonly Subject[]): readonly Subject[] => subjects.toSorted((a, b) => a.subject - b.subject);
