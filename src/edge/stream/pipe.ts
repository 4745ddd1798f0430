/** Defines the connection to one client, independent of the transport: its backlog is known, and it can be closed. */

/** Why the broker closes the connection: the backlog is too large, or the broker fails. The client may reconnect after either. */
type PipeEnd = 'tooSlow' | 'fault';

export interface Pipe {
  /** Bytes that the client has not received yet. */
  backlog(): number;
  /** Resolves with true when the backlog is small, with false when the client is disconnected. */
  drained(): Promise<boolean>;
  close(reason: PipeEnd): void;
}
