/** Tests a whole job of an IoT agent in its default mode, which is NGSI v2: iotagent-node-lib, unchanged. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { startTestBroker } from '../scenario/scenario.ts';
import { folderOfLibrary } from './iotagent-library.ts';

const job = fileURLToPath(new URL('iotagent-v2-job.ts', import.meta.url));

test('an IoT agent in its default mode does its whole job by NGSI v2', async () => {
  const folder = await folderOfLibrary();
  const broker = await startTestBroker(['--store', 'memory', '--notify-allow-private']);
  try {
    const args = ['--disable-warning=ExperimentalWarning', job, broker.url, folder];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 100_000 });
    expect(stdout).toContain('The job is done.');
  } finally {
    await broker.stop();
  }
}, 300_000);
