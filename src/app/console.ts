/**
 * Reads the files that the broker serves unchanged: the start page, the API page and its description, the client library, the @contexts.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readBundledContexts } from '../city/models/bundled-contexts.ts';

/** A file to serve, with its media type. */
export interface StaticFile {
  readonly type: string;
  readonly body: Buffer;
  /** True when the content at this path never changes, because its name contains a hash of it. */
  readonly isImmutable?: boolean;
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
  ['/docs-page.css', 'docs-page.css', css],
] as const;

/** The files by path. `root` is the folder of the package. */
export const readConsole = (root: string): ReadonlyMap<string, StaticFile> =>
  new Map<string, StaticFile>([
    ...pages.map(
      ([path, file, type]) => [path, { type, body: readFileSync(join(root, 'src/console', file)) }] as const,
    ),
    ...clientModules().map(([file, body]) => [`/client/${file}`, { type: script, body }] as const),
  ]);

/** The @contexts of the data models by path. */
export const readServedContexts = (modelsFolder: string): ReadonlyMap<string, StaticFile> =>
  new Map(
    readBundledContexts(modelsFolder).map(({ path, document }) => [
      path,
      { type: 'application/ld+json', body: Buffer.from(JSON.stringify(document)) },
    ]),
  );

/** The modules of the client library as JavaScript. When the broker runs from source, their types are stripped. */
function clientModules(): readonly (readonly [file: string, body: Buffer])[] {
  const folder = fileURLToPath(new URL('../client/', import.meta.url));
  return readdirSync(folder)
    .filter((file) => /^[a-z-]+\.(ts|js)$/.test(file))
    .map((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      const isCompiled = file.endsWith('.js');
      const plain = isCompiled ? text : stripTypeScriptTypes(text).replaceAll(/(from '\.\/[a-z-]+)\.ts'/g, "$1.js'");
      return [isCompiled ? file : file.replace(/ts$/, 'js'), Buffer.from(plain)];
    });
}

/** A description of an API, such as openapi.yaml, converted for browsers. Reading YAML takes a tenth of a second. */
export async function openApiAsJson(root: string, file: string): Promise<StaticFile> {
  const { parse } = await import('yaml');
  const description: unknown = parse(readFileSync(join(root, file), 'utf8'));
  return { type: 'application/json', body: Buffer.from(JSON.stringify(description)) };
}
