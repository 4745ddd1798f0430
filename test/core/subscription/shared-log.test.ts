/** Tests that a log that is read in shared blocks returns the same records as the log itself, and parses each record once. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Log, LogRecord } from '../../../src/core/port/store.ts';
import { shareLog } from '../../../src/core/subscription/shared-log.ts';
import { bare } from './fixtures.ts';

const large = { ...bare.entity, attrs: { text: [{ kind: 'Property', value: 'x'.repeat(2 ** 20) }] } } as const;

interface Paper {
  readonly log: Log;
  /** Positions that were read, each time. */
  readonly read: number[];
  newest: number;
  prunedTo: number;
  isTorn: boolean;
  /** Records of a page at most. */
  pageMax: number;
  entity: LogRecord['entity'];
}

function createPaper(): Paper {
  const paper: Paper = {
    read: [],
    newest: 0,
    prunedTo: 0,
    isTorn: false,
    pageMax: Infinity,
    entity: bare.entity,
    log: {
      position: () => Promise.resolve(paper.newest),
      prunedTo: () => Promise.resolve(paper.prunedTo),
      read(after, limit) {
        if (paper.isTorn) return Promise.reject(new Error('torn'));
        const records: LogRecord[] = [];
        for (let position = Math.max(after, paper.prunedTo) + 1; position <= paper.newest; position += 1) {
          if (records.length === Math.min(limit, paper.pageMax)) break;
          records.push({ ...recordAt(position), entity: paper.entity });
        }
        paper.read.push(...records.map(({ position }) => position));
        return Promise.resolve(records);
      },
      readAbout: () => Promise.reject(new Error('not read in parts')),
      follow: () => () => undefined,
      prune: () => Promise.resolve(0),
    },
  };
  return paper;
}

const recordAt = (position: number): LogRecord => ({ position, ...bare });
const positions = (records: readonly LogRecord[]): readonly number[] => records.map(({ position }) => position);

test('whoever reads on from page to page sees every record once, in order, however the log grows', async () => {
  const step = fc.record({ grow: fc.nat({ max: 300 }), readers: fc.array(fc.nat({ max: 2 }), { maxLength: 6 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), fc.integer({ min: 1, max: 300 }), async (steps, limit) => {
      const paper = createPaper();
      const log = shareLog(paper.log);
      const seen: number[][] = [[], [], []];
      const readOn = async (reader: number): Promise<number> => {
        const own = seen[reader] ?? [];
        const found = positions(await log.read(own.at(-1) ?? 0, limit));
        own.push(...found);
        return found.length;
      };
      for (const { grow, readers } of steps) {
        paper.newest += grow;
        for (const reader of readers) await readOn(reader);
      }
      for (const reader of [0, 1, 2]) while ((await readOn(reader)) > 0);
      const all = Array.from({ length: paper.newest }, (_, index) => index + 1);
      expect(seen).toEqual([all, all, all]);
    }),
  );
});

test('those who read the same part at the same time share the records', async () => {
  const paper = createPaper();
  paper.newest = 500;
  const log = shareLog(paper.log);
  const [one, other] = await Promise.all([log.read(10, 50), log.read(10, 50)]);
  expect(one[0]).toBe(other[0]);
  expect(positions(await log.read(40, 1000)).at(-1)).toBe(200);
  expect(new Set(paper.read).size).toBe(paper.read.length);
});

test('large records that come in small pages are read by all in order, and only some are kept', async () => {
  const paper = createPaper();
  Object.assign(paper, { newest: 450, pageMax: 3, entity: large });
  const log = shareLog(paper.log);
  const seen: number[][] = [[], []];
  for (const own of seen) {
    for (;;) {
      const found = positions(await log.read(own.at(-1) ?? 0, 50));
      if (found.length === 0) break;
      own.push(...found);
    }
  }
  const all = Array.from({ length: 450 }, (_, index) => index + 1);
  expect(seen).toEqual([all, all]);
  // The second reader found few of the records that the first one had read.
  expect(paper.read.length).toBeGreaterThan(850);
  // One who is behind in a block whose first records were dropped reads them again.
  expect(positions(await log.read(200, 2))).toEqual([201, 202]);
});

test('what was pruned is not made up, and a log that could not be read can be later', async () => {
  const paper = createPaper();
  paper.newest = 500;
  paper.prunedTo = 100;
  const log = shareLog(paper.log);
  expect(positions(await log.read(0, 10))[0]).toBe(101);
  paper.isTorn = true;
  await expect(log.read(450, 10)).rejects.toThrow('torn');
  paper.isTorn = false;
  expect(positions(await log.read(450, 2))).toEqual([451, 452]);
});
