/** Runs a replica set until standard input ends, so that no server outlives its parent process. */
import { once } from 'node:events';
import { findMongod } from './mongod.ts';
import { startReplicaSet } from './replica-set.ts';

const ended = once(process.stdin.resume(), 'end');
// A terminal's Ctrl-C goes to all processes: the end of standard input is what counts.
process.on('SIGINT', () => undefined);
try {
  const set = await startReplicaSet(await findMongod((progress) => process.stderr.write(`${progress}\n`)));
  process.stdout.write(`${set.url}\n`);
  await ended;
  await set.stop();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
