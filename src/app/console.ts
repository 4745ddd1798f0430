/** Reads the files that the broker serves as they are: the first page, the page of the API, and the description of the API. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** A file to serve: its media type and content. */
export interface StaticFile {
  readonly type: string;
  readonly body: Buffer;
}

const html = 'text/html; charset=utf-8';
const css = 'text/css; charset=utf-8';
const script = 'text/javascript; charset=utf-8';

const pages = [
  ['/', 'index.html', html],
  ['/first-page.css', 'first-page.css', css],
  ['/first-page.js', 'first-page.js', script],
  ['/api', 'api-page.html', html],
  ['/api-page.css', 'api-page.css', css],
  ['/api-page.js', 'api-page.js', script],
] as const;

/** The files by path, among them `/openapi.json`, which is openapi.yaml for browsers. `root` is the folder of the package. */
export const readConsole = (root: string): ReadonlyMap<string, StaticFile> =>
  new Map([
    ...pages.map(
      ([path, file, type]) => [path, { type, body: readFileSync(join(root, 'src/console', file)) }] as const,
    ),
    ['/openapi.json', openApiAsJson(root)] as const,
  ]);

function openApiAsJson(root: string): StaticFile {
  const description: unknown = parse(readFileSync(join(root, 'openapi.yaml'), 'utf8'));
  return { type: 'application/json', body: Buffer.from(JSON.stringify(description)) };
}
