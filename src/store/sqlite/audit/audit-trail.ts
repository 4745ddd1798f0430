/** The audit in a SQLite file of its own. Its thread starts at the first use, so that a broker without an audit has none. */
import { Worker } from 'node:worker_threads';
import { type AuditLine, auditLineIn } from '../../../core/model/audit-line.ts';
import { Problem } from '../../../core/model/problem.ts';
import type { AuditTrail } from '../../../core/port/audit.ts';
import { documentIn } from '../../../core/port/document-collection.ts';
import { errorOf } from '../failure.ts';
import type { AuditResult, AuditTask, FromAuditThread } from './audit-message.ts';

export interface FileAuditTrail extends AuditTrail {
  /** Waits for running tasks. */
  close(): Promise<void>;
}

/** The name of the file. No tenant has it. */
export const auditFile = 'audit.db';

export function createAuditTrail(path: string): FileAuditTrail {
  let thread: Thread | undefined;
  let isClosed = false;
  const ask = (task: AuditTask): Promise<AuditResult> => {
    if (isClosed) return Promise.reject(new Problem('Unavailable', 'The store is closed.'));
    thread ??= startThread(path, () => (thread = undefined));
    return thread.ask(task);
  };
  return {
    append: async (lines) => {
      if (lines.length > 0) await ask({ op: 'append', lines: JSON.stringify(lines) });
    },
    find: async (query) => {
      const lines: AuditLine[] = [];
      let rest = query;
      for (;;) {
        const { texts, next } = await ask({ op: 'find', query: rest });
        lines.push(...texts.flatMap(linesIn));
        if (next === undefined) return lines;
        rest = { ...query, below: next, limit: query.limit - lines.length };
      }
    },
    prune: async (pruning) => {
      let count = 0;
      for (;;) {
        const { removed } = await ask({ op: 'prune', pruning });
        if (removed === 0) return count;
        count += removed;
      }
    },
    subject: async (slice) => {
      const { texts, next } = await ask({ op: 'subject', slice });
      return { lines: texts.flatMap(linesIn), ...(next === undefined ? undefined : { next }) };
    },
    close: async () => {
      if (thread) await ask({ op: 'close' }).catch(() => undefined);
      isClosed = true;
    },
  };
}

const linesIn = (text: string): readonly AuditLine[] => [auditLineIn(documentIn(text)) ?? []].flat();

interface Thread {
  ask(task: AuditTask): Promise<AuditResult>;
}

interface Pending {
  readonly resolve: (result: AuditResult) => void;
  readonly reject: (error: Error) => void;
}

/** `died` is called when the thread has ended. Its tasks fail then. */
function startThread(path: string, died: () => void): Thread {
  // In src the worker is TypeScript, in dist it is compiled JavaScript.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const worker = new Worker(new URL(`./audit-worker.${extension}`, import.meta.url), { workerData: path });
  const pending = new Map<number, Pending>();
  let last = 0;
  const failAll = (cause?: unknown): void => {
    died();
    for (const { reject } of pending.values())
      reject(new Problem('Unavailable', 'The thread of the audit has ended.', cause));
    pending.clear();
  };
  worker.on('message', (message: FromAuditThread) => {
    const one = pending.get(message.seq);
    pending.delete(message.seq);
    if ('result' in message) one?.resolve(message.result);
    else one?.reject(errorOf(message.failure));
  });
  worker.on('error', failAll);
  worker.once('exit', () => failAll());
  return {
    ask: (task) =>
      new Promise((resolve, reject) => {
        last += 1;
        pending.set(last, { resolve, reject });
        worker.postMessage({ seq: last, task });
      }),
  };
}
