/** The thread of the audit: carries out one task after the other, so that no request waits for the audit. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { auditLineIn } from '../../../core/model/audit-line.ts';
import { isArray, parseJson } from '../../../core/model/json.ts';
import { failureOf } from '../failure.ts';
import { type AuditDatabase, openAuditDatabase } from './audit-database.ts';
import type { AuditResult, AuditTask, FromAuditThread, ToAuditThread } from './audit-message.ts';

/** A type assertion: only the main thread posts here. */
const isToAuditThread = (message: unknown): message is ToAuditThread => message !== undefined;

if (parentPort) serve(parentPort, String(workerData));

function serve(port: MessagePort, path: string): void {
  let opened: AuditDatabase | undefined;
  const say = (message: FromAuditThread): void => port.postMessage(message);
  port.on('message', (message: unknown) => {
    if (!isToAuditThread(message)) return;
    const { seq, task } = message;
    try {
      opened ??= openAuditDatabase(path);
      say({ seq, result: carryOut(opened, task) });
    } catch (error) {
      say({ seq, failure: failureOf(error, path) });
    }
    if (task.op === 'close') port.close();
  });
}

function carryOut(database: AuditDatabase, task: AuditTask): AuditResult {
  switch (task.op) {
    case 'append': {
      const lines = parseJson(task.lines);
      database.append(isArray(lines) ? lines.flatMap((line) => auditLineIn(line) ?? []) : []);
      return { texts: [], removed: 0 };
    }
    case 'find':
      return { ...database.find(task.query), removed: 0 };
    case 'prune':
      return { texts: [], removed: database.prune(task.pruning) };
    case 'subject': {
      const { lines, ...rest } = database.subject(task.slice);
      return { ...rest, texts: lines.map((line) => JSON.stringify(line)), removed: 0 };
    }
    case 'close':
      database.close();
      return { texts: [], removed: 0 };
  }
}
