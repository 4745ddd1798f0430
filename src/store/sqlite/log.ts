/** The change log. Reads on the reading connection; the writer reports new positions. */
import type { Database } from 'better-sqlite3';
import { microsOfInstant } from '../../core/model/instant.ts';
import { createPageEnd } from '../../core/port/log-page.ts';
import type { Log, LogRecord, Position, SkippedRecord } from '../../core/port/store.ts';
import { typesInText } from '../../core/port/types-in-text.ts';
import { type LogRow, recordIn } from './log-rows.ts';
import { entityIn } from './own-text.ts';
import { createPastEntities } from './past-entities.ts';
import type { SendJob, Writer } from './writer/writer.ts';

/** Records that one transaction prunes: other writes must get in between. */
const pruneMax = 500;

export function createLog(
  database: Database,
  { send, follow }: { send: SendJob; follow: (listener: (position: Position) => void) => ReturnType<Writer['follow']> },
): Log {
  const newest = database.prepare<[], Position>('SELECT position FROM log ORDER BY position DESC LIMIT 1').pluck();
  const pruned = database.prepare<[], Position>("SELECT value FROM meta WHERE key = 'prunedTo'").pluck();
  const reader = createReader(database);
  return {
    position: () => Promise.resolve(newest.get() ?? pruned.get() ?? 0),
    prunedTo: () => Promise.resolve(pruned.get() ?? 0),
    read: (after, limit) => Promise.resolve(reader.read(after, limit)),
    readAbout: (after, limit, isWanted) => Promise.resolve(reader.readAbout(after, limit, isWanted)),
    follow,
    async prune({ before, records, bytes = Number.MAX_SAFE_INTEGER }) {
      let gone = 0;
      for (;;) {
        const job = { op: 'prune', before: microsOfInstant(before), records, bytes, limit: pruneMax } as const;
        const now = Number(await send(job));
        gone += now;
        if (now < pruneMax) return gone;
      }
    },
  };
}

type TypesTest = (types: readonly string[]) => boolean;

interface Reader {
  read(after: Position, limit: number): readonly LogRecord[];
  readAbout(after: Position, limit: number, isWanted: TypesTest): readonly (LogRecord | SkippedRecord)[];
}

type Page = (after: Position, limit: number) => readonly LogRow[];

/** Reads a page of rows. A row without an entity counts as the present entity, once for all its rows: they share what did not change. */
function createPage(database: Database): Page {
  const read = database.prepare<[Position, number], LogRow>(
    'SELECT position, at, event, doc, rest, num FROM log WHERE position > ? ORDER BY position LIMIT ?',
  );
  const sizeOf = database.prepare<[number], number>('SELECT octet_length(doc) FROM entity WHERE num = ?').pluck();
  return (after, limit) => {
    const rows: LogRow[] = [];
    const counted = new Set<number>();
    const isFull = createPageEnd();
    for (const row of read.iterate(after, limit)) {
      const { doc, rest, num } = row;
      const isShared = doc === '' && num !== null && counted.size < counted.add(num).size;
      if (isFull(doc.length + (rest?.length ?? 0) + (isShared ? (sizeOf.get(num) ?? 0) : 0))) break;
      rows.push(row);
    }
    return rows;
  };
}

function createReader(database: Database): Reader {
  const page = createPage(database);
  const pastEntities = createPastEntities(database);
  const recordsOf = (rows: readonly LogRow[]): readonly LogRecord[] => {
    const past = pastEntities(rows);
    return rows.map((row) => recordIn(row, past.get(row.position) ?? entityIn(row.doc)));
  };
  // Rows without an entity depend on later rows: read all in one snapshot.
  const readWithPast = database.transaction((after: Position, limit: number) => recordsOf(page(after, limit)));
  const hasPast = (rows: readonly LogRow[]): boolean => rows.some(({ doc }) => doc === '');
  return {
    read(after, limit) {
      const rows = page(after, limit);
      return hasPast(rows) ? readWithPast(after, limit) : recordsOf(rows);
    },
    readAbout(after, limit, isWanted) {
      const rows = page(after, limit);
      const only = (record: LogRecord): LogRecord | SkippedRecord =>
        isWanted(record.entity.types) ? record : { position: record.position };
      if (hasPast(rows)) return readWithPast(after, limit).map(only);
      return rows.map((row) => {
        const types = typesInText(row.doc);
        return types && !isWanted(types) ? { position: row.position } : only(recordIn(row, entityIn(row.doc)));
      });
    },
  };
}
