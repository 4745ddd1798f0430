/** Divides the memory budget among its holders and counts the bytes that they use. */
import { totalmem } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { CacheShare } from '../core/jsonld/bounded-cache.ts';
import { Problem } from '../core/model/problem.ts';
import { createMemoryMeter, type Holder, type Memory } from '../core/port/memory.ts';
import type { Observe } from '../core/port/observe.ts';
import { createRenderCache, type RenderCache } from '../core/representation/rendered.ts';

export const holders = ['bodies', 'answers', 'streams', 'caches'] as const satisfies readonly Holder[];

/** The shares of the holders, in eighths of the budget. */
const eighths: Readonly<Record<Holder, number>> = { bodies: 3, answers: 2, streams: 2, caches: 1 };

const what: Readonly<Record<Holder, string>> = {
  bodies: 'bodies of requests',
  answers: 'answers that clients have not taken yet',
  streams: 'streams that clients have not taken yet',
  caches: 'caches',
};

/** Discarded bytes after which young garbage is collected. */
const garbageMax = 8 * 2 ** 20;

/**
 * V8 puts what it parses from a text above 100 KiB among the old objects at once, where only a full collection, of about 30 ms, frees it.
 * Bytes of such texts after which there is one.
 */
const [oldTextBytes, oldGarbageMax] = [100 * 2 ** 10, 32 * 2 ** 20];

/** With at most this budget, memory is scarce: garbage is collected sooner, which costs up to a tenth of the throughput. */
const scarceBytes = 256 * 2 ** 20;

/**
 * Makes V8 collect garbage before its size much exceeds the memory in use, where memory is scarce. Returns the function that collects
 * garbage. Without it, V8 keeps hundreds of megabytes of long strings while it builds a large answer.
 */
function limitHeapGrowth(budgetBytes: number): (type: Generations) => void {
  if (budgetBytes <= scarceBytes) setFlagsFromString('--heap-growing-percent=60');
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  return (type) => {
    if (isCollect(collect)) collect({ type });
  };
}

/** The young objects, or all. */
type Generations = 'minor' | 'major';

const isCollect = (value: unknown): value is (how: { readonly type: Generations }) => void =>
  typeof value === 'function';

/** What the holders hold. */
interface Held {
  readonly get: (holder: Holder) => number;
  readonly add: (holder: Holder, bytes: number) => void;
}

function createHeld(): Held {
  const held: Record<Holder, number> = { bodies: 0, answers: 0, streams: 0, caches: 0 };
  return {
    get: (holder) => held[holder],
    add: (holder, bytes) => {
      held[holder] += bytes;
    },
  };
}

/** The memory for `createSharedHeld` of each thread. */
export const newHeldMemory = (): SharedArrayBuffer =>
  new SharedArrayBuffer(holders.length * BigInt64Array.BYTES_PER_ELEMENT);

/** What the holders of all threads hold. */
export function createSharedHeld(memory: SharedArrayBuffer): Held {
  const numbers = new BigInt64Array(memory);
  return {
    get: (holder) => Number(Atomics.load(numbers, holders.indexOf(holder))),
    add: (holder, bytes) => void Atomics.add(numbers, holders.indexOf(holder), BigInt(bytes)),
  };
}

/** `held`: absent, it is that of this thread. */
export function createMemory(budgetBytes: number, observe: Observe, held = createHeld()): Memory {
  const share = (holder: Holder): number => Math.floor((budgetBytes * eighths[holder]) / 8);
  const collect = limitHeapGrowth(budgetBytes);
  let [garbage, oldGarbage] = [0, 0];
  const discard = (bytes: number): void => {
    garbage += bytes;
    if (garbage < garbageMax) return;
    garbage = 0;
    collect('minor');
  };
  return {
    share,
    held: held.get,
    count: held.add,
    discard,
    discardEntity: (bytes) => {
      if (bytes >= oldTextBytes) oldGarbage += bytes;
      if (oldGarbage < oldGarbageMax) return discard(bytes);
      [garbage, oldGarbage] = [0, 0];
      collect('major');
    },
    refusal: (holder) => {
      observe({ kind: 'memoryRefused', holder });
      return new Problem(
        'MemoryBudgetExceeded',
        `The ${what[holder]} hold the ${share(holder)} bytes that they may (--memory-budget); try again later.`,
      );
    },
  };
}

/** The caches that share the bytes for caches: rendered entities, compiled @contexts, and loaded documents. In eighths of these bytes. */
const cacheEighths = { renders: 4, contexts: 3, documents: 1 } as const;

/** What one of the caches may hold, when each of `threads` has one. */
export const cacheShareOf = (memory: Memory, cache: keyof typeof cacheEighths, threads = 1): CacheShare => ({
  bytesMax: Math.floor((memory.share('caches') * cacheEighths[cache]) / 8 / threads),
  onBytes: createMemoryMeter(memory, 'caches'),
});

/** The cache of rendered entities, of `bytesMax` bytes or its share, whichever is less. Each of `threads` has a part of it. */
export function createCountedRenders(memory: Memory, bytesMax: number, threads: number): RenderCache {
  const share = cacheShareOf(memory, 'renders', threads);
  return createRenderCache(Math.min(Math.floor(bytesMax / threads), share.bytesMax), share.onBytes);
}

const mebibyte = 2 ** 20;

/** The bounds of the default budget. With less, bodies of ordinary size do not fit; more has no benefit. */
const [budgetMinBytes, budgetMaxBytes] = [64 * mebibyte, 1024 * mebibyte];

/** The budget in bytes: the value of the option, or a quarter of the memory that the process may use. */
export function memoryBudgetOf(option: string): number {
  const bytes = bytesIn(option);
  if (bytes !== undefined) return bytes;
  // The limit of the control group. Without one, Node.js returns 0 or a number beyond all memory.
  const constrained = process.constrainedMemory();
  const machine = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return Math.min(Math.max(Math.floor(machine / 4), budgetMinBytes), budgetMaxBytes);
}

const units: Readonly<Record<string, number>> = {
  '': 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: mebibyte,
  gib: 2 ** 30,
};

/** The bytes in a text such as `256MB`; undefined when it is invalid or less than the broker needs. */
export function bytesIn(text: string): number | undefined {
  const [, digits = '', unit = ''] = /^(\d{1,15})([kmg]i?b)?$/i.exec(text) ?? [];
  const bytes = Number(digits) * (units[unit.toLowerCase()] ?? 1);
  return digits === '' || bytes < 16 * mebibyte ? undefined : bytes;
}
