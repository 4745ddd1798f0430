/** Reads the files of the console that `npm run build` and `npm start` make, to serve them at `/console` and `/city`. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { StaticFile } from './console.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.md': 'text/plain; charset=utf-8',
};

const notBuilt: StaticFile = {
  type: 'text/html; charset=utf-8',
  body: Buffer.from(
    '<!doctype html><html lang="en"><title>Mlaka</title><p>The console is not built. Run <code>npm run build</code>, or start with <code>npm start</code>, and start the broker again.</p></html>',
  ),
};

/** The files by path. Without a build, both pages say how to make one. `root` is the folder of the package. */
export function readBuiltConsole(root: string): ReadonlyMap<string, StaticFile> {
  const folder = join(root, 'dist/console');
  if (!statSync(join(folder, 'console.html'), { throwIfNoEntry: false }))
    return new Map([
      ['/console', notBuilt],
      ['/city', notBuilt],
    ]);
  const read = (file: string): StaticFile => ({
    type: types[extname(file)] ?? 'application/octet-stream',
    body: readFileSync(join(folder, file)),
  });
  return new Map<string, StaticFile>([
    ['/console', read('console.html')],
    ['/console/', read('console.html')],
    ['/city', read('city.html')],
    ['/city/', read('city.html')],
    ['/console/licenses.md', read('licenses.md')],
    ...readdirSync(join(folder, 'assets')).map(
      (file) => [`/console/assets/${file}`, { ...read(join('assets', file)), isImmutable: true }] as const,
    ),
  ]);
}
