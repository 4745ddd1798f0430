/**
 * Runs several brokers as broker-process.ts runs one, each in a folder of its own: `access-process.ts FOLDER CASES`, where the cases are a JSON
 * array. They share compiled code and memory, so that nothing but their options makes one dearer than another.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startBroker } from '../../src/app/broker.ts';
import { readConfig } from '../../src/app/config/read-config.ts';
import { accessKeyJson, keyCollection } from '../../src/core/port/access-key.ts';
import { createSqliteStores } from '../../src/store/sqlite/stores.ts';
import { answerParent } from './answer-parent.ts';

interface Case {
  /** So many API keys are in its folder. */
  readonly keys?: number;
  readonly args: readonly string[];
}

const [, , root = '', cases = '[]'] = process.argv;
const started = (JSON.parse(cases) as readonly Case[]).map(async ({ keys = 0, args }, index) => {
  const folder = join(root, String(index));
  mkdirSync(folder, { mode: 0o700 });
  await writeKeys(folder, keys);
  return startBroker(readConfig({ args: ['--port', '0', '--data', folder, '--log-level', 'error', ...args], env: {} }));
});
const brokers = await Promise.all(started);
answerParent(brokers.map(({ url }) => url).join(' '), async () => {
  await Promise.all(brokers.map(({ stop }) => stop()));
});

/** Keys that nobody has the secrets of: to make as many real ones takes minutes, because their hash is slow. */
async function writeKeys(folder: string, count: number): Promise<void> {
  if (count === 0) return;
  const stores = createSqliteStores({ directory: folder, yieldToEventLoop: () => undefined });
  const collection = (await stores.open('', true))?.collection(keyCollection);
  const createdAt = '2026-03-01T08:00:00Z';
  for (let number = 0; number < count; number += 1) {
    const secrets = [{ id: `bench${number}`, hash: 'scrypt$14$8$1$AAAA$AAAA', createdAt }];
    await collection?.put(
      `bench-${number}`,
      accessKeyJson({ name: `bench-${number}`, roles: ['reader'], createdAt, secrets }),
    );
  }
  await stores.close();
}
