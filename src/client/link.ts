/** Maintains a WebSocket to the broker. It reconnects until it is closed or the broker forbids it. */
import { ConnectionLost } from './errors.ts';
import { type Frame, parseFrame } from './frame.ts';

/** The required part of a WebSocket from the browser, Node.js or a library. */
export type Socket = Pick<WebSocket, 'addEventListener' | 'send' | 'close'>;

export interface LinkOptions {
  /** Opens the next connection. */
  readonly open: () => Promise<Socket>;
  /** The first wait before a reconnect. It doubles up to the longest wait. */
  readonly retryLeastMs: number;
  readonly retryMostMs: number;
  /** The broker has sent `hello`, so frames may be sent. */
  readonly onReady: () => void;
  readonly onFrame: (frame: Frame) => void;
  /** The connection has ended or has failed; the link reconnects. */
  readonly onLost: (lost: ConnectionLost) => void;
  /** The link does not reconnect. */
  readonly onEnd: (lost: ConnectionLost) => void;
}

/** The close code for a connection on which the broker is silent. The client reconnects after this code. */
const unheardCode = 4000;

/** After these codes a reconnect would fail in the same way. */
const isFinal = (code: number): boolean => (code >= 4100 && code < 4200) || [1002, 1007, 1009].includes(code);

export class Link {
  readonly #options: LinkOptions;
  #socket: Socket | undefined;
  #isReady = false;
  #isClosed = false;
  #failures = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #heartbeatTimer: ReturnType<typeof setInterval> | undefined;
  /** Intervals since the last frame from the broker. */
  #silentIntervals = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#connect();
  }

  /** Sends a frame; returns false without an open connection. */
  send(frame: object): boolean {
    if (this.#isReady) this.#socket?.send(JSON.stringify(frame));
    return this.#isReady;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retryTimer);
    clearInterval(this.#heartbeatTimer);
    this.#socket?.close(1000);
  }

  #connect(): void {
    this.#options.open().then(
      (socket) => this.#attach(socket),
      (cause: unknown) =>
        this.#onDisconnect(new ConnectionLost(1006, cause instanceof Error ? cause.message : String(cause))),
    );
  }

  #attach(socket: Socket): void {
    if (this.#isClosed) {
      socket.close(1000);
      return;
    }
    this.#socket = socket;
    this.#startHeartbeat();
    socket.addEventListener('message', ({ data }: { readonly data: unknown }) => {
      const frame = this.#socket === socket ? parseFrame(data) : undefined;
      if (frame) this.#receive(frame);
    });
    // The `close` event that follows handles the failure. Without a listener for `error`, some libraries throw it.
    socket.addEventListener('error', () => undefined);
    socket.addEventListener('close', ({ code, reason }) => {
      if (this.#socket === socket) this.#onDisconnect(new ConnectionLost(code, reason));
    });
  }

  #receive(frame: Frame): void {
    this.#silentIntervals = 0;
    if (frame.op === 'hello') {
      this.#isReady = true;
      this.#failures = 0;
      this.#startHeartbeat(frame.pingIntervalMs);
      this.#options.onReady();
    }
    this.#options.onFrame(frame);
  }

  /** Runs from the start of a connection, because the peer may accept it and then stay silent. */
  #startHeartbeat(pingIntervalMs = 30_000): void {
    clearInterval(this.#heartbeatTimer);
    this.#silentIntervals = 0;
    this.#heartbeatTimer = setInterval(() => this.#heartbeat(), pingIntervalMs);
  }

  /**
   * Browser code does not see WebSocket pings. So the client sends its own ping when it has received nothing, and gives up when the broker
   * does not answer.
   */
  #heartbeat(): void {
    this.#silentIntervals += 1;
    if (this.#silentIntervals === 2) this.send({ op: 'ping' });
    if (this.#silentIntervals < 4) return;
    // Closing a dead connection may take minutes, so it counts as closed at once.
    const gone = this.#socket;
    this.#onDisconnect(new ConnectionLost(unheardCode, 'the broker was not heard any more'));
    gone?.close(unheardCode);
  }

  #onDisconnect(lost: ConnectionLost): void {
    clearInterval(this.#heartbeatTimer);
    this.#socket = undefined;
    this.#isReady = false;
    if (this.#isClosed) return;
    if (isFinal(lost.code)) {
      this.#isClosed = true;
      this.#options.onEnd(lost);
      return;
    }
    this.#options.onLost(lost);
    const { retryLeastMs, retryMostMs } = this.#options;
    const waitMs = Math.min(retryMostMs, retryLeastMs * 2 ** this.#failures);
    this.#failures += 1;
    // Half of the wait is random, so that the clients of a failed broker do not reconnect all at once.
    this.#retryTimer = setTimeout(() => this.#connect(), waitMs * (0.5 + Math.random() / 2));
  }
}
