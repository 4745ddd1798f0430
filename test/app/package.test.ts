/** Tests the published package: packed, installed only with its declared dependencies, and started on the declared versions of Node. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const root = fileURLToPath(new URL('../../', import.meta.url));
const cache = join(root, '.cache/package');
const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { engines: { node: string } };
const [lowest = ''] = /\d+\.\d+\.\d+/.exec(engines.node) ?? [];
const quietly = ['--silent', '--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline'];

const npm = async (args: readonly string[], cwd: string): Promise<string> =>
  (await promisify(execFile)('npm', args, { cwd, encoding: 'utf8' })).stdout;

/** Installs packages into a folder of their own. */
async function installed(folder: string, ...packages: readonly string[]): Promise<string> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  await npm(['install', ...quietly, ...packages], folder);
  return folder;
}

/** The path of a version of Node, which is fetched once. */
async function nodeOf(version: string): Promise<string> {
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(cache, `node-${version}`);
  const path = join(folder, 'node_modules', name, 'bin/node');
  if (!existsSync(path)) await installed(folder, `${name}@${version}`);
  return path;
}

describe('the package', () => {
  const made = mkdtempSync(join(tmpdir(), 'mlaka-package-'));
  let main = '';
  beforeAll(async () => {
    const packed = await npm(['pack', '--silent', '--pack-destination', made], root);
    const folder = await installed(join(cache, 'installed'), join(made, packed.trim().split('\n').at(-1) ?? ''));
    main = join(folder, 'node_modules/mlaka/dist/app/main.js');
  }, 120_000);
  afterAll(() => rmSync(made, { recursive: true }));

  test.each([
    ['the lowest Node that it names', () => nodeOf(lowest)],
    ['the Node of the project', () => Promise.resolve(process.execPath)],
  ])(
    'starts on %s, keeps what it is told, shows its documents, and stops',
    async (_, find) => {
      const broker = spawn(
        await find(),
        [main, 'serve', '--port', '0', '--data', join(made, 'data'), '--log-level', 'silent'],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      const ended = once(broker, 'exit');
      const [line] = (await Promise.race([once(createInterface(broker.stdout), 'line'), ended])) as readonly unknown[];
      expect(line).toEqual(expect.stringContaining('listens on'));
      const origin = String(line).split(' ').at(-1) ?? '';
      const url = `${origin}/ngsi-ld/v1/entities`;
      const body = JSON.stringify({ id: `urn:x:${broker.pid ?? 0}`, type: 'A', v: 1 });
      const headers = { 'Content-Type': 'application/json' };
      expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(201);
      expect((await fetch(`${url}/urn:x:${broker.pid ?? 0}`)).status).toBe(200);
      const documents = ['/docs', '/docs/contexts', '/docs/src/README', '/docs/examples/mqtt/tasmota.yaml'];
      for (const path of ['/console', '/city'])
        expect(await (await fetch(origin + path)).text()).toContain('/console/assets/start');
      for (const path of documents) expect([path, (await fetch(origin + path)).status]).toEqual([path, 200]);
      broker.kill();
      expect(await ended).toEqual([0, null]);
    },
    60_000,
  );

  test('names a lowest version that Node has, and says the same in the README', () => {
    expect(lowest).toMatch(/^\d+\.\d+\.\d+$/);
    expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain(`Node ${lowest}`);
  });
});
