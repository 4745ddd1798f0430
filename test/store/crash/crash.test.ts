/** Kills a writing process repeatedly: no acknowledged write is lost, and none is partial. MLAKA_CRASHES sets how often. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import type { Store } from '../../../src/core/port/store.ts';
import { createSqliteStores } from '../../../src/store/sqlite/stores.ts';
import { checkReplay, recordsOf } from './check.ts';
import { type Acknowledged, isGoneAfter, level, place, type } from './life.ts';

const directory = mkdtempSync(join(tmpdir(), 'mlaka-crash-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const crashes = Number(process.env['MLAKA_CRASHES'] ?? 5);
const now = '2099-01-01T00:00:00Z';

/** Lets a child write for a while and kills it. Answers the last step of each entity that it said was durable. */
async function writeAndCrash(round: number): Promise<ReadonlyMap<string, number>> {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('child.ts', import.meta.url)), directory, String(round)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ended = once(child, 'exit');
  const acknowledged = new Map<string, number>();
  let kill: Promise<unknown> | undefined;
  const die = async (): Promise<void> => {
    await pause(Math.random() * 400);
    child.kill('SIGKILL');
  };
  for await (const line of createInterface({ input: child.stdout })) {
    kill ??= die();
    // The last line may be cut off.
    if (!line.endsWith('}')) continue;
    const { ids, step } = JSON.parse(line) as Acknowledged;
    for (const id of ids) acknowledged.set(id, step);
  }
  await kill;
  expect(await ended).toEqual([null, 'SIGKILL']);
  return acknowledged;
}

/** Each entity is as its last acknowledged write left it, or as the one under way would have, and so are log and history. */
async function checkAcknowledged(store: Store, acknowledged: ReadonlyMap<string, number>): Promise<void> {
  const writes = Map.groupBy(await recordsOf(store), ({ id }) => id);
  for (const [id, step] of acknowledged) {
    const reached = (writes.get(id)?.length ?? 0) - 1;
    expect([step, step + 1]).toContain(reached);
    const entity = (await store.get(id, now))?.entity();
    expect(entity?.attrs[level]?.[0]?.value).toBe(isGoneAfter(reached) ? undefined : reached);
    expect(await instancesOf(store, id)).toEqual([reached + 1, reached + 1]);
  }
}

async function instancesOf(store: Store, id: string): Promise<readonly unknown[]> {
  const filter = { selectors: [{ ids: [id] }] };
  const [history] = await store.history({
    filter,
    temporal: { timeproperty: 'modifiedAt' },
    limit: 1,
    limitInstances: 1000,
    now,
  });
  return [level, place].map((name) => history?.attrs[name]?.length);
}

function checkFile(): void {
  const database = new Database(join(directory, 'default.db'));
  expect(database.pragma('integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  expect(database.prepare("SELECT rtreecheck('box')").pluck().get()).toBe('ok');
  const count = (from: string) => database.prepare(`SELECT count(*) FROM ${from}`).pluck().get();
  expect(count('entity')).toBe(count('entity JOIN entity_type USING (num)'));
  expect(count('entity')).toBe(count('entity JOIN box ON box.place = num * 65536'));
  expect(count('box')).toBe(count('entity'));
  database.close();
}

test(
  `nothing acknowledged is lost in ${crashes} crashes`,
  async () => {
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < crashes; round += 1) {
      const fresh = await writeAndCrash(round);
      expect(fresh.size).toBeGreaterThan(0);
      for (const [id, step] of fresh) acknowledged.set(id, step);
      const stores = createSqliteStores({ directory, yieldToEventLoop: () => undefined });
      const store = await stores.open('', false);
      if (!store) throw new Error('The default tenant is gone.');
      await checkAcknowledged(store, acknowledged);
      await checkReplay(store, type);
      await stores.close();
      checkFile();
    }
  },
  30_000 + crashes * 20_000,
);
