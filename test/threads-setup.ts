/** Starts the brokers of tests with as many HTTP threads as MLAKA_THREADS says, where a test does not say it. Absent: with one. */
const { MLAKA_THREADS: threads } = process.env;
if (threads !== undefined) {
  const { options } = await import('../src/app/config/options.ts');
  Object.assign(options.threads, { initial: Number(threads) });
}
