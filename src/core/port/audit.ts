/** The audit: where lines are collected, and where they are kept. */
import type { AuditLine } from '../model/audit-line.ts';

/** Which lines to find, of one tenant. All members must be met. */
export interface AuditQuery {
  readonly tenant: string;
  /** Terms that the line has (`auditTermsOf`). */
  readonly terms: readonly string[];
  /** Only ids that are not smaller. */
  readonly from?: string;
  /** Only smaller ids. */
  readonly below?: string;
  readonly limit: number;
}

/** Which lines are removed. */
export interface AuditPruning {
  /** All with smaller ids. */
  readonly below: string;
  /** Of the lines that read what is not marked as personal (`isRead`), all but this number of newest ones. */
  readonly readsMax: number;
}

/** Keeps the lines of all tenants. Methods throw what `Store` throws. */
export interface AuditTrail {
  /** Resolves after the lines are durable. A line whose id is kept already is ignored, so that a call can be repeated. */
  append(lines: readonly AuditLine[]): Promise<void>;
  /** The newest lines first. */
  find(query: AuditQuery): Promise<readonly AuditLine[]>;
  /** Removes lines. Returns how many. */
  prune(pruning: AuditPruning): Promise<number>;
}

/** Collects lines, and writes them after the request. */
export interface Audit {
  /** Which requests get a line: all, or only those that change something or are refused. What reads personal data gets lines always. */
  readonly scope: 'all' | 'changes' | 'personal';
  /** Expanded types of entities that are about persons: each read of one gets a line. */
  readonly personalTypes: ReadonlySet<string>;
  /** Throws Unavailable when too many lines wait: without its line, nothing is done. */
  requireRoom(): void;
  /** Never throws. */
  add(line: Omit<AuditLine, 'id'>): void;
}
