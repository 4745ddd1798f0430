/** Writes text to where a command is told to: a file that bears its name only when it is whole, or standard output. */
import { once } from 'node:events';
import { createWriteStream, renameSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';

/** Has all text written to the file of a path, or to `out` where the path is empty. */
export async function writeTo(path: string, out: Writable, writeAll: (out: Writable) => Promise<void>): Promise<void> {
  if (path === '') return writeAll(out);
  const file = createWriteStream(`${path}.part`);
  await once(file, 'open');
  try {
    await writeAll(file);
  } finally {
    file.end();
    await finished(file);
  }
  renameSync(`${path}.part`, path);
}

/** Writes a piece of text, and waits where more would pile up. */
export async function write(out: Writable, text: string): Promise<void> {
  if (!out.write(text)) await once(out, 'drain');
}
