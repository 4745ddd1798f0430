/** Writes as fast as possible until it is killed, and prints acknowledged writes: node child.ts DIRECTORY ROUND. */
import { writeSync } from 'node:fs';
import { createSqliteStores } from '../../../src/store/sqlite/stores.ts';
import { type Acknowledged, writeOf } from './life.ts';

const [directory = '', round = ''] = process.argv.slice(2);
const stores = createSqliteStores({ directory, yieldToEventLoop: () => undefined });
const store = await stores.open('', true);
if (!store) throw new Error('The default tenant is not there.');

/** Synchronous, so that what was printed is out when the process dies. Waits while the pipe is full. */
function print(line: string): void {
  for (;;) {
    try {
      writeSync(1, line);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

/** Lives one after the other of a few entities, which are written together. */
async function live(writer: number): Promise<void> {
  for (let generation = 0; ; generation += 1) {
    const ids = Array.from({ length: (writer % 3) + 1 }, (_, n) => `urn:${round}:${writer}:${generation}:${n}`);
    for (let step = 0; step < 25; step += 1) {
      const outcomes = await store?.apply(
        ids.map((id) => writeOf(id, step)),
        new Date().toISOString(),
      );
      if (outcomes?.some(({ status }) => status === 'refused')) throw new Error(JSON.stringify(outcomes));
      const line: Acknowledged = { ids, step };
      print(`${JSON.stringify(line)}\n`);
    }
  }
}

await Promise.all(Array.from({ length: 16 }, (_, writer) => live(writer)));
