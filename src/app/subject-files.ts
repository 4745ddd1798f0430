/** Searches files for the text of an id: those of the data folder, and those in the folder of backups. */
import type { Dirent } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { needlesOf } from '../core/model/subject/named.ts';
import type { BackupFile, SubjectFiles } from '../core/port/subject-files.ts';
import type { Config } from './config/options.ts';

export function createSubjectFiles({ data, backups, store }: Pick<Config, 'data' | 'backups' | 'store'>): SubjectFiles {
  return {
    async backups(id) {
      const found: BackupFile[] = [];
      for (const path of backups === '' ? [] : await filesIn(backups)) {
        const { mtime } = await stat(path);
        found.push({ path, takenAt: mtime.toISOString(), contains: await contains(path, id) });
      }
      return found;
    },
    async remaining(id) {
      const found: string[] = [];
      for (const path of store === 'memory' ? [] : await filesIn(data)) if (await contains(path, id)) found.push(path);
      return found;
    },
  };
}

/** The paths of all files in a folder and its folders. None when it does not exist. */
async function filesIn(folder: string): Promise<readonly string[]> {
  const options = { recursive: true, withFileTypes: true } as const;
  const entries: readonly Dirent[] = await readdir(folder, options).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

const chunkBytes = 2 ** 20;

/** True when the file has the bytes of the id anywhere. A file that is gone, or cannot be read, counts as without it. */
async function contains(path: string, id: string): Promise<boolean> {
  const needles = needlesOf(id).map((text) => Buffer.from(text));
  const overlap = Math.max(...needles.map(({ length }) => length)) - 1;
  const file = await open(path).catch(() => undefined);
  if (!file) return false;
  try {
    const buffer = Buffer.alloc(overlap + chunkBytes);
    let kept = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, kept, chunkBytes);
      if (bytesRead === 0) return false;
      const filled = buffer.subarray(0, kept + bytesRead);
      if (needles.some((needle) => filled.includes(needle))) return true;
      kept = Math.min(overlap, filled.length);
      filled.copy(buffer, 0, filled.length - kept);
    }
  } finally {
    await file.close();
  }
}
