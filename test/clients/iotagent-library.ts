/** Installs iotagent-node-lib, on which FIWARE's IoT agents are built, from npm: once, in `.cache`. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const library = 'iotagent-node-lib@4.14.0';
const cache = fileURLToPath(new URL('../../.cache/npm/', import.meta.url));
/** The folder in which the library is installed. */
export async function folderOfLibrary(): Promise<string> {
  const folder = `${cache}${library}`;
  if (existsSync(folder)) return folder;
  // An installation that is cut short leaves nothing behind that looks whole.
  const part = `${folder}.${process.pid}`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  writeFileSync(`${part}/package.json`, '{}');
  const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', library];
  await promisify(execFile)('npm', install, { cwd: part });
  // Another test may have been first.
  if (!existsSync(folder)) renameSync(part, folder);
  return folder;
}
