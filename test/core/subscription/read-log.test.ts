/** Tests paged reads of the log: a reader gets every record or a notice of what was pruned, even while the log is being pruned. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Log, LogRecord } from '../../../src/core/port/store.ts';
import { readLog } from '../../../src/core/subscription/read-log.ts';
import { shareLog } from '../../../src/core/subscription/shared-log.ts';
import { createChangeLog } from '../../../src/store/memory/log.ts';
import { bare } from './fixtures.ts';

/** A log that is read as from a cursor: in several goes. Between them all but the newest records may go. */
function createRestless(keeps: readonly number[], goes: number): Log {
  const log = createChangeLog();
  for (let count = 0; count < 60; count += 1) log.append(bare);
  const left = [...keeps];
  return {
    ...log,
    async read(after, limit) {
      const found: LogRecord[] = [];
      for (let from = after; found.length < limit; from = found.at(-1)?.position ?? from) {
        const more = await log.read(from, Math.min(goes, limit - found.length));
        if (more.length === 0) break;
        found.push(...more);
        await log.prune({ before: '2000-01-01T00:00:00Z', records: left.shift() ?? 60 });
      }
      return found;
    },
  };
}

test('every record is seen once and in order, or in a gap that is told', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 12 }),
      fc.integer({ min: 1, max: 9 }),
      fc.boolean(),
      async (keeps, goes, isShared) => {
        const restless = createRestless(keeps, goes);
        const log = isShared ? shareLog(restless) : restless;
        let seen = 0;
        while (seen < 60) {
          const page = await readLog(log, seen, 20);
          if (page.gapTo === undefined) {
            const [first, last] = [page.records[0]?.position, page.records.at(-1)?.position ?? 0];
            expect(first).toBe(seen + 1);
            expect(page.records).toHaveLength(last - seen);
            seen = last;
          } else {
            expect(page.gapTo).toBeGreaterThan(seen);
            expect(page.gapTo).toBeLessThanOrEqual(await log.prunedTo());
            seen = page.gapTo;
          }
        }
      },
    ),
  );
});
