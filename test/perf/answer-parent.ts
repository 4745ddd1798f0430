/** Implements the child's side of child.ts: it reports the URL, then answers questions until it is stopped. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

export function answerParent(url: string, stop: () => Promise<void>): void {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const held = watchHold();
  process.on('message', (question) => {
    if (question === 'loopDelay') {
      process.send?.({ p99: delay.percentile(99) / 1e6, max: delay.max / 1e6, held: held.longest / 1000 });
      delay.reset();
      held.longest = 0;
    } else if (question === 'memory') process.send?.({ mebibytes: process.memoryUsage().rss / 2 ** 20 });
    else if (question === 'cpu') {
      const { user, system } = process.cpuUsage();
      process.send?.({ ms: (user + system) / 1000 });
    } else void stop().then(() => process.exit(0));
  });
  // A parent that was killed has not said to stop.
  process.on('disconnect', () => process.exit());
  process.send?.({ url });
}

/** The most processor time, in microseconds, that this thread has taken between two turns in which others had theirs. */
function watchHold(): { longest: number } {
  const held = { longest: 0 };
  const used = (): number => {
    const { user, system } = process.threadCpuUsage();
    return user + system;
  };
  let before = used();
  setInterval(() => {
    const now = used();
    held.longest = Math.max(held.longest, now - before);
    before = now;
  }, 1);
  return held;
}
