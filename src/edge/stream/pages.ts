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
  // A full page never changes. A weak reference makes it available while another consumer holds it, without retaining memory.
  const full = new Map<Position, WeakRef<LogPage>>();
  const read = async (after: Position): Promise<LogPage> => {
    try {
      const page = await readLog(log, after, pageSizes.log);
      if (page.gapTo === undefined && page.records.length === 0) await sleep(retryMs);
      if (page.gapTo === undefined && page.records.length === pageSizes.log) {
        if (full.size >= rememberedMax) full.clear();
        full.set(after, new WeakRef(page));
      }
      return page;
    } finally {
      underWay.delete(after);
    }
  };
  return (after) => {
    const known = full.get(after)?.deref();
    if (known) return Promise.resolve(known);
    const reading = underWay.get(after) ?? read(after);
    underWay.set(after, reading);
    return reading;
  };
}
