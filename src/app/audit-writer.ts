/** Collects lines of the audit and writes them a moment later, many at a time, so that no request waits for them. */
import { randomBytes } from 'node:crypto';
import { auditIdOf, type AuditLine } from '../core/model/audit-line.ts';
import { microsOfInstant } from '../core/model/instant.ts';
import { Problem } from '../core/model/problem.ts';
import type { Audit, AuditTrail } from '../core/port/audit.ts';
import type { Clock } from '../core/port/clock.ts';
import type { Observe } from '../core/port/observe.ts';
import { createAuditCounts } from './audit-counts.ts';

/** Time in milliseconds from a line to its writing. A crash of the broker loses the lines of this time. */
const delayMs = 100;
/** Time in milliseconds after a failure. */
const retryMs = 1000;
/** Lines that are written together. */
const batchMax = 5000;
/** Lines that may wait. At this number, requests are refused until some are written. */
const waitingMax = 50_000;

export interface AuditWriterOptions extends Pick<Audit, 'scope' | 'personalTypes'> {
  readonly trail: AuditTrail;
  readonly clock: Clock;
  readonly observe: Observe;
}

interface State extends AuditWriterOptions {
  waiting: AuditLine[];
  timer: NodeJS.Timeout | undefined;
  /** The writing that is under way. */
  writing: Promise<void>;
  isFailing: boolean;
}

export function createAuditWriter(options: AuditWriterOptions): Audit {
  const { scope, personalTypes } = options;
  const state: State = {
    ...options,
    waiting: [],
    timer: undefined,
    writing: Promise.resolve(),
    isFailing: false,
  };
  const nextId = createNextId(options.clock);
  const hasRoom = (): boolean => state.waiting.length < waitingMax;
  const add: Audit['add'] = (line) => {
    state.waiting.push({ id: nextId(), ...line });
    schedule(state, delayMs);
  };
  const counts = createAuditCounts({ scope, personalTypes, add, hasRoom });
  return {
    scope,
    personalTypes,
    requireRoom: () => {
      if (!hasRoom())
        throw new Problem('Unavailable', 'The audit cannot be written now, and nothing is done without it.');
    },
    add,
    addRefused: counts.addRefused,
    recordNotifications: counts.recordNotifications,
    flush: () => {
      counts.flush();
      return flush(state);
    },
  };
}

async function flush(state: State): Promise<void> {
  await state.writing;
  // A writing that ends with lines left starts the timer again, so the timer is cleared after it.
  clearTimeout(state.timer);
  state.timer = undefined;
  do await writeBatch(state);
  while (state.waiting.length > 0 && !state.isFailing);
}

/** Ids of this broker, each later than the one before, also when the clock is set back. */
function createNextId(clock: Clock): () => string {
  const suffix = randomBytes(3).toString('hex');
  let last = 0;
  return () => {
    last = Math.max(last + 1, microsOfInstant(clock.now()));
    return auditIdOf(last, suffix);
  };
}

function schedule(state: State, ms: number): void {
  state.timer ??= setTimeout(() => {
    state.writing = writeBatch(state).finally(() => {
      state.timer = undefined;
      if (state.waiting.length > 0) schedule(state, state.isFailing ? retryMs : delayMs);
    });
  }, ms);
}

/** Never rejects. Lines that could not be written wait again, before the others. */
async function writeBatch(state: State): Promise<void> {
  const lines = state.waiting.splice(0, batchMax);
  try {
    await state.trail.append(lines);
    state.isFailing = false;
  } catch (cause) {
    state.waiting = [...lines, ...state.waiting];
    if (!state.isFailing) state.observe({ kind: 'failed', where: 'audit', cause });
    state.isFailing = true;
  }
}
