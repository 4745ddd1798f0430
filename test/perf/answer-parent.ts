/** The child's half of child.ts: tells the URL, then answers questions until it is told to stop. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

export function answerParent(url: string, stop: () => Promise<void>): void {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  process.on('message', (question) => {
    if (question === 'loopDelay') {
      process.send?.({ p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 });
      delay.reset();
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
