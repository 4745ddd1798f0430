/** Sends the entities that are there, so that the changes sent thereafter follow without gap or repeat. */
import type { Position, Stored } from '../../core/port/store.ts';
import { snapshotFilter } from '../../core/subscription/match.ts';
import type { StreamContext } from './stream-context.ts';
import { pageSizes } from './limits.ts';
import { replayPage } from './replay.ts';

/**
 * The log is where it was when `state.seen` was set. Entities found in a later version than that hold changes that the log
 * is about to tell: their versions are remembered, and the records up to them passed over. Once the log has been
 * read to the newest of these versions, the client has exactly what a position stands for, and is told so.
 */
export async function takeSnapshot(stream: StreamContext): Promise<void> {
  const { state, writer } = stream;
  const versions = await sendEntities(stream);
  if (!versions) return;
  const until = [...versions.values()].reduce((newest, version) => Math.max(newest, version), state.seen);
  while (state.seen < until) {
    if (!(await isOpen(stream))) return;
    await replayPage(stream, ({ id, position }) => position <= (versions.get(id) ?? 0));
  }
  if (state.mode === 'ended') return;
  state.isInSnapshot = false;
  state.told = state.seen;
  writer.mark('snapshot', state.seen);
}

/** Sends all entities, page by page. Answers versions that are newer than the position; undefined when the client is gone. */
async function sendEntities(stream: StreamContext): Promise<ReadonlyMap<string, Position> | undefined> {
  const { audience, plan, world, state } = stream;
  const versions = new Map<string, Position>();
  const filter = snapshotFilter(plan);
  let after: number | undefined;
  for (;;) {
    if (!(await isOpen(stream))) return undefined;
    const limit = pageSizes.snapshot;
    const page = await audience.store.find({
      filter,
      limit,
      now: world.clock.now(),
      ...(after === undefined ? undefined : { after }),
    });
    for (const { id, version } of page) if (version > state.seen) versions.set(id, version);
    if (!(await sendPage(stream, page))) return undefined;
    after = page.at(-1)?.cursor;
    if (page.length < limit) return versions;
  }
}

async function sendPage(stream: StreamContext, page: readonly Stored[]): Promise<boolean> {
  for (const texts of stream.writer.present(page.map((stored) => stored.entity()))) {
    if (!(await isOpen(stream))) return false;
    stream.writer.notify(texts);
  }
  return true;
}

/** Waits until little waits for the client. False when it is gone, or has left. */
const isOpen = async ({ pipe, state }: StreamContext): Promise<boolean> =>
  (await pipe.drained()) && state.mode === 'reading';
