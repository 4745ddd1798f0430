/** Writes the output of a command to standard output or to a file. The file gets its name only when it is complete. */
import { once } from 'node:events';
import { createWriteStream, renameSync, rmSync, statSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';

/** Writes all text to the file at `path`, or to `out` when the path is empty. */
export async function writeTo(path: string, out: Writable, writeAll: (out: Writable) => Promise<void>): Promise<void> {
  if (path === '') return writeAll(out);
  await writeWhole(path, async (part) => {
    const file = createWriteStream(part);
    const written = finished(file);
    try {
      await once(file, 'open');
      // A full disk makes the file emit the error. The writer may be waiting for `drain` and would not notice it.
      await Promise.race([writeAll(file), written]);
    } finally {
      file.end();
      await written;
    }
  });
}

/**
 * Writes a file under a temporary name beside the target and renames it when it is complete. After a failure no file remains. A target that
 * is not a regular file, such as a pipe, is written directly.
 */
export async function writeWhole(path: string, write: (path: string) => Promise<void>): Promise<void> {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) return write(path);
  const part = `${path}.part`;
  try {
    await write(part);
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}

/** Writes text, and waits for `drain` when the buffer is full. */
export async function write(out: Writable, text: string): Promise<void> {
  if (!out.write(text)) await once(out, 'drain');
}
