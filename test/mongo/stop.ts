/** Stops the replica set after a run of tests. */
import { once } from 'node:events';

export default async function stop(): Promise<void> {
  const keeper = globalThis.mongoKeeper;
  if (!keeper || keeper.exitCode !== null) return;
  const exit = once(keeper, 'exit');
  keeper.stdin?.end();
  await exit;
}
