/** Starts the replica set that all tests of a run share, unless MLAKA_MONGO_URL names one. Jest calls it before the first test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

declare global {
  /** Who keeps the replica set running. */
  var mongoProcess: ChildProcess | undefined;
}

const programPath = fileURLToPath(new URL('./replica-set-process.ts', import.meta.url));

/** Tests find the URL, or why there is none, in the environment. */
export default async function start(): Promise<void> {
  if (process.env['MLAKA_MONGO_URL'] !== undefined) return;
  process.stderr.write('\nStarting a MongoDB replica set ...\n');
  const replicaSet = spawn(process.execPath, [programPath], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  replicaSet.stderr.on('data', (text: Buffer) => {
    said += String(text);
    process.stderr.write(text);
  });
  const [answer] = (await Promise.race([once(replicaSet.stdout, 'data'), once(replicaSet, 'exit')])) as [unknown];
  if (answer instanceof Buffer) {
    process.env['MLAKA_MONGO_URL'] = String(answer).trim();
    globalThis.mongoProcess = replicaSet;
  } else process.env['MLAKA_MONGO_ABSENT'] = said.trim();
}
