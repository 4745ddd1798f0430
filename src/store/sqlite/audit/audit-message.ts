/** Messages between the main thread and the thread of the audit. */
import type { AuditPruning, AuditQuery, AuditSubjectSlice } from '../../../core/port/audit.ts';
import type { Failure } from '../failure.ts';
import type { AuditPage } from './audit-database.ts';

export type AuditTask =
  /** `lines`: a JSON array. One text crosses threads faster than many objects. */
  | { readonly op: 'append'; readonly lines: string }
  | { readonly op: 'find'; readonly query: AuditQuery }
  | { readonly op: 'prune'; readonly pruning: AuditPruning }
  | { readonly op: 'subject'; readonly slice: AuditSubjectSlice }
  | { readonly op: 'close' };

/** What a task results in: the texts of lines, or the number of removed lines. */
export interface AuditResult extends AuditPage {
  readonly removed: number;
}

export interface ToAuditThread {
  readonly seq: number;
  readonly task: AuditTask;
}

export type FromAuditThread =
  | { readonly seq: number; readonly result: AuditResult }
  | { readonly seq: number; readonly failure: Failure };
