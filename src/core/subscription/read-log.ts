/** Reads the change log and detects gaps left by pruning. */
import type { Log, LogRecord, Position } from '../port/store.ts';

/** What is read: a log, or only a part of its records. */
export interface LogReader<Found extends { readonly position: Position }> extends Pick<Log, 'prunedTo'> {
  read(after: Position, limit: number): Promise<readonly Found[]>;
}

/** The next records. When records after `after` have been pruned: the position of the last pruned record. */
export type LogPage<Found = LogRecord> =
  | { readonly gapTo: Position }
  | { readonly gapTo?: undefined; readonly records: readonly Found[] };

/** Positions are consecutive. A record that is missing was pruned before or during the read. Throws what the log throws. */
export async function readLog<Found extends { readonly position: Position }>(
  log: LogReader<Found>,
  after: Position,
  limit: number,
): Promise<LogPage<Found>> {
  const records = await log.read(after, limit);
  const [first] = records;
  if (first && first.position > after + 1) return { gapTo: first.position - 1 };
  const hole = records.findIndex(({ position }, index) => position !== after + 1 + index);
  if (first) return { records: hole === -1 ? records : records.slice(0, hole) };
  // Asked after the read, so that a pruning in between is detected.
  const prunedTo = await log.prunedTo();
  return prunedTo > after ? { gapTo: prunedTo } : { records };
}
