/** Reads the change log on behalf of one consumer that is not up to date, no faster than its client takes it. */
import type { LogRecord, Position } from '../../core/port/store.ts';
import { type Course, tellGap } from './course.ts';
import { pageSizes } from './limits.ts';
import { readLog } from './read-log.ts';

/** Entities of which a consumer that lags is sent the latest at a time. */
const latestMax = 1000;

/** Sends what concerns the client of one page. `isKnown` tells records that it has got in a snapshot. */
export async function replayPage(course: Course, isKnown: (record: LogRecord) => boolean = () => false): Promise<void> {
  const { standing, outlet, connection } = course;
  const records = await nextRecords(course, standing.seen);
  if (!records) return;
  const concerned = await concernedOf(course, records.filter((record) => !isKnown(record)));
  for (const { entities, position } of outlet.bundles(concerned)) {
    if (!(await connection.drained()) || standing.mode === 'ended') return;
    outlet.notify(entities, standing.isInSnapshot ? undefined : position);
    standing.seen = position;
    if (!standing.isInSnapshot) standing.told = position;
  }
  standing.seen = records.at(-1)?.position ?? standing.seen;
}

/** Sends the latest change of each entity that concerns the client, of as many pages as there are. */
export async function replayLatest(course: Course): Promise<void> {
  const { standing, outlet, connection } = course;
  const latest = new Map<string, LogRecord>();
  let reached: Position = standing.seen;
  while (latest.size < latestMax && standing.mode === 'reading') {
    const records = await nextRecords(course, reached);
    if (!records) return;
    for (const record of await concernedOf(course, records)) {
      // Taken out first, so that the order of the map stays that of the positions.
      latest.delete(record.id);
      latest.set(record.id, record);
    }
    reached = records.at(-1)?.position ?? reached;
    if (records.length < pageSizes.log) break;
  }
  for (const { entities, position } of outlet.bundles([...latest.values()])) {
    if (!(await connection.drained()) || standing.mode !== 'reading') return;
    outlet.notify(entities, position);
    standing.seen = position;
    standing.told = position;
  }
  standing.seen = reached;
}

/** The next records; undefined when some have been pruned, which the client is told. */
async function nextRecords(course: Course, after: Position): Promise<readonly LogRecord[] | undefined> {
  const page = await readLog(course.feed.store.log, after, pageSizes.log);
  if (page.gapTo === undefined) return page.records;
  if (course.standing.mode !== 'ended') tellGap(course, page.gapTo);
  return undefined;
}

/** The records that concern the client, as it may see them. */
async function concernedOf({ audience, concerns, world }: Course, records: readonly LogRecord[]): Promise<readonly LogRecord[]> {
  const concerned: LogRecord[] = [];
  for (const record of records) {
    const pause = world.breathe();
    if (pause) await pause;
    const seen = audience.see(record);
    if (seen && concerns(seen)) concerned.push(seen);
  }
  return concerned;
}
