/**
 * Caches blocks of a log, so that consumers that read near the same position share the records: each record is parsed and rendered once.
 */
import type { Log, LogRecord, Position } from '../port/store.ts';

/** Positions per block, and most blocks in the cache. */
const blockSize = 200;
const blocksMax = 8;

/** A log with a cache. A read returns no records beyond the block that it starts in. */
export function shareLog(log: Log): Log {
  /** By block number, the least recently used first. Reads of one block run one after the other. */
  const blocks = new Map<number, Promise<readonly LogRecord[]>>();
  const keep = (number: number, records: Promise<readonly LogRecord[]>): void => {
    blocks.delete(number);
    blocks.set(number, records);
    const [eldest] = blocks.keys();
    if (blocks.size > blocksMax && eldest !== undefined) blocks.delete(eldest);
    // A failure concerns current callers only: later callers try again.
    records.catch(() => blocks.get(number) === records && blocks.delete(number));
  };
  return {
    ...log,
    async read(after, limit) {
      const number = Math.floor(after / blockSize);
      const known = blocks.get(number) ?? Promise.resolve([]);
      const records = known.then((some) => readOn(log, { number, known: some, after }));
      keep(number, records);
      const found = await records;
      const from = found.findIndex(({ position }) => position > after);
      return from === -1 ? [] : found.slice(from, from + limit);
    },
  };
}

interface Block {
  readonly number: number;
  readonly known: readonly LogRecord[];
}

/** The block, with records beyond `after` if there are any. */
async function readOn(log: Log, { number, known, after }: Block & { after: Position }): Promise<readonly LogRecord[]> {
  const last = known.at(-1)?.position ?? number * blockSize;
  if (last > after) return known;
  const more = await log.read(last, (number + 1) * blockSize - last);
  return more.length === 0 ? known : [...known, ...more];
}
