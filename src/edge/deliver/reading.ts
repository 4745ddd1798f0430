/** Brings a subscription what concerns it: as the follower hands it over, or by reading the log when it has fallen behind. */
import type { LogRecord, Position } from '../../core/port/store.ts';
import { untried } from '../../core/subscription/queue.ts';
import { readLog } from '../../core/subscription/read-log.ts';
import { lose as tellLost } from './bury.ts';
import { pageSize } from './follower.ts';
import { type Consumer, endsByExpiry, leave, progressOf } from './standing.ts';

/** Notifications of one subscription that are held in memory at most. */
const heldMost = 100;
/** How long to wait before a log is read again that could not be. */
const retryMs = 1000;

/** Takes in a record that may concern the subscription, or leaves it in the log for later. */
export function offer(consumer: Consumer, record: LogRecord): void {
  if (consumer.mode !== 'live' || endsByExpiry(consumer)) return;
  const isDirect = !consumer.isPaused && consumer.stored.linked === undefined && consumer.queue.size() < heldMost;
  if (isDirect) {
    add(consumer, record);
    consumer.around.receivers.wake(consumer.source);
  } else {
    leave(consumer, 'reading', record.position - 1);
    // Later: until the follower is through with this record, the subscription could join it again and miss the record.
    queueMicrotask(() => readOn(consumer));
  }
}

function add({ queue, fates, mark }: Consumer, record: LogRecord): void {
  queue.add(record, fates.get(record.position) ?? untried);
  mark();
}

/** Records up to here were pruned before they were read. */
export function lose(consumer: Consumer, position: Position): void {
  tellLost('changes were pruned from the log before they were delivered', consumer);
  consumer.seen = Math.max(consumer.seen, position);
  consumer.mark();
}

/** Lets go of what waits while the receiver is out of reach: it is in the log. What is under way is waited for. */
export function pause(consumer: Consumer): void {
  const { queue } = consumer;
  consumer.isPaused = true;
  if (consumer.mode === 'ended' || queue.underWay() > 0 || queue.size() === 0) return;
  leave(consumer, 'reading', progressOf(consumer).position);
  queue.clear();
}

/** Reads on, if there is something to be read and room for it. */
export function readOn(consumer: Consumer): void {
  if (consumer.isReading || !mayRead(consumer)) return;
  const { observe } = consumer.around.world;
  read(consumer).catch((cause: unknown) => {
    observe({ kind: 'failed', where: 'subscriptions', cause });
    setTimeout(() => readOn(consumer), retryMs).unref();
  });
}

const mayRead = ({ mode, isPaused, queue }: Consumer): boolean =>
  mode === 'reading' && !isPaused && queue.size() <= heldMost / 2;

async function read(consumer: Consumer): Promise<void> {
  const { around, source, stored, queue } = consumer;
  consumer.isReading = true;
  try {
    while (mayRead(consumer) && !endsByExpiry(consumer)) {
      if (around.follower.join(consumer.listener, consumer.seen)) {
        consumer.mode = 'live';
        consumer.mark();
      } else if (!(await readPage(consumer))) {
        setTimeout(() => readOn(consumer), retryMs).unref();
        return;
      }
      // Where there is throttling the newest is to go: it is known at the end only.
      const isUnfinished = stored.throttlingMs !== undefined && consumer.mode === 'reading';
      if (queue.size() > 0 && !isUnfinished) around.receivers.wake(source);
    }
  } finally {
    // In the same turn as the last look at what there is to do.
    consumer.isReading = false;
  }
}

/**
 * False when there was nothing, though the follower is ahead: a store that has just changed its primary may know of records
 * before it can read them.
 */
async function readPage(consumer: Consumer): Promise<boolean> {
  const { around } = consumer;
  const { log, world } = around;
  const page = await readLog(log, consumer.seen, pageSize);
  if (page.gapTo !== undefined) {
    lose(consumer, page.gapTo);
    return true;
  }
  for (const record of page.records) {
    const pause = world.breathe();
    if (pause) await pause;
    const isConcerned = await consumer.concerns(record);
    if (consumer.mode !== 'reading' || consumer.isPaused) return true;
    if (isConcerned) add(consumer, record);
    consumer.seen = record.position;
    if (consumer.queue.size() >= heldMost) return true;
  }
  consumer.mark();
  return page.records.length > 0;
}
