/** What the core asks of the component that sends requests to context sources. */
import type { Instant } from '../model/instant.ts';
import type { Json } from '../model/json.ts';

/** One request to a context source. */
export interface SourceRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** The whole URL. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Names the registration: its source is left alone for `cooldownMs` after a failure. */
  readonly registration: string;
  readonly cooldownMs?: number;
  /** Longest time until the whole answer must have arrived. Absent: the default. */
  readonly timeoutMs?: number;
  /** Requests with the same object belong to one request of a client: they share a deadline and a number of bytes. */
  readonly group?: object;
  /** Of a read: the age up to which an earlier answer to the same request will do. Absent: none will. */
  readonly cacheMs?: number;
}

/** What became of a request. */
export type SourceAnswer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** The parsed body. Undefined when there is none, or when it is no JSON, too large or nested too deep. */
      readonly body?: Json;
      /** Headers by their lower-case names. */
      readonly headers: Readonly<Record<string, string>>;
      /** True for an earlier answer: the source was not asked now. */
      readonly isCached?: true;
    }
  /** No answer. `isLate`: none in time, or the source was not asked because it failed before. */
  | { readonly kind: 'unanswered'; readonly isLate: boolean; readonly reason: string };

/** How a host of context sources has answered since the broker started. */
export interface PeerHealth {
  /** Requests that were sent, those that failed (no answer, or an error status except 404), and those without an answer. */
  readonly asked: number;
  readonly failed: number;
  readonly unanswered: number;
  readonly failuresInARow: number;
  /** Milliseconds until the whole answer had arrived, or the request had failed: the newest requests count most. */
  readonly meanMs: number;
  readonly slowestMs: number;
  readonly lastSuccess?: Instant;
  readonly lastFailure?: Instant;
  /** Why the last failure failed. */
  readonly lastReason?: string;
  /** True while the host is left alone because it did not answer. */
  readonly isResting: boolean;
  /** Requests under way. */
  readonly underWay: number;
}

/** Sends requests to context sources. */
export interface Sources {
  /** The health of a host, such as `a.example:8080`. Undefined: it was not asked. */
  health(host: string): PeerHealth | undefined;
  /** Why a source with this endpoint is never asked, as a sentence. Undefined: it may be asked. */
  objection(endpoint: string): string | undefined;
  /** Never rejects. */
  ask(request: SourceRequest): Promise<SourceAnswer>;
  /** Ends what is under way and closes all connections. */
  close(): Promise<void>;
}
