/** Everything worth seeing from outside. The core only calls `observe`; log and metrics are two exhaustive readers. */
import type { ProblemType } from '../model/problem.ts';
import type { Holder } from './memory.ts';
import type { ModelViolation } from './models.ts';

export type Observation =
  /** A request was answered, over any binding. `status` is HTTP's. */
  | {
      readonly kind: 'answered';
      readonly binding: string;
      readonly operation: string;
      readonly status: number;
      readonly tookMs: number;
    }
  /** Something failed that should not have: the cause is for the log only, and so is which one of many it is about. `where` is one of a few. */
  | { readonly kind: 'failed'; readonly where: string; readonly about?: string; readonly cause: unknown }
  /** The persistence could not do something for a reason outside of the broker: a full disk, a damaged file. */
  | {
      readonly kind: 'storeFailed';
      readonly problem: ProblemType;
      readonly reason: string;
      /** The same was told a moment ago. */
      readonly isRepeated: boolean;
    }
  /**
   * A write-ahead log was damaged when the broker started: `transactions` that may have been acknowledged cannot be read. The log as it was
   * is in `copy`, beside the `file`. `failed`: why it could not be copied and put in order.
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
  /** Something was refused because the memory for it is used up. */
  | { readonly kind: 'memoryRefused'; readonly holder: Holder }
  /** A client took its answer too slowly, and has lost its connection. */
  | { readonly kind: 'readerDropped'; readonly binding: string }
  | { readonly kind: 'modelViolated'; readonly entityId: string; readonly violation: ModelViolation }
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
  /** A notification was given up, and is kept as a dead letter; or it, or several, are gone for good. */
  | {
      readonly kind: 'notificationBuried' | 'notificationLost';
      readonly tenant: string;
      readonly subscription: string;
      readonly reason: string;
    }
  /** Messages that came by MQTT were settled together. `source`: our name at the MQTT broker. */
  | {
      readonly kind: 'ingested';
      readonly source: string;
      readonly taken: number;
      readonly skipped: number;
      readonly rejected: number;
      readonly entities: number;
      readonly tookMs: number;
    }
  /** A message that came by MQTT was of no use, or, when there are many, so many of them. */
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
  | { readonly kind: 'started'; readonly what: string; readonly where: string }
  | { readonly kind: 'stopped'; readonly what: string };

export type Observe = (observation: Observation) => void;
