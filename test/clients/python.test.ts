/** Tests complete use cases of common Python clients, unchanged, each in a virtual environment that is created once in `.cache`. */
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestBroker, type TestBroker } from '../scenario/scenario.ts';
import {
  agent,
  airDataset,
  catalogue,
  datasetLike,
  weatherDataset,
  writeEntities,
} from '../city/catalogue/city-datasets.ts';

const cache = fileURLToPath(new URL('../../.cache/python/', import.meta.url));
const here = fileURLToPath(new URL('.', import.meta.url));
const run = promisify(execFile);

const hasPython = spawnSync('python3', ['-c', 'import venv, ensurepip']).status === 0;
if (!hasPython) process.stderr.write('There is no python3 with venv here: the Python clients are not tested.\n');

/** The Python of an environment that holds one package, in one version. */
async function pythonWith(name: string, version: string): Promise<string> {
  const folder = join(cache, `${name}-${version}`);
  if (!existsSync(folder)) {
    // An installation that is cut short leaves nothing behind that looks whole.
    const part = `${folder}.${process.pid}`;
    rmSync(part, { recursive: true, force: true });
    mkdirSync(cache, { recursive: true });
    await run('python3', ['-m', 'venv', part]);
    await run(join(part, 'bin/python'), ['-m', 'pip', 'install', '--quiet', `${name}==${version}`]);
    renameSync(part, folder);
  }
  return join(folder, 'bin/python');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

(hasPython ? describe : describe.skip)('Python clients', () => {
  let broker: TestBroker;
  let quantumLeap: string;
  beforeAll(async () => {
    const port = await freePort();
    quantumLeap = `http://127.0.0.1:${port}/`;
    const options = ['--store', 'memory', '--notify-allow-private', '--tolerant', '--ql-port', String(port)];
    broker = await startTestBroker(options);
  });
  afterAll(() => broker.stop());

  test.each([
    ['filip', '0.8.1', 'filip_job.py'],
    ['filip', '0.8.1', 'filip_v2_job.py'],
    ['filip', '0.8.1', 'filip_quantumleap_job.py'],
    ['ngsildclient', '0.5.2', 'ngsildclient_job.py'],
  ])(
    '%s %s: %s',
    async (name, version, job) => {
      const python = await pythonWith(name, version);
      const { stdout } = await run(python, [join(here, job), job.includes('quantumleap') ? quantumLeap : broker.url], {
        timeout: 60_000,
      });
      expect(stdout.trim().split('\n').at(-1)).toBe('done');
    },
    240_000,
  );

  test('ckanapi 4.11: ckan_job.py', async () => {
    await writeEntities(broker.url, [agent, catalogue, airDataset, weatherDataset, datasetLike('third', {})]);
    await writeEntities(broker.url, [datasetLike('restricted', { accessRights: 'RESTRICTED' })]);
    const python = await pythonWith('ckanapi', '4.11');
    const { stdout } = await run(python, [join(here, 'ckan_job.py'), broker.url, '3'], { timeout: 60_000 });
    expect(stdout.trim()).toBe('done');
  }, 240_000);
});
