/** Stops the replica set after a run of tests. */
import { once } from 'node:events';

export default async function stop(): Promise<void> {
  const replicaSet = globalThis.mongoProcess;
  if (!replicaSet || replicaSet.exitCode !== null) return;
  const exit = once(replicaSet, 'exit');
  replicaSet.stdin?.end();
  await exit;
}
