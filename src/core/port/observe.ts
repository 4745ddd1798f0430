/** Everything the broker reports to operators. The core calls `observe`. The log and the metrics are two exhaustive readers. */
import type { ProblemType } from '../model/problem.ts';
import type { Holder } from './memory.ts';
import type { BrokenRule } from '../model/broken-rules.ts';

/** One event that operators may see, told apart by `kind`. */
export type Observation =
  /** A request was answered, over any binding. `status` is the HTTP status. */
  | {
      readonly kind: 'answered';
      readonly binding: string;
      readonly operation: string;
      readonly status: number;
      readonly tookMs: number;
    }
  /** An unexpected failure. `cause` and `about` (which of many objects it concerns) go to the log only. `where` takes only a few values. */
  | { readonly kind: 'failed'; readonly where: string; readonly about?: string; readonly cause: unknown }
  /** The persistence failed for a reason outside the broker, such as a full disk or a damaged file. */
  | {
      readonly kind: 'storeFailed';
      readonly problem: ProblemType;
      readonly reason: string;
      /** The same failure was reported a moment ago. */
      readonly isRepeated: boolean;
    }
  /**
   * A write-ahead log was damaged when the broker started. `transactions` that may have been acknowledged cannot be read. The original log
   * is in `copy`, next to `file`. `failed`: why the log could not be copied and repaired.
   */
  | {
      readonly kind: 'walDamaged';
      readonly file: string;
      readonly usable: number;
      readonly frames: number;
      readonly transactions: number;
      readonly bytes: number;
      readonly copy: string;
      readonly failed?: string;
    }
  /** A request was refused because the memory budget is used up. */
  | { readonly kind: 'memoryRefused'; readonly holder: Holder }
  /** A request was refused because its sender has used up a quota. `quota` takes only a few values. */
  | { readonly kind: 'quotaExceeded'; readonly quota: string }
  /** A client read its answer too slowly, so the broker closed its connection. */
  | { readonly kind: 'readerDropped'; readonly binding: string }
  /** Values of an entity break a rule of a data model in mode `warn`. */
  | { readonly kind: 'modelViolated'; readonly broken: BrokenRule }
  | { readonly kind: 'contextLoaded'; readonly url: string; readonly tookMs: number }
  | { readonly kind: 'contextFailed'; readonly url: string; readonly reason: string }
  | { readonly kind: 'streamOpened' | 'streamClosed'; readonly tenant: string; readonly code?: number }
  | { readonly kind: 'streamDropped'; readonly reason: string }
  /** Changes were matched against subscriptions. */
  | { readonly kind: 'matched'; readonly changes: number; readonly notifications: number; readonly tookMs: number }
  /** An attempt to deliver a notification has ended. */
  | {
      readonly kind: 'delivered';
      readonly result: 'taken' | 'refused' | 'failed' | 'unreached' | 'abandoned';
      readonly tookMs: number;
    }
  /**
   * A notification was given up and kept as a dead letter (`notificationBuried`), or one or more were lost for good (`notificationLost`).
   */
  | {
      readonly kind: 'notificationBuried' | 'notificationLost';
      readonly tenant: string;
      readonly subscription: string;
      readonly reason: string;
    }
  /** A context source was asked. `failed`: it answered with an error. */
  | {
      readonly kind: 'sourceAsked';
      readonly host: string;
      readonly result: 'answered' | 'failed' | 'unanswered';
      readonly tookMs: number;
    }
  /** A batch of MQTT messages was processed. `source`: the client id of this broker at the MQTT broker. */
  | {
      readonly kind: 'ingested';
      readonly source: string;
      readonly taken: number;
      readonly skipped: number;
      readonly rejected: number;
      readonly entities: number;
      readonly tookMs: number;
    }
  /** One MQTT message could not be used, or `messages` of them when there are many. */
  | {
      readonly kind: 'messageRejected';
      readonly source: string;
      readonly topic: string;
      readonly reason: string;
      readonly messages: number;
    }
  | { readonly kind: 'ingestOpened'; readonly source: string; readonly where: string }
  | { readonly kind: 'ingestClosed'; readonly source: string; readonly reason: string }
  | { readonly kind: 'jobRan'; readonly job: string; readonly tookMs: number; readonly did: string }
  /** Everybody who reaches the broker may do everything. */
  | { readonly kind: 'accessOpen'; readonly where: string }
  /** The key of the first administrator is in a file. */
  | { readonly kind: 'administratorKeyWritten'; readonly path: string }
  /** The server uses a certificate from now on. `validTo`: when it ends (ISO 8601). */
  | { readonly kind: 'certificateUsed'; readonly file: string; readonly validTo: string }
  | { readonly kind: 'started'; readonly what: string; readonly where: string }
  | { readonly kind: 'stopped'; readonly what: string };

/** Takes an observation. It must not throw: callers handle no error of it. */
export type Observe = (observation: Observation) => void;
