/** Caches loaded documents in a folder, so that a restarted broker need not fetch them again. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isObject, type Json, parseJson } from '../../core/model/json.ts';
import type { Observe } from '../../core/port/observe.ts';

export interface DiskCache {
  /** Reads the cached document of a URL. Undefined when there is none, or when its file cannot be read. */
  read(url: string): Promise<{ readonly document: Json; readonly bytes: number } | undefined>;
  /** Caches a document. A failure is observed and otherwise ignored: the document is fetched again next time. */
  write(url: string, document: Json): Promise<void>;
  /** Removes the cached document of a URL, if any. Throws the error of the file system. */
  remove(url: string): Promise<void>;
}

/** Maximum number of cached documents, because clients choose the URLs. At the limit, no further document is cached. */
const filesMax = 2000;

export function createDiskCache(directory: string, observe: Observe): DiskCache {
  const pathOf = (url: string): string => join(directory, `${createHash('sha256').update(url).digest('hex')}.json`);
  return {
    read: async (url) => {
      try {
        const text = await readFile(pathOf(url), 'utf8');
        const kept = parseJson(text);
        const document = isObject(kept) && kept['url'] === url ? kept['document'] : undefined;
        return document === undefined ? undefined : { document, bytes: text.length };
      } catch {
        return undefined;
      }
    },
    write: async (url, document) => {
      const path = pathOf(url);
      const temporary = `${path}.${randomUUID()}.tmp`;
      try {
        await mkdir(directory, { recursive: true });
        const names = await readdir(directory);
        if (names.length >= filesMax && !names.includes(basename(path))) return;
        await writeFile(temporary, JSON.stringify({ url, fetchedAt: new Date().toISOString(), document }));
        await rename(temporary, path);
      } catch (cause) {
        observe({ kind: 'failed', where: 'keeping a @context', about: url, cause });
        await rm(temporary, { force: true }).catch(() => undefined);
      }
    },
    remove: (url) => rm(pathOf(url), { force: true }),
  };
}
