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
  readonly #firstSnapshot = Promise.withResolvers<undefined>();
  /** The ids in the current snapshot. Earlier entities stay until the snapshot is complete. */
  #snapshotIds: Set<string> | undefined;

  constructor(events: Subscription) {
    this.#events = events;
    this.ended = this.#consume();
    this.ready = this.#firstSnapshot.promise;
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

  async #consume(): Promise<Error | undefined> {
    let end: Error | undefined;
    try {
      for await (const event of this.#events) this.#apply(event);
    } catch (error) {
      end = error instanceof Error ? error : new Error(String(error));
    }
    this.#firstSnapshot.reject(end ?? new Error('The replica was closed before it was filled.'));
    return end;
  }

  #apply(event: StreamEvent): void {
    if (event.kind === 'snapshotBegin') this.#snapshotIds = new Set();
    if (event.kind === 'change') this.#applyChange(event.entity, event.isDeleted);
    if (event.kind === 'snapshotEnd') this.#endSnapshot();
  }

  #applyChange(entity: Entity, isDeleted: boolean): void {
    if (isDeleted) {
      this.#entities.delete(entity.id);
      this.#snapshotIds?.delete(entity.id);
    } else {
      this.#entities.set(entity.id, entity);
      this.#snapshotIds?.add(entity.id);
    }
    this.#notify(entity.id);
  }

  #endSnapshot(): void {
    for (const id of this.#entities.keys()) if (this.#snapshotIds?.has(id) === false) this.#entities.delete(id);
    this.#snapshotIds = undefined;
    this.#firstSnapshot.resolve(undefined);
    this.#notify();
  }

  #notify(id?: string): void {
    for (const listener of this.#listeners) listener(id);
  }
}
