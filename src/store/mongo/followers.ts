/** Those who follow a tenant's log: called for what this node has written, and for what others have, by a change stream. */
import type { Observe } from '../../core/port/observe.ts';
import type { Log, Position } from '../../core/port/store.ts';
import type { Collections } from './schema.ts';
import { createWatch } from './watch.ts';

export interface Followers {
  readonly follow: Log['follow'];
  /** Calls those who follow, when the position is newer than all before. */
  announce(position: Position): void;
  readonly close: () => void;
}

/** `newest`: the position from which on followers are called. */
export function createFollowers(
  { state }: Pick<Collections, 'state'>,
  { newest, observe }: { newest: Position; observe: Observe },
): Followers {
  const listeners = new Set<(position: Position) => void>();
  const call = (listener: (position: Position) => void, position: Position): void => {
    try {
      listener(position);
    } catch (cause) {
      observe({ kind: 'failed', where: 'store: follower of the log', cause });
    }
  };
  let announced = newest;
  const announce = (position: Position): void => {
    if (position <= announced) return;
    announced = position;
    for (const listener of [...listeners]) call(listener, position);
  };
  const watch = createWatch({
    collection: state,
    pipeline,
    what: 'the log',
    observe,
    // What came before the stream is in the log, and the position tells how far.
    onBegin: async () => announce((await state.findOne({ _id: 'state' }))?.position ?? 0),
    onEvent: (event) => {
      const position = event.operationType === 'update' ? event.updateDescription.updatedFields?.position : undefined;
      if (position !== undefined) announce(position);
    },
  });
  return {
    announce,
    follow(listener) {
      const own = (position: Position): void => listener(position);
      listeners.add(own);
      watch.start();
      return () => void listeners.delete(own);
    },
    close: watch.stop,
  };
}

/** Each transaction that changes something writes its last position into the state: one event tells of all its records. */
const pipeline = [
  { $match: { operationType: 'update', 'updateDescription.updatedFields.position': { $exists: true } } },
  { $project: { operationType: 1, 'updateDescription.updatedFields.position': 1 } },
];
