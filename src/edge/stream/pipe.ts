/** The way to one client, whatever it is made of: how much waits in it is known, and it can be ended. */

/** Why the broker ends it: more waits for the client than may, or the broker cannot go on. The client may come back for either. */
type PipeEnd = 'tooSlow' | 'fault';

export interface Pipe {
  /** Bytes that the client has not taken yet. */
  backlog(): number;
  /** Resolves when little waits for the client; false when it is gone. */
  drained(): Promise<boolean>;
  close(reason: PipeEnd): void;
}
