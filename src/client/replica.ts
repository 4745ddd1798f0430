/** Maintains a live map of entities from a snapshot and the changes that follow. */
import type { Entity } from './frame.ts';
import type { StreamEvent, Subscription } from './subscription.ts';

/** When an entity no longer meets a condition on its content (q, geoQ, scopeQ), the map keeps its last matching state. */
export interface Replica {
  /** The current entities by id. */
  readonly entities: ReadonlyMap<string, Entity>;
  /** Resolves when the first snapshot is complete. Rejects when the subscription ends before. */
  readonly ready: Promise<void>;
  /**
   * Calls the listener after each change with the id of the entity, or without an id when everything may have changed. Returns the function
   * that removes the listener.
   */
  onChange(listener: (id?: string) => void): () => void;
  /** Resolves when the updates end, with the error if there is one. It never rejects. */
  readonly ended: Promise<Error | undefined>;
  close(): void;
}

/** Maintains a replica from the events of a subscription that starts with a snapshot. */
export class LiveReplica implements Replica {
  readonly ready: Promise<void>;
  readonly ended: Promise<Error | undefined>;
  readonly #entities = new Map<string, Entity>();
  readonly #listeners = new Set<(id?: string) => void>();
  readonly #events: Subscription;
  readonly #first = Promise.withResolvers<undefined>();
  /** The ids in the current snapshot. Earlier entities stay until the snapshot is complete. */
  #seen: Set<string> | undefined;

  constructor(events: Subscription) {
    this.#events = events;
    this.ended = this.#keep();
    this.ready = this.#first.promise;
    // Prevents an unhandled rejection when nobody awaits `ready`.
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
