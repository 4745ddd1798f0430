/** Reads pages of the change log for consumers that are behind. After an outage many are at the same point: they read it once. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log, Position } from '../../core/port/store.ts';
import { type LogPage, readLog } from '../../core/subscription/read-log.ts';
import { pageSizes } from './limits.ts';

/** Pages that are looked for; beyond that it begins anew. */
const rememberedMax = 256;

/** How long an empty page takes: who asks knows of more, which a store that has just changed its primary cannot read yet. */
const retryMs = 200;

/** Answers the page behind a position. What was committed after its reading began may be missing from it. */
export function createPages(log: Log): (after: Position) => Promise<LogPage> {
  const underWay = new Map<Position, Promise<LogPage>>();
  // A full page stays what it is. It is had again as long as another consumer holds it; no memory is kept for it here.
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
