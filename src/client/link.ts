/** Keeps a WebSocket to the broker: opens it again whenever it ends, until it is closed or the broker says not to come back. */
import { ConnectionLost } from './errors.ts';
import { type Frame, parseFrame } from './frame.ts';

/** As much of a WebSocket as is used: the browser's, Node's, or that of a library. */
export type Socket = Pick<WebSocket, 'addEventListener' | 'send' | 'close'>;

export interface LinkOptions {
  /** Opens the next connection. */
  readonly open: () => Promise<Socket>;
  /** The first wait before it connects anew; it doubles up to the longest. */
  readonly retryLeastMs: number;
  readonly retryMostMs: number;
  /** The broker has said hello: from now on frames may be sent. */
  readonly onReady: () => void;
  readonly onFrame: (frame: Frame) => void;
  /** The connection has ended, or none could be had; a new one is tried. */
  readonly onLost: (lost: ConnectionLost) => void;
  /** There will be no connection any more. */
  readonly onEnd: (lost: ConnectionLost) => void;
}

/** A connection that is no longer heard is closed with this, a code of those after which one comes back. */
const unheardCode = 4000;

/** Codes after which the same again would end the same. */
const isFinal = (code: number): boolean => (code >= 4100 && code < 4200) || code === 1007 || code === 1009;

export class Link {
  readonly #options: LinkOptions;
  #socket: Socket | undefined;
  #isReady = false;
  #isClosed = false;
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #pulse: ReturnType<typeof setInterval> | undefined;
  /** Beats of the pulse since the broker was last heard. */
  #quiet = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#start();
  }

  /** Sends a frame; false when there is no connection to send it on. */
  send(frame: object): boolean {
    if (this.#isReady) this.#socket?.send(JSON.stringify(frame));
    return this.#isReady;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    clearInterval(this.#pulse);
    this.#socket?.close(1000);
  }

  #start(): void {
    this.#options.open().then(
      (socket) => this.#attach(socket),
      (cause: unknown) => this.#ended(new ConnectionLost(1006, cause instanceof Error ? cause.message : String(cause))),
    );
  }

  #attach(socket: Socket): void {
    if (this.#isClosed) {
      socket.close(1000);
      return;
    }
    this.#socket = socket;
    this.#watch();
    socket.addEventListener('message', ({ data }: { readonly data: unknown }) => {
      const frame = this.#socket === socket ? parseFrame(data) : undefined;
      if (frame) this.#heard(frame);
    });
    // What failed is told by the close that follows; without a listener some libraries throw it.
    socket.addEventListener('error', () => undefined);
    socket.addEventListener('close', ({ code, reason }) => {
      if (this.#socket === socket) this.#ended(new ConnectionLost(code, reason));
    });
  }

  #heard(frame: Frame): void {
    this.#quiet = 0;
    if (frame.op === 'hello') {
      this.#isReady = true;
      this.#failures = 0;
      this.#watch(frame.pingIntervalMs);
      this.#options.onReady();
    }
    this.#options.onFrame(frame);
  }

  /** From the first moment on, as a connection may be accepted by someone who then says nothing. */
  #watch(pingIntervalMs = 30_000): void {
    clearInterval(this.#pulse);
    this.#quiet = 0;
    this.#pulse = setInterval(() => this.#beat(), pingIntervalMs);
  }

  /** A page never sees the pings of the protocol: when all is quiet it asks, and a broker that says nothing then is gone. */
  #beat(): void {
    this.#quiet += 1;
    if (this.#quiet === 2) this.send({ op: 'ping' });
    if (this.#quiet < 4) return;
    // A connection to nowhere may take minutes to close: it counts as closed at once.
    const gone = this.#socket;
    this.#ended(new ConnectionLost(unheardCode, 'the broker was not heard any more'));
    gone?.close(unheardCode);
  }

  #ended(lost: ConnectionLost): void {
    clearInterval(this.#pulse);
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
    // Half of the wait is chance, so that all whom one broker lost do not come back at once.
    this.#retry = setTimeout(() => this.#start(), waitMs * (0.5 + Math.random() / 2));
  }
}
