/** Writes to where a command is told to: a file that bears its name only when it is whole, or standard output. */
import { once } from 'node:events';
import { createWriteStream, renameSync, rmSync, statSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';

/** Has all text written to the file of a path, or to `out` where the path is empty. */
export async function writeTo(path: string, out: Writable, writeAll: (out: Writable) => Promise<void>): Promise<void> {
  if (path === '') return writeAll(out);
  await writeWhole(path, async (part) => {
    const file = createWriteStream(part);
    const written = finished(file);
    try {
      await once(file, 'open');
      // A disk that is full is told of by the file, and not by whoever waits for its turn to write.
      await Promise.race([writeAll(file), written]);
    } finally {
      file.end();
      await written;
    }
  });
}

/**
 * Has a file written under another name beside it, and gives it its own when it is whole; where that fails, nothing is left.
 * What is no file, such as a pipe, is written to as it is.
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

/** Writes a piece of text, and waits where more would pile up. */
export async function write(out: Writable, text: string): Promise<void> {
  if (!out.write(text)) await once(out, 'drain');
}
