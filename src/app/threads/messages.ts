/** What the main thread and the HTTP threads tell each other. */
import type { MessagePort } from 'node:worker_threads';
import type { Identity } from '../../core/access/identity.ts';
import type { Json } from '../../core/model/json.ts';
import type { AuditLine } from '../../core/model/audit-line.ts';
import type { Instant } from '../../core/model/instant.ts';
import type { Observation } from '../../core/port/observe.ts';
import type { Config } from '../config/options.ts';

/** What a thread is started with. */
export interface ThreadData {
  readonly config: Config;
  /** The number of the thread, from 1. */
  readonly number: number;
  readonly startedAt: Instant;
  /** The socket at which the main thread answers what the other threads hand on (`relay.ts`). */
  readonly relayPath: string;
  readonly shared: SharedMemory;
  /** The number of notices that were sent before. */
  readonly noticesBefore: number;
  readonly ports: ThreadPorts;
}

/** Memory of all threads. */
export interface SharedMemory {
  /** What the holders of the memory budget hold (`createMemory`). */
  readonly held: SharedArrayBuffer;
  /** The accounts of the quotas. */
  readonly accounts: SharedArrayBuffer;
  /** The number of notices that were sent to the threads. */
  readonly notices: SharedArrayBuffer;
  /** 1 while the audit takes no more lines. */
  readonly auditFull: SharedArrayBuffer;
}

/** Ports between the main thread and one other. */
export interface ThreadPorts {
  /** `Commanding` of the main thread. */
  readonly commands: MessagePort;
  /** `Notice`s of the main thread. */
  readonly notices: MessagePort;
  /** Lists of `Report`s to the main thread. */
  readonly reports: MessagePort;
  /** Ports of the writer, one after each of its starts. */
  readonly writers: MessagePort;
  /** Calls of `Authenticating`: who sends a request with these credentials. */
  readonly authenticate: MessagePort;
  /** Calls of `Loading`: the document at a URL. */
  readonly load: MessagePort;
  /** Calls of `KeepingContext`: the URL of a @context that has none. */
  readonly keepContext: MessagePort;
  /** Calls of `OpeningTenant`. */
  readonly openTenant: MessagePort;
}

/** `listen`: at this port. `settle`: answer with what was not reported yet. `release`: close the file of this tenant. `stop`: end within this time. */
export type Command =
  | { readonly kind: 'listen'; readonly port: number }
  | { readonly kind: 'settle' }
  | { readonly kind: 'release'; readonly tenant: string }
  | { readonly kind: 'stop'; readonly graceMs: number };

/** A command gives what was not reported before. */
export interface Commanding {
  readonly argument: Command;
  readonly result: readonly Report[];
}

export interface Authenticating {
  readonly argument: Credentials;
  readonly result: Identity;
}

export interface Loading {
  readonly argument: string;
  readonly result: Json;
}

export interface KeepingContext {
  readonly argument: ContextToKeep;
  readonly result: string;
}

/** The main thread opens a tenant, and tells the thread of changes in it from then on. `create`: makes it if need be, and if it may be made. */
export interface OpeningTenant {
  readonly argument: { readonly tenant: string; readonly create: boolean };
  readonly result: undefined;
}

/** A document was changed. */
export interface Notice {
  readonly tenant: string;
  readonly collection: string;
  /** Absent: any document of the collection may have been changed. */
  readonly key?: string | undefined;
}

/** What a thread did that only the main thread counts and keeps. */
export type Report =
  | { readonly kind: 'observed'; readonly observation: Observation }
  | { readonly kind: 'audited'; readonly line: Omit<AuditLine, 'id'> }
  | { readonly kind: 'refused'; readonly line: Omit<AuditLine, 'id' | 'isRead'> }
  | { readonly kind: 'contextUsed'; readonly documents: readonly string[]; readonly tenant: string };

/** The headers with credentials, and the address of the client. */
interface Credentials {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly address: string;
}

/** A @context without a URL that is to be kept for a tenant. */
interface ContextToKeep {
  readonly written: Json;
  readonly tenant: string;
}
