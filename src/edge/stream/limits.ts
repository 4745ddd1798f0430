/** Defines the limits of streams. Everything that a peer can use memory or time for has a limit. */

export interface StreamLimits {
  /** Maximum number of concurrent connections, over all tenants. */
  readonly connectionsMax: number;
  /** Maximum number of subscriptions per connection. */
  readonly subscriptionsMax: number;
  /** Maximum number of bytes buffered for one slow consumer. */
  readonly bufferBytes: number;
  /** Maximum size in bytes of a frame from a client. */
  readonly frameBytesMax: number;
  /** Maximum JSON nesting depth in a frame from a client. */
  readonly depthMax: number;
  /** Time between heartbeats in milliseconds. */
  readonly pingIntervalMs: number;
}

/** Maximum size of the entities in one frame, unless a single entity is larger. */
export const frameBytes = 65_536;
/** Page sizes: records of the log, and entities of a snapshot. */
export const pageSizes = { log: 200, snapshot: 500 } as const;
