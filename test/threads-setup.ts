/** Starts the brokers of tests with as many HTTP threads as MLAKA_THREADS says, where a test does not say it. Absent: with one. */
import { createRequire } from 'node:module';

const os = createRequire(import.meta.url)('node:os') as { availableParallelism: () => number };
os.availableParallelism = () => Number(process.env['MLAKA_THREADS'] ?? '1');
