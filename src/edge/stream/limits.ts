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

/** Bytes of entities in a frame, unless a single one has more. */
export const frameBytes = 65_536;
/** Records of the log, and entities of a snapshot, that are read at a time. */
export const pageSizes = { log: 200, snapshot: 500 } as const;
