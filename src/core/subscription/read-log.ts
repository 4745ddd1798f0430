/** Reads the change log so that a loss never goes unseen. */
import type { Log, LogRecord, Position } from '../port/store.ts';

/** The next records; or, when some behind `after` have been pruned, the position from which on there are records again. */
export type LogPage =
  | { readonly gapTo: Position }
  | { readonly gapTo?: undefined; readonly records: readonly LogRecord[] };

export async function readLog(log: Log, after: Position, limit: number): Promise<LogPage> {
  const records = await log.read(after, limit);
  // Asked for after the reading: a pruning in between cannot hide.
  const prunedTo = await log.prunedTo();
  const first = records[0]?.position;
  const isWhole = prunedTo <= after || (first !== undefined && first <= prunedTo);
  return isWhole ? { records } : { gapTo: prunedTo };
}
