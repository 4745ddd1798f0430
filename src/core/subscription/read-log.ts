/** Reads the change log and detects gaps left by pruning. */
import type { Log, LogRecord, Position } from '../port/store.ts';

/** The next records. When records after `after` have been pruned: the position of the last pruned record. */
export type LogPage =
  | { readonly gapTo: Position }
  | { readonly gapTo?: undefined; readonly records: readonly LogRecord[] };

/** Positions are consecutive. A record that is missing was pruned before or during the read. Throws what the log throws. */
export async function readLog(log: Log, after: Position, limit: number): Promise<LogPage> {
  const records = await log.read(after, limit);
  const [first] = records;
  if (first && first.position > after + 1) return { gapTo: first.position - 1 };
  const hole = records.findIndex(({ position }, index) => position !== after + 1 + index);
  if (first) return { records: hole === -1 ? records : records.slice(0, hole) };
  // Asked after the read, so that a pruning in between is detected.
  const prunedTo = await log.prunedTo();
  return prunedTo > after ? { gapTo: prunedTo } : { records };
}
