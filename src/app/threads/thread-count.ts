/** Decides how many HTTP threads a broker has. */
import { availableParallelism } from 'node:os';
import type { Config } from '../config/options.ts';
import { memoryBudgetOf } from '../memory.ts';

/** The most threads that a broker has without being told so. */
const usualMax = 8;

/** A thread takes about half of this, besides its share of the budget. */
const budgetOfThread = 128 * 2 ** 20;

/** Where several threads can listen on the same port, and the system divides the connections among them, as Node.js documents it. */
const dividingPlatforms: readonly string[] = ['linux', 'freebsd', 'sunos', 'aix'];

/** The number that the option says. Where it says 0, one for each core, within what the memory and the operating system allow. */
export function threadCountOf({ threads, store, memoryBudget }: Config): number {
  // The store is in the memory of one thread.
  if (store === 'memory') return 1;
  if (threads > 0) return threads;
  if (!dividingPlatforms.includes(process.platform)) return 1;
  const affordable = Math.floor(memoryBudgetOf(memoryBudget) / budgetOfThread);
  return Math.max(1, Math.min(availableParallelism(), usualMax, affordable));
}
