/** Implements the queue between the connection and the iteration over events. */

/** Consumed items are removed from the array in groups of this size. */
const compactAt = 1024;

export interface QueueEvents {
  /** All items have been consumed. */
  readonly onEmpty: () => void;
  /** The iteration has ended. */
  readonly onLeft: () => void;
}

export class Queue<T extends object> implements AsyncIterable<T> {
  readonly #events: QueueEvents;
  #items: T[] = [];
  #head = 0;
  #end: { readonly error: Error | undefined } | undefined;
  #wakeConsumer: (() => void) | undefined;

  constructor(events: QueueEvents) {
    this.#events = events;
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  get isEnded(): boolean {
    return this.#end !== undefined;
  }

  push(item: T): void {
    if (this.#end) return;
    this.#items.push(item);
    this.#wakeConsumer?.();
  }

  /** Ends the queue. The iteration ends when the queue is empty, and throws the error if there is one. */
  end(error?: Error): void {
    this.#end ??= { error };
    this.#wakeConsumer?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    try {
      for (;;) {
        yield* this.#drain();
        if (this.#end?.error) throw this.#end.error;
        if (this.#end) return;
        await new Promise<void>((resolve) => {
          this.#wakeConsumer = resolve;
        });
      }
    } finally {
      this.#events.onLeft();
    }
  }

  *#drain(): Generator<T> {
    for (let item = this.#items[this.#head]; item !== undefined; item = this.#items[this.#head]) {
      this.#head += 1;
      if (this.#head === compactAt) this.#compact();
      yield item;
    }
    this.#compact();
    this.#events.onEmpty();
  }

  #compact(): void {
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }
}
