/** Runs the work that fills snapshots, in the background, and remembers when snapshots were last used. */
import type { Instant } from '../../model/instant.ts';
import type { Observe } from '../../port/observe.ts';

export interface SnapshotRuns {
  /**
   * Fills the store of a snapshot by this work, after all earlier work, so that the copies of several snapshots do not compete with requests.
   */
  begin(store: string, work: (isStopping: () => boolean) => Promise<void>): void;
  /** True from `begin` to the end of the work: this broker fills the store, or will. */
  isFilling(store: string): boolean;
  /** Notes that a request used the store of a snapshot. */
  noteUse(store: string, at: Instant): void;
  /** When this broker last used the store. */
  lastUse(store: string): Instant | undefined;
  forget(store: string): void;
  /** Waits for the end of the work that runs, which it asks to stop. Work that has not begun is not done. */
  stop(): Promise<void>;
}

export function createSnapshotRuns({ observe }: { readonly observe: Observe }): SnapshotRuns {
  let isStopping = false;
  const uses = new Map<string, Instant>();
  const filling = new Set<string>();
  let turn: Promise<void> = Promise.resolve();
  return {
    begin(store, work) {
      filling.add(store);
      turn = turn
        .then(() => (isStopping ? undefined : work(() => isStopping)))
        .catch((cause: unknown) => observe({ kind: 'failed', where: 'snapshot', cause }))
        .finally(() => void filling.delete(store));
    },
    isFilling: (store) => filling.has(store),
    noteUse: (store, at) => void uses.set(store, at),
    lastUse: (store) => uses.get(store),
    forget: (store) => void uses.delete(store),
    async stop() {
      isStopping = true;
      await turn;
    },
  };
}
