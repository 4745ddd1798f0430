/** Reads the change log on behalf of one consumer that is not up to date, no faster than its client takes it. */
import type { LogRecord, Position } from '../../core/port/store.ts';
import { type Course, tellGap } from './course.ts';
import { pageSizes } from './limits.ts';

/** Entities of which a consumer that lags is sent the latest at a time. */
const latestMax = 1000;

/** Sends what concerns the client of one page. `isKnown` tells records that it has got in a snapshot. */
export async function replayPage(course: Course, isKnown: (record: LogRecord) => boolean = () => false): Promise<void> {
  const { standing } = course;
  const records = await nextRecords(course, standing.seen);
  if (!records) return;
  const unknown = records.filter((record) => !isKnown(record));
  await send(course, await concernedOf(course, unknown), records.at(-1)?.position ?? standing.seen);
}

/** Sends the latest change of each entity that concerns the client, of as many pages as there are. */
export async function replayLatest(course: Course): Promise<void> {
  const { standing } = course;
  const latest = new Map<string, LogRecord>();
  let reached: Position = standing.seen;
  let isMore = true;
  while (isMore && latest.size < latestMax && standing.mode === 'reading') {
    const records = await nextRecords(course, reached);
    if (!records) return;
    keepLatest(latest, await concernedOf(course, records));
    reached = records.at(-1)?.position ?? reached;
    isMore = records.length === pageSizes.log;
  }
  await send(course, [...latest.values()], reached);
}

/** Taken out first, so that the order of the map stays that of the positions. */
function keepLatest(latest: Map<string, LogRecord>, records: readonly LogRecord[]): void {
  for (const record of records) {
    latest.delete(record.id);
    latest.set(record.id, record);
  }
}

/** Sends records as the client takes them; it has then been sent everything up to `reached`. */
async function send(
  { standing, outlet, pipe }: Course,
  records: readonly LogRecord[],
  reached: Position,
): Promise<void> {
  for (const { entities, position } of outlet.bundles(records)) {
    if (!(await pipe.drained()) || standing.mode !== 'reading') return;
    outlet.notify(entities, standing.isInSnapshot ? undefined : position);
    standing.seen = position;
    if (!standing.isInSnapshot) standing.told = position;
  }
  standing.seen = reached;
}

/** The next records; undefined when some have been pruned, which the client is told. */
async function nextRecords(course: Course, after: Position): Promise<readonly LogRecord[] | undefined> {
  const page = await course.feed.readPage(after);
  if (page.gapTo === undefined) return page.records;
  if (course.standing.mode === 'reading') tellGap(course, page.gapTo);
  return undefined;
}

/** The records that concern the client, as it may see them. */
async function concernedOf(
  { audience, concerns, world }: Course,
  records: readonly LogRecord[],
): Promise<readonly LogRecord[]> {
  const concerned: LogRecord[] = [];
  for (const record of records) {
    const pause = world.breathe();
    if (pause) await pause;
    const seen = audience.see(record);
    if (seen && concerns(seen)) concerned.push(seen);
  }
  return concerned;
}
