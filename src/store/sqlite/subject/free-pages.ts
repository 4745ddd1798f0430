/**
 * Overwrites free pages of a file. All connections that write have `secure_delete = FAST`, with which SQLite overwrites what it deletes within
 * a page, but leaves the content of pages that become free. These pages are taken into use and filled with zeros here.
 */
import type { Database } from 'better-sqlite3';

/** What the next slice does: it takes free pages into use, or gives them back after the last one was taken. */
export type OverwritePhase = 'take' | 'give';

const pageBytes = 4096;
/** Pages per slice: some milliseconds. */
const pagesMax = 500;

/**
 * Does one slice. Returns the phase of the next one. Undefined: all pages that were free are overwritten. A table holds the pages until then,
 * because SQLite would take the same ones again. After a crash, the next run continues with the table.
 */
export function overwriteFreePages(database: Database, phase: OverwritePhase): OverwritePhase | undefined {
  database.exec('CREATE TABLE IF NOT EXISTS overwritten (zeros BLOB NOT NULL)');
  const free = Number(database.pragma('freelist_count', { simple: true }));
  if (phase === 'take' && free > 0) {
    // The size fills the pages that it takes to their ends.
    const bytes = 600 + (pageBytes - 4) * Math.max(0, Math.min(pagesMax, free) - 3);
    database.prepare<[number]>('INSERT INTO overwritten VALUES (zeroblob(?))').run(bytes);
    return 'take';
  }
  const give = database.prepare('DELETE FROM overwritten WHERE rowid = (SELECT max(rowid) FROM overwritten)');
  if (give.run().changes > 0) return 'give';
  database.exec('DROP TABLE overwritten');
  return undefined;
}
