/** Runs the broker as broker-process.ts does, with so many API keys in its folder: `access-process.ts FOLDER KEYS [OPTIONS]`. */
import { createSqliteStores } from '../../src/store/sqlite/stores.ts';
import { startBroker } from '../../src/app/broker.ts';
import { readConfig } from '../../src/app/config/read-config.ts';
import { accessKeyJson, keyCollection } from '../../src/core/port/access-key.ts';
import { answerParent } from './answer-parent.ts';

const [, , folder = '', keys = '0', ...args] = process.argv;
await writeKeys(Number(keys));
const broker = await startBroker(
  readConfig({ args: ['--port', '0', '--data', folder, '--log-level', 'error', ...args], env: {} }),
);
answerParent(broker.url, broker.stop);

/** Keys that nobody has the secrets of: to make as many real ones takes minutes, because their hash is slow. */
async function writeKeys(count: number): Promise<void> {
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
