/** The numbers in memory that all threads share. */
import { newHeldMemory } from '../memory.ts';
import type { SharedMemory } from './messages.ts';
import { newAccountMemory } from './shared-accounts.ts';

const newNumber = (): SharedArrayBuffer => new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);

export const newSharedMemory = (): SharedMemory => ({
  held: newHeldMemory(),
  accounts: newAccountMemory(),
  notices: newNumber(),
  auditFull: newNumber(),
});

/** Milliseconds of a clock that nobody sets. It has the same beginning in all threads. */
export function sharedSteadyMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
