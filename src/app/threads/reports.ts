/** What the HTTP threads report to the main thread, which alone counts it, logs it and keeps it. */
import type { MessagePort } from 'node:worker_threads';
import type { Context } from '../../core/jsonld/context.ts';
import { Problem } from '../../core/model/problem.ts';
import type { Audit } from '../../core/port/audit.ts';
import type { Services } from '../../core/operation/operation.ts';
import type { Report } from './messages.ts';

/** How often the main thread looks whether a full audit takes lines again, in milliseconds. */
const fullMs = 100;

/** Takes reports in the main thread. */
export interface ReportTaker {
  readonly take: (reports: readonly Report[]) => void;
  /** Waits until all that was taken before is kept. */
  readonly kept: () => Promise<void>;
}

/** `auditFull`: the number that tells the threads so. */
export function createReportTaker(
  { observe, audit, contexts }: Pick<Services, 'observe' | 'audit' | 'contexts'>,
  auditFull: Int32Array,
): ReportTaker {
  const keeping = new Set<Promise<void>>();
  const keep = (work: Promise<void>): void => {
    const done = work.finally(() => keeping.delete(done));
    keeping.add(done);
  };
  const checkRoom = (): void => {
    const isFull = audit !== undefined && !hasRoom(audit);
    Atomics.store(auditFull, 0, isFull ? 1 : 0);
    if (isFull) setTimeout(checkRoom, fullMs).unref();
  };
  const take = (report: Report): void => {
    if (report.kind === 'observed') observe(report.observation);
    else if (report.kind === 'audited') audit?.add(report.line);
    else if (report.kind === 'refused') audit?.addRefused(report.line);
    else keep(Promise.resolve(contexts.recordUse({ ...contexts.core, documents: report.documents }, report.tenant)));
  };
  return {
    take: (reports) => {
      for (const report of reports) take(report);
      if (audit && reports.some(({ kind }) => kind === 'audited')) checkRoom();
    },
    kept: async () => {
      await Promise.all(keeping);
    },
  };
}

function hasRoom(audit: Audit): boolean {
  try {
    audit.requireRoom();
    return true;
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
}

/** Collects the reports of a thread. */
export interface Reporter {
  readonly report: (report: Report) => void;
  /** Notes that documents of a @context were used. */
  readonly contextUsed: (context: Context, tenant: string) => void;
  /** Takes what was not sent yet. */
  readonly take: () => readonly Report[];
}

/** Time in milliseconds from a report to its message. A message costs more than a report. */
const delayMs = 20;
const reportsMax = 500;

export function createReporter(port: MessagePort): Reporter {
  let waiting: Report[] = [];
  const used = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const take = (): readonly Report[] => {
    const reports = waiting;
    waiting = [];
    used.clear();
    clearTimeout(timer);
    timer = undefined;
    return reports;
  };
  const flush = (): void => port.postMessage(take());
  const report = (one: Report): void => {
    waiting.push(one);
    if (waiting.length >= reportsMax) return flush();
    timer ??= setTimeout(flush, delayMs);
  };
  return {
    report,
    take,
    contextUsed({ key, documents }, tenant) {
      const name = `${tenant} ${key}`;
      if (documents.length === 0 || used.has(name)) return;
      used.add(name);
      report({ kind: 'contextUsed', documents, tenant });
    },
  };
}
