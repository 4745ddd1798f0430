/** Sends the entities that are there, so that the changes sent thereafter follow without gap or repeat. */
import type { Position, Stored } from '../../core/port/store.ts';
import { snapshotFilter } from '../../core/subscription/match.ts';
import type { Course } from './course.ts';
import { pageSizes } from './limits.ts';
import { replayPage } from './replay.ts';

/**
 * The log is where it was when `standing.seen` was set. Entities found in a later version than that hold changes that the log
 * is about to tell: their versions are remembered, and the records up to them passed over. Once the log has been
 * read to the newest of these versions, the client has exactly what a position stands for, and is told so.
 */
export async function takeSnapshot(course: Course): Promise<void> {
  const { standing, outlet } = course;
  const versions = await sendEntities(course);
  if (!versions) return;
  const until = [...versions.values()].reduce((newest, version) => Math.max(newest, version), standing.seen);
  while (standing.seen < until) {
    if (!(await isOpen(course))) return;
    await replayPage(course, ({ id, position }) => position <= (versions.get(id) ?? 0));
  }
  if (standing.mode === 'ended') return;
  standing.isInSnapshot = false;
  standing.told = standing.seen;
  outlet.mark('snapshot', standing.seen);
}

/** Sends all entities, page by page. Answers versions that are newer than the position; undefined when the client is gone. */
async function sendEntities(course: Course): Promise<ReadonlyMap<string, Position> | undefined> {
  const { audience, plan, world, standing } = course;
  const versions = new Map<string, Position>();
  const filter = snapshotFilter(plan);
  let after: number | undefined;
  for (;;) {
    if (!(await isOpen(course))) return undefined;
    const limit = pageSizes.snapshot;
    const page = await audience.store.find({
      filter,
      limit,
      now: world.clock.now(),
      ...(after === undefined ? undefined : { after }),
    });
    for (const { id, version } of page) if (version > standing.seen) versions.set(id, version);
    if (!(await sendPage(course, page))) return undefined;
    after = page.at(-1)?.cursor;
    if (page.length < limit) return versions;
  }
}

async function sendPage(course: Course, page: readonly Stored[]): Promise<boolean> {
  for (const texts of course.outlet.present(page.map((stored) => stored.entity()))) {
    if (!(await isOpen(course))) return false;
    course.outlet.notify(texts);
  }
  return true;
}

/** Waits until little waits for the client. False when it is gone, or has left. */
const isOpen = async ({ pipe, standing }: Course): Promise<boolean> =>
  (await pipe.drained()) && standing.mode === 'reading';
