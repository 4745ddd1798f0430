/** Tests the jobs: each tenant is processed regardless of failures in others, and the results are logged. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, jest, test } from '@jest/globals';
import { every } from '../../src/city/job/every.ts';
import { startJobs } from '../../src/city/job/jobs.ts';
import { schedule } from '../../src/city/job/schedule.ts';
import { instantOf } from '../../src/core/model/instant.ts';
import type { Observation } from '../../src/core/port/observe.ts';
import type { Stores } from '../../src/core/port/store.ts';
import { createMemoryStores } from '../../src/store/memory/stores.ts';
import { noSnapshots } from '../test-services.ts';

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await sleep(10);
};

test('what fails in one tenant is done in all behind it', async () => {
  const stores = createMemoryStores();
  for (const tenant of ['bad', 'worse', 'zoo']) await stores.open(tenant, true);
  const swept: string[] = [];
  const observed: Observation[] = [];
  const lame: Stores = {
    ...stores,
    async open(tenant, create) {
      if (tenant === 'worse') throw new Error('the file is damaged');
      const store = await stores.open(tenant, create);
      if (!store) return undefined;
      const sweep = (): Promise<number> => {
        swept.push(tenant);
        return tenant === 'bad' ? Promise.reject(new Error('the disk is full')) : Promise.resolve(1);
      };
      return { ...store, sweep };
    },
  };
  const jobs = startJobs({
    ...noSnapshots,
    stores: lame,
    clock: { now: () => instantOf(Date.now() * 1000) },
    observe: (observation) => observed.push(observation),
    logKeep: { hours: 1, records: 1, bytes: 1e9 },
    contexts: { core: { expand: (name) => name } },
    historyKeep: { days: 0, rules: [], isDryRun: false },
  });
  // Another job may run meanwhile, at the full minute.
  const ofSweep = (): readonly Observation[] =>
    observed.filter((one) =>
      one.kind === 'jobRan' ? one.job === 'sweep' : one.kind === 'failed' && one.where === 'job sweep',
    );
  await until(() => ofSweep().some(({ kind }) => kind === 'jobRan'));
  await jobs.stop();
  expect(swept.slice(0, 3)).toEqual(['', 'bad', 'zoo']);
  expect(ofSweep().slice(0, 3)).toMatchObject([
    { kind: 'failed', where: 'job sweep', cause: new Error('the disk is full') },
    { kind: 'failed', where: 'job sweep', cause: new Error('the file is damaged') },
    { kind: 'jobRan', job: 'sweep', did: 'removed 1; removed 1' },
  ]);
});

test('work at intervals is never done twice at a time, goes on when the wall clock jumps, and is waited for at the end', async () => {
  const now = Date.now;
  let [begun, ended, open, most] = [0, 0, 0, 0];
  const stop = every(1, async () => {
    begun += 1;
    open += 1;
    most = Math.max(most, open);
    await sleep(5);
    open -= 1;
    ended += 1;
  });
  const jumps = [365, -365];
  try {
    for (const days of jumps) {
      const before = ended;
      Date.now = () => now() + days * 86_400_000;
      await until(() => ended > before + 2);
    }
  } finally {
    Date.now = now;
  }
  await stop();
  expect([most, open, begun]).toEqual([1, 0, ended]);
});

/** Everything that tells time but the wall clock goes on as it is. */
const onlyDate = [
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
] as const;

test('work at the times of an expression is done when the wall clock comes to them, and once when it jumps over them', async () => {
  jest.useFakeTimers({ doNotFake: [...onlyDate], now: Date.parse('2026-03-29T00:59:59.000Z') });
  const runs: string[] = [];
  const timed = schedule('0 0 * * * *', () => {
    runs.push(new Date().toISOString());
    return Promise.resolve();
  });
  const jumpTo = async (time: string): Promise<void> => {
    jest.setSystemTime(Date.parse(time));
    const count = runs.length;
    await until(() => runs.length > count);
  };
  try {
    // The hour that a wall clock in Ljubljana skips is an hour like any other.
    await jumpTo('2026-03-29T01:00:00.500Z');
    await jumpTo('2027-03-29T17:30:00.000Z');
    jest.setSystemTime(Date.parse('2026-03-29T05:10:00.000Z'));
    await sleep(1500);
    await jumpTo('2026-03-29T06:00:00.000Z');
  } finally {
    jest.useRealTimers();
    await timed.stop();
  }
  expect(runs).toEqual(['2026-03-29T01:00:00.500Z', '2027-03-29T17:30:00.000Z', '2026-03-29T06:00:00.000Z']);
});

const listening = /http:\/\/[\d.]+:\d+/;
const main = fileURLToPath(new URL('../../src/app/main.ts', import.meta.url));

test('every line of the log is JSON, also of jobs that fail and of rounds that were missed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-jobs-'));
  const broker = spawn(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    main,
    'serve',
    '--port',
    '0',
    '--data',
    folder,
    '--log-level',
    'debug',
  ]);
  let [out, log] = ['', ''];
  broker.stderr.on('data', (text: Buffer) => (log += text.toString()));
  broker.stdout.on('data', (text: Buffer) => (out += text.toString()));
  try {
    await until(() => listening.test(out));
    const [url = ''] = listening.exec(out) ?? [];
    const made = await fetch(`${url}/ngsi-ld/v1/entities`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'NGSILD-Tenant': 'zoo' },
      body: JSON.stringify({ id: 'urn:a:1', type: 'A', expiresAt: new Date(Date.now() + 1000).toISOString() }),
    });
    expect(made.status).toBe(201);
    writeFileSync(join(folder, 'tenant-bad.db'), 'this is no database');
    broker.kill('SIGSTOP');
    await sleep(4500);
    broker.kill('SIGCONT');
    await until(() => log.includes('"removed 1"'));
  } finally {
    const gone = new Promise((resolve) => broker.once('close', resolve));
    broker.kill('SIGTERM');
    await gone;
    rmSync(folder, { recursive: true });
  }
  const lines = log.split('\n').filter((line) => line !== '');
  for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow();
  expect(lines.some((line) => line.includes('jobRan'))).toBe(true);
}, 40_000);
