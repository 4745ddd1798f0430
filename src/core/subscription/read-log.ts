/** Reads the change log so that a loss never goes unseen. */
import type { Log, LogRecord, Position } from '../port/store.ts';

/** The next records; or, when some behind `after` have been pruned, the position from which on there are records again. */
export type LogPage =
  | { readonly gapTo: Position }
  | { readonly gapTo?: undefined; readonly records: readonly LogRecord[] };

/** Positions have no gaps: what is missing between records was pruned, before the reading or while it went on. */
export async function readLog(log: Log, after: Position, limit: number): Promise<LogPage> {
  const records = await log.read(after, limit);
  const [first] = records;
  if (first && first.position > after + 1) return { gapTo: first.position - 1 };
  const hole = records.findIndex(({ position }, index) => position !== after + 1 + index);
  if (first) return { records: hole === -1 ? records : records.slice(0, hole) };
  // Asked for after the reading: a pruning in between cannot hide.
  const prunedTo = await log.prunedTo();
  return prunedTo > after ? { gapTo: prunedTo } : { records };
}
