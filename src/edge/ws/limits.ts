/** Bounds of the stream: nothing that a peer does may take memory or time without one. */

export interface StreamLimits {
  /** Connections at a time, of all tenants. */
  readonly connectionsMax: number;
  /** Subscriptions on one connection. */
  readonly subscriptionsMax: number;
  /** Bytes that may wait for one slow consumer. */
  readonly bufferBytes: number;
  /** Bytes of a frame that a client may send. */
  readonly frameBytesMax: number;
  /** Nesting of JSON in a frame that a client sends. */
  readonly depthMax: number;
  /** Time between heartbeats. */
  readonly pingIntervalMs: number;
}

/** Frames of one client that may be waiting for their answers to be taken; until one is, no more is read from it. */
export const exchangesMax = 32;
/** Faulty frames in a row after which a client is not listened to any more. */
export const faultsMax = 100;
/** Bytes of entities in a frame, unless a single one has more. */
export const frameBytes = 65_536;
/** Records of the log, and entities of a snapshot, that are read at a time. */
export const pageSizes = { log: 200, snapshot: 500 } as const;
/** How long a peer may take to answer that the connection closes. */
export const closingMs = 5000;
