/** Those who follow a tenant's log: called for what this node has written, and for what others have, by a change stream. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChangeStream } from 'mongodb';
import type { Observe } from '../../core/port/observe.ts';
import type { Log, Position } from '../../core/port/store.ts';
import type { Collections, StateDocument } from './schema.ts';

export interface Followers {
  readonly follow: Log['follow'];
  /** Calls those who follow, when the position is newer than all before. */
  announce(position: Position): void;
  readonly close: () => void;
}

/** How long to wait before a stream that broke is opened again. */
const pauseMs = 500;

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
  const watch = createWatch(state, { announce, observe });
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

interface Watch {
  /** Does nothing when it watches already. */
  start(): void;
  readonly stop: () => void;
}

/** Each transaction that changes something writes its last position into the state: one event tells of all its records. */
const pipeline = [
  { $match: { operationType: 'update', 'updateDescription.updatedFields.position': { $exists: true } } },
  { $project: { 'updateDescription.updatedFields.position': 1 } },
];

/**
 * Watches the state of the log. The driver resumes by its token after an election or a broken connection. A stream that
 * cannot be resumed is opened anew: what came meanwhile is in the log, and the position tells how far.
 */
function createWatch(
  state: Collections['state'],
  { announce, observe }: { announce: (position: Position) => void; observe: Observe },
): Watch {
  let stream: ChangeStream<StateDocument> | undefined;
  let isStopped = false;
  const isWanted = (): boolean => !isStopped;
  let watching: Promise<void> | undefined;

  const watchOnce = async (): Promise<void> => {
    stream = state.watch<StateDocument>(pipeline);
    // Once the server has opened it, nothing is missed that comes after what is read here.
    await stream.tryNext();
    const now = await state.findOne({ _id: 'state' });
    if (now) announce(now.position);
    for await (const event of stream) {
      const position = event.operationType === 'update' ? event.updateDescription.updatedFields?.position : undefined;
      if (position !== undefined) announce(position);
    }
  };

  const watchOn = async (): Promise<void> => {
    while (isWanted()) {
      try {
        await watchOnce();
      } catch (cause) {
        if (isWanted()) observe({ kind: 'failed', where: 'store: change stream of the log', cause });
      }
      await stream?.close().catch(() => undefined);
      if (isWanted()) await sleep(pauseMs);
    }
  };

  return {
    start: () => void (watching ??= watchOn()),
    // A stream waits up to a second for its next event: the client, which is closed next, does not.
    stop: () => {
      isStopped = true;
      stream?.close().catch(() => undefined);
    },
  };
}
