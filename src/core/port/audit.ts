/** The audit: where lines are collected, and where they are kept. */
import type { AuditLine } from '../model/audit-line.ts';
import type { Entity } from '../model/entity.ts';

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

/** Which lines name a subject: as the principal, the entity or another resource. */
export interface AuditSubjectSlice {
  readonly tenant: string;
  readonly id: string;
  /** True: the word `erased` replaces these members in the lines that are found. */
  readonly erases: boolean;
  /** The `next` of the slice before. */
  readonly after?: string;
}

/** The lines of one slice that name the subject. */
export interface AuditSubjectLines {
  /** The lines as they were before. */
  readonly lines: readonly AuditLine[];
  /** The `after` of the next slice. Absent: this was the last one. */
  readonly next?: string;
}

/** Keeps the lines of all tenants. Methods throw what `Store` throws. */
export interface AuditTrail {
  /** Resolves after the lines are durable. A line whose id is kept already is ignored, so that a call can be repeated. */
  append(lines: readonly AuditLine[]): Promise<void>;
  /** The newest lines first. */
  find(query: AuditQuery): Promise<readonly AuditLine[]>;
  /** Removes lines. Returns how many. */
  prune(pruning: AuditPruning): Promise<number>;
  /** Looks through one slice of the lines, and perhaps erases in them. An erasure can be repeated. */
  subject(slice: AuditSubjectSlice): Promise<AuditSubjectLines>;
}

/** To whom notifications go, as lines say it. */
export type Recipient = Pick<AuditLine, 'tenant' | 'principal' | 'address' | 'resource'>;

/** Notes which entities a recipient was notified of. */
export interface NotificationRecorder {
  /** `grants` is called once for a line. Never throws. */
  note(entity: Pick<Entity, 'id' | 'types'>, grants: () => readonly string[]): void;
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
  /**
   * Adds what was refused to a client without valid credentials. What is alike within a minute is one line, and the number of lines in a
   * minute is limited. Never throws.
   */
  addRefused(line: Omit<AuditLine, 'id' | 'isRead'>): void;
  /** Notifications of one entity to the recipient within a minute are one line. Undefined: they are not recorded. */
  recordNotifications(recipient: Recipient): NotificationRecorder | undefined;
  /** Writes what waits now, and what was counted since. */
  flush(): Promise<void>;
}
