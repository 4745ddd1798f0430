/**
 * Caches blocks of a log, so that consumers that read near the same position share the records: each record is parsed and rendered once.
 */
import { memorySize } from '../model/memory-size.ts';
import type { Log, LogRecord, Position } from '../port/store.ts';

/** Positions per block, and most blocks in the cache. */
const blockSize = 200;
const blocksMax = 8;

/** Most bytes in the cache, about. One block may exceed it by a page of the log. */
const bytesMax = 16 * 2 ** 20;

/** Consecutive records of a block, with their size in bytes. */
interface Block {
  /** The position before the first record. */
  readonly from: Position;
  readonly records: readonly LogRecord[];
  readonly bytes: number;
}

export interface SharedLog extends Log {
  /** Empties the cache: the log was rewritten. */
  forget(): void;
}

/** A log with a cache. A read returns no records beyond the block that it starts in. */
export function shareLog(log: Log): SharedLog {
  const blocks = createBlocks();
  return {
    ...log,
    forget: () => blocks.clear(),
    async read(after, limit) {
      const number = Math.floor(after / blockSize);
      const start = number * blockSize;
      const known = blocks.get(number) ?? Promise.resolve(emptyFrom(start));
      const block = known.then((some) => readOn(log, some, { after, end: start + blockSize }));
      blocks.keep(number, block);
      const { records } = await block;
      const from = records.findIndex(({ position }) => position > after);
      return from === -1 ? [] : records.slice(from, from + limit);
    },
  };
}

interface Blocks {
  clear(): void;
  get(number: number): Promise<Block> | undefined;
  /** Reads of one block run one after the other. */
  keep(number: number, block: Promise<Block>): void;
}

function createBlocks(): Blocks {
  /** By block number, the least recently used first. */
  const blocks = new Map<number, Promise<Block>>();
  const sizes = new Map<number, number>();
  const drop = (number: number | undefined): void => {
    if (number === undefined) return;
    blocks.delete(number);
    sizes.delete(number);
  };
  const measure = (number: number, { bytes }: Block): void => {
    if (blocks.has(number)) sizes.set(number, bytes);
    while (blocks.size > 1 && sum(sizes.values()) > bytesMax) drop(eldest(blocks));
  };
  return {
    clear: () => {
      blocks.clear();
      sizes.clear();
    },
    get: (number) => blocks.get(number),
    keep: (number, block) => {
      blocks.delete(number);
      blocks.set(number, block);
      if (blocks.size > blocksMax) drop(eldest(blocks));
      block.then(
        (read) => measure(number, read),
        // A failure concerns current callers only: later callers try again.
        () => {
          if (blocks.get(number) === block) drop(number);
        },
      );
    },
  };
}

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, number) => total + number, 0);

const eldest = (blocks: ReadonlyMap<number, unknown>): number | undefined => blocks.keys().next().value;

/** The block, with records after `after` if there are any before `end`. */
async function readOn(
  log: Log,
  known: Block,
  { after, end }: { readonly after: Position; readonly end: Position },
): Promise<Block> {
  // A block that has become too large, or begins later, begins anew.
  let block = after >= known.from ? known : emptyFrom(after);
  while (lastOf(block) <= after) {
    const last = lastOf(block);
    const more = await log.read(last, end - last);
    if (more.length === 0) return block;
    block = joined(block.bytes < bytesMax ? block : emptyFrom(last), more);
  }
  return block;
}

const emptyFrom = (from: Position): Block => ({ from, records: [], bytes: 0 });

const lastOf = ({ from, records }: Block): Position => records.at(-1)?.position ?? from;

const joined = ({ from, records, bytes }: Block, more: readonly LogRecord[]): Block => ({
  from,
  records: [...records, ...more],
  bytes: more.reduce((total, { entity }) => total + memorySize(entity), bytes),
});
