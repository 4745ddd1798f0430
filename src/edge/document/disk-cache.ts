/** Keeps loaded documents in a folder, so that a broker that starts again need not fetch them again. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isObject, type Json, parseJson } from '../../core/model/json.ts';
import type { Observe } from '../../core/port/observe.ts';

export interface DiskCache {
  /** What is kept of a URL. Undefined when there is nothing, or nothing that can be read. */
  read(url: string): Promise<{ readonly document: Json; readonly bytes: number } | undefined>;
  /** Keeps a document. A failure is observed and does no harm: it is fetched again next time. */
  write(url: string, document: Json): Promise<void>;
  /** Gives up what is kept of a URL, if anything is. Throws the error of the file system when it cannot be. */
  remove(url: string): Promise<void>;
}

/** Clients choose the URLs: beyond this number of documents, none is kept in addition. */
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
