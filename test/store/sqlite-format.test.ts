/** Tests that the SQLite store writes and reads the files of the golden copy: a renamed member cannot lose stored data unnoticed. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { startBroker } from '../../src/app/broker.ts';
import { readConfig } from '../../src/app/config/read-config.ts';
import { stopReceivers } from '../edge/deliver/receiver.ts';
import { answersOf, filled } from './format/fill.ts';
import { comparable, offerGolden, readGolden } from './format/golden.ts';
import { shapeOf } from './format/shape.ts';
import { readFiles, type StoredFiles, writeFiles } from './format/sqlite.ts';

const root = mkdtempSync(join(tmpdir(), 'mlaka-format-'));
afterAll(async () => {
  await stopReceivers();
  rmSync(root, { recursive: true, force: true });
});

const start = (folder: string) => {
  const options = [
    '--port',
    '0',
    '--data',
    folder,
    '--log-level',
    'silent',
    '--models',
    'off',
    '--notify-allow-private',
  ];
  return startBroker(readConfig({ args: options, env: {} }));
};

/** Whether what the writer computes by itself is there: rollups, and the outcome of both notifications. */
function isSettled(files: StoredFiles): boolean {
  const text = JSON.stringify(files['default.db']?.tables['shelf'] ?? []);
  const rollups = JSON.stringify(files['default.db']?.tables['rollup'] ?? []);
  return rollups.includes('"state":1') && rollups.includes('"state":2') && text.includes('deadLetters urn:s:bad');
}

describe('the format of the SQLite store', () => {
  test('is the golden one: names of members and columns, types of values', async () => {
    const folder = join(root, 'written');
    const broker = await start(folder);
    const answers = await filled(broker.url, () => isSettled(readFiles(folder))).finally(() => broker.stop());
    const stored = readFiles(folder);
    offerGolden('sqlite', { stored, answers });
    expect(shapeOf('', stored)).toEqual(shapeOf('', readGolden<StoredFiles>('sqlite').stored));
  }, 60_000);

  test('is read as it was written', async () => {
    const folder = join(root, 'read');
    mkdirSync(folder);
    const { stored, answers } = readGolden<StoredFiles>('sqlite');
    writeFiles(folder, stored);
    const broker = await start(folder);
    try {
      expect(comparable(await answersOf(broker.url))).toEqual(comparable(answers));
    } finally {
      await broker.stop();
    }
  }, 60_000);
});
