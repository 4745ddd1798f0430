/** Reads and writes the golden files: what a store held at the time when its format was last changed, and what the broker answered. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Answers } from './fill.ts';

export interface Golden<T> {
  readonly stored: T;
  readonly answers: Answers;
}

const pathOf = (store: string): URL => new URL(`../../fixture/stored/${store}.json`, import.meta.url);

/** Long runs of one letter are written as `‹70000 x›`. */
const packed = (text: string): string => text.replaceAll(/x{100,}/g, (run) => `‹${run.length} x›`);
const unpacked = (text: string): string =>
  text.replaceAll(/‹(\d+) x›/g, (_, length: string) => 'x'.repeat(Number(length)));

export const readGolden = <T>(store: string): Golden<T> =>
  JSON.parse(unpacked(readFileSync(pathOf(store), 'utf8'))) as Golden<T>;

/**
 * Writes a golden file when `MLAKA_WRITE_GOLDEN` is set. Set it only for a change of the format that has a migration, or when something new
 * is stored.
 */
export function offerGolden<T>(store: string, golden: Golden<T>): void {
  if (process.env['MLAKA_WRITE_GOLDEN'] !== undefined)
    writeFileSync(pathOf(store), `${packed(JSON.stringify(golden, undefined, 1))}\n`);
}

/** Answers without what changes with every start: counters of the broker, its age and its port. */
export const comparable = (answers: Answers): unknown =>
  JSON.parse(
    JSON.stringify(answers)
      .replaceAll(/"(contextSourceUptime|lastUsage)":"[^"]*",?/g, '')
      .replaceAll(/"(id)":"urn:ngsi-ld:(AttributeList|EntityTypeList):[^"]*"/g, '"id":"…"')
      .replaceAll(/127\.0\.0\.1:\d+/g, 'HOST'),
  ) as unknown;
