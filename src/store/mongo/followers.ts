/** The listeners of a tenant's log: called for the writes of this broker, and by a change stream for those of others. */
import type { Observe } from '../../core/port/observe.ts';
import type { Log, Position } from '../../core/port/store.ts';
import type { Collections } from './schema.ts';
import { createWatch } from './watch.ts';

export interface Followers {
  readonly follow: Log['follow'];
  /** Calls the listeners if the position is newer than all before. */
  announce(position: Position): void;
  readonly close: () => void;
}

/** `newest`: listeners are called for newer positions. */
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
    // The log has the changes from before the stream. The position marks its end.
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

/** Each transaction with changes writes its last position into the state: one event covers all its records. */
const pipeline = [
  { $match: { operationType: 'update', 'updateDescription.updatedFields.position': { $exists: true } } },
  { $project: { operationType: 1, 'updateDescription.updatedFields.position': 1 } },
];
