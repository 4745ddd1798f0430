/** The change log, read on the reading connection; the writer tells when there is more. */
import type { Database } from 'better-sqlite3';
import { microsOfInstant } from '../../core/model/instant.ts';
import type { Log, Position } from '../../core/port/store.ts';
import { type LogRow, recordIn } from './log-rows.ts';
import type { SendJob, Writer } from './writer/writer.ts';

/** Records that are pruned in one transaction: others' writes are to come in between. */
const pruneMax = 500;

export function createLog(
  database: Database,
  { send, follow }: { send: SendJob; follow: (listener: (position: Position) => void) => ReturnType<Writer['follow']> },
): Log {
  const newest = database.prepare<[], Position>('SELECT position FROM log ORDER BY position DESC LIMIT 1').pluck();
  const pruned = database.prepare<[], Position>("SELECT value FROM meta WHERE key = 'prunedTo'").pluck();
  const read = database.prepare<[Position, number], LogRow>(
    'SELECT position, at, event, doc, rest FROM log WHERE position > ? ORDER BY position LIMIT ?',
  );
  return {
    position: () => Promise.resolve(newest.get() ?? pruned.get() ?? 0),
    prunedTo: () => Promise.resolve(pruned.get() ?? 0),
    read: (after, limit) => Promise.resolve(read.all(after, limit).map(recordIn)),
    follow,
    async prune({ before, records }) {
      let gone = 0;
      for (;;) {
        const now = Number(await send({ op: 'prune', before: microsOfInstant(before), records, limit: pruneMax }));
        gone += now;
        if (now < pruneMax) return gone;
      }
    },
  };
}
