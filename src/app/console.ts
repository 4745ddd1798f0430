/** Reads the files of the first page, which the broker serves as they are. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file to serve: its media type and content. */
export interface StaticFile {
  readonly type: string;
  readonly body: Buffer;
}

const pages = [
  ['/', 'index.html', 'text/html; charset=utf-8'],
  ['/first-page.css', 'first-page.css', 'text/css; charset=utf-8'],
  ['/first-page.js', 'first-page.js', 'text/javascript; charset=utf-8'],
] as const;

/** The files by path. `root` is the folder of the package. */
export const readConsole = (root: string): ReadonlyMap<string, StaticFile> =>
  new Map(pages.map(([path, file, type]) => [path, { type, body: readFileSync(join(root, 'src/console', file)) }]));
