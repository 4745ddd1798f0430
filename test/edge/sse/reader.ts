/** Implements a client of Server-Sent Events with fetch. Like an EventSource, it keeps the events and the last id. */

interface ServerEvent {
  readonly name: string;
  /** The last id when it came. */
  readonly id: string;
  readonly data: Record<string, unknown>;
}

export interface Reader {
  readonly response: Response;
  readonly events: readonly ServerEvent[];
  /** What it would come back with. */
  lastId(): string;
  /** Resolves when it holds, looked at after every piece that arrives. */
  until(holds: () => boolean): Promise<void>;
  /** Resolves when the broker has ended it, or it was cut. */
  readonly over: Promise<void>;
  /** Drops the connection. */
  cut(): void;
}

export async function read(url: string, headers: Record<string, string> = {}): Promise<Reader> {
  const control = new AbortController();
  const response = await fetch(url, { headers, signal: control.signal });
  const events: ServerEvent[] = [];
  const looks = new Set<() => void>();
  let [last, rest] = [headers['Last-Event-ID'] ?? '', ''];
  const take = (block: string): void => {
    const fields = block.split('\n').map((line) => line.split(/: ?(.*)/s) as [string, string]);
    const field = (wanted: string): string | undefined => fields.find(([name]) => name === wanted)?.[1];
    last = field('id') ?? last;
    const data = field('data');
    if (data === undefined) return;
    events.push({ name: field('event') ?? 'message', id: last, data: JSON.parse(data) as ServerEvent['data'] });
  };
  const dispatcher = async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const piece of response.body as AsyncIterable<Uint8Array>) {
      const blocks = (rest + decoder.decode(piece, { stream: true })).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) take(block);
      for (const look of looks) look();
    }
  };
  const over = dispatcher().catch(() => undefined);
  return {
    response,
    events,
    over,
    lastId: () => last,
    cut: () => control.abort(),
    until: (holds) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (holds()) resolve();
        };
        looks.add(look);
        look();
        void over.then(() => reject(new Error(`It ended before: ${JSON.stringify(events.slice(-3))}`)));
      }),
  };
}
