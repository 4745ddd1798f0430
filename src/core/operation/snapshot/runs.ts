/** Runs the work that fills snapshots, in the background, and remembers when snapshots were last used. */
import type { Instant } from '../../model/instant.ts';
import { Problem } from '../../model/problem.ts';
import type { Observe } from '../../port/observe.ts';

/** How one snapshot is filled. */
export interface SnapshotWork {
  fill(isStopping: () => boolean): Promise<void>;
  /** Stores that this broker fills the snapshot, or will. False: the snapshot was deleted meanwhile. */
  beat(): Promise<boolean>;
}

export interface SnapshotRuns {
  /** Throws Unavailable when too many snapshots wait to be filled. */
  requireRoom(): void;
  /**
   * Fills the store of a snapshot by this work, after all earlier work, so that the copies of several snapshots do not compete with requests.
   */
  begin(store: string, work: SnapshotWork): void;
  /** True from `begin` to the end of the work: this broker fills the store, or will. */
  isFilling(store: string): boolean;
  /** Beats for all snapshots that wait or are being filled. Those that were deleted do not wait any more. Never throws. */
  beat(): Promise<void>;
  /** Notes that a request used the store of a snapshot. */
  noteUse(store: string, at: Instant): void;
  /** When this broker last used the store. */
  lastUse(store: string): Instant | undefined;
  /** Ends what else uses the store of a snapshot, which is then deleted. */
  release(store: string): Promise<void>;
  /** Calls and awaits the listener in `release`. Returns the function that stops it. */
  onRelease(listener: (store: string) => Promise<void>): () => void;
  /** The snapshot was deleted. */
  forget(store: string): void;
  /** Waits for the end of the work that runs, which it asks to stop. Work that has not begun is not done. */
  stop(): Promise<void>;
}

/** Most snapshots of all tenants that wait to be filled. Each holds its queries in memory. */
const waitingMax = 1000;

export function createSnapshotRuns({ observe }: { readonly observe: Observe }): SnapshotRuns {
  const uses = new Map<string, Instant>();
  const listeners = new Set<(store: string) => Promise<void>>();
  const queue = createQueue((work) =>
    work().catch((cause: unknown) => observe({ kind: 'failed', where: 'snapshot', cause })),
  );
  return {
    ...queue,
    noteUse: (store, at) => void uses.set(store, at),
    lastUse: (store) => uses.get(store),
    release: async (store) => {
      await Promise.all([...listeners].map((listener) => listener(store)));
    },
    onRelease(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    forget(store) {
      uses.delete(store);
      queue.forget(store);
    },
  };
}

/** Works on one snapshot after the other. `attempt` reports what work throws. */
function createQueue(
  attempt: (work: () => Promise<void>) => Promise<void>,
): Omit<SnapshotRuns, 'noteUse' | 'lastUse' | 'release' | 'onRelease'> {
  let isStopping = false;
  /** In the order in which they began to wait. */
  const waiting = new Map<string, SnapshotWork>();
  let running: readonly [string, SnapshotWork] | undefined;
  let turn: Promise<void> = Promise.resolve();
  const run = async (): Promise<void> => {
    for ([running] = waiting; running && !isStopping; [running] = waiting) {
      const [store, work] = running;
      waiting.delete(store);
      await attempt(() => work.fill(() => isStopping));
    }
    running = undefined;
  };
  return {
    requireRoom() {
      if (waiting.size >= waitingMax)
        throw new Problem('Unavailable', `${waitingMax} snapshots wait to be filled; try again later.`);
    },
    begin(store, work) {
      waiting.set(store, work);
      if (!running) turn = run();
    },
    isFilling: (store) => waiting.has(store) || running?.[0] === store,
    async beat() {
      for (const [store, work] of [...(running ? [running] : []), ...waiting])
        await attempt(async () => {
          if (!(await work.beat())) waiting.delete(store);
        });
    },
    forget: (store) => void waiting.delete(store),
    async stop() {
      isStopping = true;
      await turn;
    },
  };
}
