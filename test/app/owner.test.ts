/** Tests the lock of a data folder: a second process is refused, and the lock ends with its process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { type Broker, startBroker } from '../../src/app/broker.ts';
import { readConfig } from '../../src/app/config/read-config.ts';

const main = fileURLToPath(new URL('../../src/app/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mlaka-owner-'));
const started: Broker[] = [];
afterEach(async () => {
  for (const broker of started.splice(0)) await broker.stop();
  rmSync(folder, { recursive: true, force: true });
});

const args = ['--data', folder, '--port', '0', '--log-level', 'error'];
async function start(): Promise<Broker> {
  const broker = await startBroker(readConfig({ args, env: {} }));
  started.push(broker);
  return broker;
}

/** Starts a broker in a process of its own, and waits until it listens. */
async function spawnBroker(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [main, 'serve', ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  for await (const text of child.stdout) if (String(text).includes('listens')) break;
  return child;
}

test('a folder that a process has is refused to others until that has ended, be it by a kill', async () => {
  const child = await spawnBroker();
  await expect(start()).rejects.toThrow(`is in use by process ${child.pid ?? ''} on `);
  child.kill('SIGKILL');
  await once(child, 'close');
  const broker = await start();
  await expect(start()).rejects.toThrow(`is in use by process ${process.pid} on `);
  expect((await fetch(`${broker.url}/health/ready`)).status).toBe(204);
});
