/** Serves the documents of the package: Markdown as HTML pages, other files unchanged. The pages of the data models are made from them. */
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { createBoundedCache } from '../../core/jsonld/bounded-cache.ts';
import { createSingleFlight } from '../../core/jsonld/single-flight.ts';
import type { StaticFile } from '../console.ts';
import { documentsIn, firstDocument, isServed, pathOf } from './documents.ts';

/** Reads one document. Rejects when the file cannot be read. */
export type ReadDocument = () => Promise<StaticFile>;

/** The size of the page cache in bytes. All documents together are below 1 MiB. */
const cacheBytesMax = 4 * 1024 * 1024;

const imageTypes: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.svg': 'image/svg+xml',
};

/** A document that is made, not read: its path as if it were a file, and its text. */
export type MadeDocuments = ReadonlyMap<string, () => string>;

interface Package {
  /** The folder of the package. */
  readonly root: string;
  readonly made: MadeDocuments;
  readonly documents: ReadonlySet<string>;
}

/** The documents by the path at which they are served. `root` is the folder of the package. */
export function readDocs(root: string, made: MadeDocuments): ReadonlyMap<string, ReadDocument> {
  const files = [...documentsIn(root), ...made.keys()];
  const page = cachePages((file) => renderPage(file, { root, made, documents: new Set(files) }));
  const documents = files.map((file): [string, ReadDocument] => [
    pathOf(file),
    () => (file.endsWith('.md') ? page(file) : readPlain(root, file)),
  ]);
  return new Map([...documents, ['/docs/', () => page(firstDocument)]]);
}

async function readPlain(root: string, file: string): Promise<StaticFile> {
  const type = imageTypes[extname(file)] ?? 'text/plain; charset=utf-8';
  return { type, body: await readFile(join(root, file)) };
}

/**
 * The page of a Markdown document. Its navigation comes from the first document. The Markdown library is loaded on the first request, so it
 * costs nothing while nobody reads documents.
 */
async function renderPage(file: string, { root, made, documents }: Package): Promise<StaticFile> {
  const [{ renderDocument }, template, first, text] = await Promise.all([
    import('./render.ts'),
    readFile(join(root, 'src/console/docs-page.html'), 'utf8'),
    readFile(join(root, firstDocument), 'utf8'),
    made.get(file)?.() ?? readFile(join(root, file), 'utf8'),
  ]);
  const linkTo = (target: string): string | undefined => (isServed(target, documents) ? pathOf(target) : undefined);
  const page = renderDocument({ file, text }, { first: { file: firstDocument, text: first }, template, linkTo });
  return { type: 'text/html; charset=utf-8', body: Buffer.from(page) };
}

/** Renders each file once, as long as it stays in the cache. A failed page is rendered again on the next request. */
function cachePages(render: (file: string) => Promise<StaticFile>): (file: string) => Promise<StaticFile> {
  const pages = createBoundedCache<StaticFile>({ entriesMax: Infinity, weightMax: cacheBytesMax });
  const rendering = createSingleFlight<StaticFile>();
  return async (file) =>
    pages.get(file) ??
    rendering(file, async () => {
      const page = await render(file);
      pages.set(file, page, page.body.length);
      return page;
    });
}
