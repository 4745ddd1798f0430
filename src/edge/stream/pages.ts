/** Reads pages of the change log for consumers that lag. After an outage many consumers need the same page, so each page is read once. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log, Position } from '../../core/port/store.ts';
import { type LogPage, readLog } from '../../core/subscription/read-log.ts';
import { pageSizes } from './limits.ts';

/** Maximum number of cached pages. At the limit the cache is cleared. */
const rememberedMax = 256;

/**
 * Delay in milliseconds before an empty page is returned. The caller knows of later records, which a store cannot read yet right
 * after a failover.
 */
const retryMs = 200;

/** Returns a function that reads the page after a position. The page may lack records committed after the read began. */
export function createPages(log: Log): (after: Position) => Promise<LogPage> {
  const underWay = new Map<Position, Promise<LogPage>>();
  // A consumer that gets an older page reads on after it. A weak reference makes a page available while another consumer holds it.
  const known = new Map<Position, WeakRef<LogPage>>();
  const read = async (after: Position): Promise<LogPage> => {
    try {
      const page = await readLog(log, after, pageSizes.log);
      if (page.gapTo !== undefined) return page;
      if (page.records.length === 0) await sleep(retryMs);
      else {
        if (known.size >= rememberedMax) known.clear();
        known.set(after, new WeakRef(page));
      }
      return page;
    } finally {
      underWay.delete(after);
    }
  };
  return (after) => {
    const page = known.get(after)?.deref();
    if (page) return Promise.resolve(page);
    const reading = underWay.get(after) ?? read(after);
    underWay.set(after, reading);
    return reading;
  };
}
