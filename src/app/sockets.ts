/** Makes servers listen on Unix domain sockets in the data folder, to which only the user who runs the broker can connect. */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { join, relative } from 'node:path';

/** Longest path of a socket in bytes: the operating system cuts longer ones. */
const pathBytesMax = 100;

/** The path of a socket in a folder: absolute, or relative to the working folder when that is shorter. Undefined when it is too long. */
export function socketPath(folder: string, name: string): string | undefined {
  const path = join(folder, name);
  const near = relative('', path);
  const shortest = near.length < path.length ? near : path;
  return Buffer.byteLength(shortest) <= pathBytesMax ? shortest : undefined;
}

/** Listens on a socket in place of one that a killed process has left there. The socket is removed when the server closes. */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  rmSync(path, { force: true });
  // The socket has this mode from its first moment: `listen` creates it before it returns.
  const mask = process.umask(0o177);
  server.listen(path);
  process.umask(mask);
  await once(server, 'listening');
}
