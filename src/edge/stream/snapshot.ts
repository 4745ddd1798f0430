/** Sends a snapshot of the current entities. The changes sent afterwards continue it without gap or repetition. */
import { contentInParts, createContentOf } from '../../core/operation/content.ts';
import type { Position, Stored } from '../../core/port/store.ts';
import { snapshotFilter } from '../../core/subscription/match.ts';
import type { StreamContext } from './stream-context.ts';
import { pageSizes } from './limits.ts';
import { replayPage } from './replay.ts';

/**
 * Sends a snapshot. `state.seen` is the log position at the start. An entity that is read in a later version already contains
 * changes that follow in the log, so its version is recorded and its records up to that version are skipped. When the log has
 * been read up to the newest recorded version, the state of the client matches a position exactly. The client then gets the
 * `snapshot` mark.
 */
export async function takeSnapshot(stream: StreamContext): Promise<void> {
  const { state, writer } = stream;
  const versions = await sendEntities(stream);
  if (!versions) return;
  const until = [...versions.values()].reduce((newest, version) => Math.max(newest, version), state.readPosition);
  while (state.readPosition < until) {
    if (!(await isOpen(stream))) return;
    await replayPage(stream, ({ id, position }) => position <= (versions.get(id) ?? 0));
  }
  if (state.mode === 'ended') return;
  state.isInSnapshot = false;
  state.sentPosition = state.readPosition;
  writer.mark('snapshot', state.readPosition);
}

/** Sends all entities, page by page. Returns the versions newer than `state.seen`; undefined when the client is disconnected. */
async function sendEntities(stream: StreamContext): Promise<ReadonlyMap<string, Position> | undefined> {
  const {
    audience: { store },
    plan,
    services,
    state,
  } = stream;
  const versions = new Map<string, Position>();
  const filter = snapshotFilter(plan);
  let after: number | undefined;
  for (;;) {
    if (!(await isOpen(stream))) return undefined;
    const limit = pageSizes.snapshot;
    const now = services.clock.now();
    const page = await store.find({
      ...{ filter, limit, now, isLazy: true },
      ...(after === undefined ? undefined : { after }),
    });
    for await (const some of contentInParts(page, createContentOf(filter, { store, now, services }))) {
      noteVersions(versions, some, state.readPosition);
      if (!(await sendPage(stream, some))) return undefined;
    }
    after = page.at(-1)?.cursor;
    if (page.length < limit) return versions;
  }
}

function noteVersions(versions: Map<string, Position>, page: readonly Stored[], after: Position): void {
  for (const { id, version } of page) if (version > after) versions.set(id, version);
}

async function sendPage(stream: StreamContext, page: readonly Stored[]): Promise<boolean> {
  for (const { shown } of stream.writer.present(page.map((stored) => stored.entity()))) {
    if (!(await isOpen(stream))) return false;
    stream.writer.notify(shown);
  }
  return true;
}

/** Waits until the backlog is small. False when the client is disconnected or has unsubscribed. */
const isOpen = async ({ pipe, state }: StreamContext): Promise<boolean> =>
  (await pipe.drained()) && state.mode === 'reading';
