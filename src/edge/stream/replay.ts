/** Replays the change log for one consumer that is not up to date, at the speed of its client. */
import { memorySize } from '../../core/model/memory-size.ts';
import type { LogRecord, Position } from '../../core/port/store.ts';
import { type StreamContext, sendGap } from './stream-context.ts';

/** Maximum number of entities per round when a lagging consumer gets only the latest changes, and of bytes of all changes read for them. */
const latestMax = 1000;
const latestBytesMax = 32 * 2 ** 20;

/** Sends the matching records of one page. `isKnown` is true for records that were part of a snapshot. */
export async function replayPage(
  stream: StreamContext,
  isKnown: (record: LogRecord) => boolean = () => false,
): Promise<void> {
  const { state } = stream;
  const records = await nextRecords(stream, state.readPosition);
  if (!records) return;
  const unknown = records.filter((record) => !isKnown(record));
  await send(stream, await concernedOf(stream, unknown), records.at(-1)?.position ?? state.readPosition);
}

/** Sends the latest matching change of each entity, over as many pages as there are. */
export async function replayLatest(stream: StreamContext): Promise<void> {
  const { state } = stream;
  const latest = new Map<string, LogRecord>();
  const newest = await stream.feed.store.log.position();
  let reached: Position = state.readPosition;
  let bytes = 0;
  while (reached < newest && latest.size < latestMax && bytes < latestBytesMax && state.mode === 'reading') {
    const records = await nextRecords(stream, reached);
    const last = records?.at(-1);
    if (!records || !last) return;
    const concerned = await concernedOf(stream, records);
    bytes += memorySize(concerned);
    keepLatest(latest, concerned);
    reached = last.position;
  }
  await send(stream, [...latest.values()], reached);
}

/** Keeps the latest record of each entity. Deletes before it sets, so that the map stays in the order of positions. */
function keepLatest(latest: Map<string, LogRecord>, records: readonly LogRecord[]): void {
  for (const record of records) {
    latest.delete(record.id);
    latest.set(record.id, record);
  }
}

/** Sends records with backpressure. Afterwards everything up to `reached` has been sent. */
async function send(
  { state, writer, pipe }: StreamContext,
  records: readonly LogRecord[],
  reached: Position,
): Promise<void> {
  for (const { shown, position } of writer.bundles(records)) {
    if (!(await pipe.drained()) || state.mode !== 'reading') return;
    writer.notify(shown, state.isInSnapshot ? undefined : position);
    state.readPosition = position;
    if (!state.isInSnapshot) state.sentPosition = position;
  }
  state.readPosition = reached;
}

/** Reads the next records. Undefined when some were pruned; the client then gets a gap mark. */
async function nextRecords(stream: StreamContext, after: Position): Promise<readonly LogRecord[] | undefined> {
  const page = await stream.feed.readPage(after);
  if (page.gapTo === undefined) return page.records;
  if (stream.state.mode === 'reading') sendGap(stream, page.gapTo);
  return undefined;
}

/** The records that match the subscription, as the audience sees them. */
async function concernedOf(
  { audience, concerns, services }: StreamContext,
  records: readonly LogRecord[],
): Promise<readonly LogRecord[]> {
  const concerned: LogRecord[] = [];
  for (const record of records) {
    const pause = services.yieldToEventLoop();
    if (pause) await pause;
    const seen = audience.see(record);
    if (seen && concerns(seen)) concerned.push(seen);
  }
  return concerned;
}
