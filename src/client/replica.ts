/** A live map of entities: filled by a snapshot, kept by the changes that follow. */
import type { Entity } from './frame.ts';
import type { StreamEvent, Subscription } from './subscription.ts';

/** An entity that ceases to meet a condition on its content (q, geoQ, scopeQ) stays in it as it last met it. */
export interface Replica {
  /** The entities by id, as they are now. */
  readonly entities: ReadonlyMap<string, Entity>;
  /** Done when the first snapshot is in. Rejects when the subscription ends before. */
  readonly ready: Promise<void>;
  /** Calls back after each change, with the id of the entity; without one when everything may have changed. Returns what stops it. */
  onChange(listener: (id?: string) => void): () => void;
  /** Why the replica is kept no longer; it never rejects. */
  readonly ended: Promise<Error | undefined>;
  close(): void;
}

/** Keeps a replica by the events of a subscription that begins with a snapshot. */
export class LiveReplica implements Replica {
  readonly ready: Promise<void>;
  readonly ended: Promise<Error | undefined>;
  readonly #entities = new Map<string, Entity>();
  readonly #listeners = new Set<(id?: string) => void>();
  readonly #events: Subscription;
  readonly #first = Promise.withResolvers<undefined>();
  /** What has come of the snapshot that is being taken: what was there before stays until it is complete. */
  #seen: Set<string> | undefined;

  constructor(events: Subscription) {
    this.#events = events;
    this.ended = this.#keep();
    this.ready = this.#first.promise;
    // Whoever waits for it hears of it; nobody has to.
    this.ready.catch(() => undefined);
  }

  get entities(): ReadonlyMap<string, Entity> {
    return this.#entities;
  }

  onChange(listener: (id?: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#events.close();
  }

  async #keep(): Promise<Error | undefined> {
    let end: Error | undefined;
    try {
      for await (const event of this.#events) this.#take(event);
    } catch (error) {
      end = error instanceof Error ? error : new Error(String(error));
    }
    this.#first.reject(end ?? new Error('The replica was closed before it was filled.'));
    return end;
  }

  #take(event: StreamEvent): void {
    if (event.kind === 'snapshotBegin') this.#seen = new Set();
    if (event.kind === 'change') this.#put(event.entity, event.isDeleted);
    if (event.kind === 'snapshotEnd') this.#complete();
  }

  #put(entity: Entity, isDeleted: boolean): void {
    if (isDeleted) {
      this.#entities.delete(entity.id);
      this.#seen?.delete(entity.id);
    } else {
      this.#entities.set(entity.id, entity);
      this.#seen?.add(entity.id);
    }
    this.#tell(entity.id);
  }

  #complete(): void {
    for (const id of this.#entities.keys()) if (this.#seen?.has(id) === false) this.#entities.delete(id);
    this.#seen = undefined;
    this.#first.resolve(undefined);
    this.#tell();
  }

  #tell(id?: string): void {
    for (const listener of this.#listeners) listener(id);
  }
}
