/** Processes messages in the order of arrival, in batches: reads them, writes them, then acknowledges them. */
import type { Instant } from '../../../core/model/instant.ts';
import type { Observe } from '../../../core/port/observe.ts';
import type { YieldToEventLoop, Clock } from '../../../core/port/clock.ts';
import type { ReceivedMessage, ParsedElement } from './read-message.ts';
import type { RejectedMessage } from './rejections.ts';
import type { Message } from './session.ts';
import { elementsMax, type How, type WritableElement, type WriteElements } from './write-elements.ts';

export interface PipelineOptions {
  readonly source: string;
  readonly clock: Clock;
  readonly yieldToEventLoop: YieldToEventLoop;
  readonly observe: Observe;
  readonly read: (arrived: ReceivedMessage) => readonly ParsedElement[];
  readonly write: WriteElements;
  /** Handles a rejected message. Resolves when it may be acknowledged. */
  readonly reject: (rejected: RejectedMessage) => Promise<void>;
  /** Limits of messages and of their bytes in progress. At either limit, the source should pause. */
  readonly most: { readonly messages: number; readonly bytes: number };
  /** Called when the pipeline becomes full, and when it is no longer full. */
  readonly full: (isFull: boolean) => void;
}

export interface Pipeline {
  take(message: Message): void;
  /** Resolves when no message is in progress. */
  idle(): Promise<void>;
}

/** A message in progress. */
interface Waiting extends Message {
  readonly at: Instant;
}

/** A message with its elements and the faults found. */
interface BatchEntry {
  readonly message: Waiting;
  readonly elements: readonly ParsedElement[];
  readonly flaws: string[];
}

interface Work {
  readonly options: PipelineOptions;
  readonly queue: Waiting[];
  /** Counts of messages in progress, including the queue. */
  readonly load: { messages: number; bytes: number; isFull: boolean };
  running: Promise<void> | undefined;
}

export function createPipeline(options: PipelineOptions): Pipeline {
  const work: Work = { options, queue: [], load: { messages: 0, bytes: 0, isFull: false }, running: undefined };
  return {
    take(message) {
      work.queue.push({ ...message, at: options.clock.now() });
      countLoad(work, message, 1);
      work.running ??= run(work);
    },
    idle: async () => work.running,
  };
}

function countLoad({ options: { most, full }, load }: Work, { payload }: Message, sign: 1 | -1): void {
  load.messages += sign;
  load.bytes += sign * payload.length;
  const [messages, bytes] = [load.messages / most.messages, load.bytes / most.bytes];
  const isFull = Math.max(messages, bytes) >= (load.isFull ? 0.5 : 1);
  if (isFull === load.isFull) return;
  load.isFull = isFull;
  full(isFull);
}

/** Processes the queue until it is empty or writing fails. Unacknowledged messages are sent again. */
async function run(work: Work): Promise<void> {
  // Messages that arrive in the same turn of the event loop go into one batch.
  await Promise.resolve();
  try {
    while (work.queue.length > 0) await settle(work, await takeBatch(work));
  } catch (cause) {
    if (!isAbort(cause)) work.options.observe({ kind: 'failed', where: 'ingest', cause });
    for (const message of work.queue.splice(0)) countLoad(work, message, -1);
  } finally {
    work.running = undefined;
  }
}

const isAbort = (cause: unknown): boolean => cause instanceof Error && cause.name === 'AbortError';

/** Takes messages up to the element limit of one write, or a single larger message. */
async function takeBatch({ queue, options }: Work): Promise<readonly BatchEntry[]> {
  const batch: BatchEntry[] = [];
  let count = 0;
  let taken = 0;
  for (const message of queue) {
    if (count >= elementsMax) break;
    const rest = options.yieldToEventLoop();
    if (rest) await rest;
    const elements = options.read(message);
    count += elements.length;
    taken += 1;
    batch.push({ message, elements, flaws: flawsOf(elements) });
  }
  queue.splice(0, taken);
  return batch;
}

const flawsOf = (elements: readonly ParsedElement[]): string[] =>
  elements.flatMap(({ element }) => (element.outcome === 'rejected' ? element.reason : []));

async function settle(work: Work, batch: readonly BatchEntry[]): Promise<void> {
  const began = performance.now();
  const { options } = work;
  const entities = await writeAll(batch, options.write);
  await Promise.all(
    batch.flatMap(({ message: { topic, payload, at }, flaws }) =>
      flaws.length === 0 ? [] : [options.reject({ topic, payload, at, reason: reasonOf(flaws) })],
    ),
  );
  for (const { message } of batch) {
    message.acknowledge();
    countLoad(work, message, -1);
  }
  const rejected = batch.filter(({ flaws }) => flaws.length > 0).length;
  const skipped = batch.filter(({ elements }) => elements.every(({ element }) => element.outcome === 'skipped')).length;
  options.observe({
    kind: 'ingested',
    source: options.source,
    taken: batch.length - rejected - skipped,
    skipped,
    rejected,
    entities,
    tookMs: performance.now() - began,
  });
}

/** Maximum number of reasons listed in a dead letter. */
const reasonsMax = 10;

function reasonOf(flaws: readonly string[]): string {
  const reasons = [...new Set(flaws)];
  const more = reasons.length - reasonsMax;
  return [...reasons.slice(0, reasonsMax), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

/** An element to write, with the fault list of its message. */
interface PendingWrite {
  readonly how: How;
  readonly measured: WritableElement;
  readonly flaws: string[];
}

/** Writes in order, in runs of the same operation and writer. Returns the number of elements written. */
async function writeAll(batch: readonly BatchEntry[], write: WriteElements): Promise<number> {
  const owned = batch.flatMap(({ elements, flaws }) =>
    elements.flatMap(({ write: operation, writer, element }): readonly PendingWrite[] =>
      element.outcome === 'entity' ? [{ how: { operation, writer }, measured: element, flaws }] : [],
    ),
  );
  let written = 0;
  for (let start = 0; start < owned.length; ) {
    const run = runFrom(owned, start);
    written += await writeRun(run, write);
    start += run.length;
  }
  return written;
}

function runFrom(owned: readonly PendingWrite[], start: number): readonly PendingWrite[] {
  const most = owned.slice(start, start + elementsMax);
  const first = owned[start]?.how;
  const end = most.findIndex(({ how }) => how.operation !== first?.operation || how.writer !== first.writer);
  return end < 0 ? most : most.slice(0, end);
}

async function writeRun(run: readonly PendingWrite[], write: WriteElements): Promise<number> {
  const [first] = run;
  if (!first) return 0;
  const refused = await write(
    first.how,
    run.map(({ measured }) => measured),
  );
  for (const [place, reason] of refused) run[place]?.flaws.push(reason);
  return run.length - refused.size;
}
