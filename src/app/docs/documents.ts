/** Lists the documents of the package and the paths at which the broker serves them. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The document at `/docs`. Its section of paths is the navigation of all documents. */
export const firstDocument = 'README.md';

const single = [firstDocument, 'CONTRIBUTING.md', 'CHANGELOG.md', 'src/README.md'];
const folders = ['docs', 'docker', 'examples', 'schemas', 'smart-data-models'];

/** Files with a path outside `/docs`. */
const elsewhere: Readonly<Record<string, string>> = {
  'openapi.yaml': '/openapi.yaml',
  'openapi-v2.yaml': '/openapi-v2.yaml',
  'asyncapi.yaml': '/asyncapi.yaml',
};

/** The documents in the package, as paths relative to its folder `root`, with `/` as separator. Missing files are omitted. */
export const documentsIn = (root: string): readonly string[] =>
  [...single, ...folders.flatMap((folder) => filesIn(root, folder))].filter((file) => existsSync(join(root, file)));

function filesIn(root: string, folder: string): readonly string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesIn(root, path) : [path];
  });
}

/** The path at which the broker serves a file: `docs/history.md` is at `/docs/history`. */
export function pathOf(file: string): string {
  const other = elsewhere[file];
  if (other !== undefined) return other;
  return file === firstDocument ? '/docs' : `/docs/${file.replace(/^docs\//, '').replace(/\.md$/, '')}`;
}

/** True for a file that the broker serves. `documents` is the result of `documentsIn`. */
export const isServed = (file: string, documents: ReadonlySet<string>): boolean =>
  documents.has(file) || Object.hasOwn(elsewhere, file);
