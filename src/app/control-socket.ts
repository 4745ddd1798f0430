/**
 * The control socket: a Unix domain socket in the data folder, by which commands on the same machine reach the running broker. It serves the
 * API of the broker. Only the user who runs the broker can connect, and is an administrator.
 */
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { type Server } from 'node:http';
import { connect } from 'node:net';
import { join, relative } from 'node:path';
import type { Observe } from '../core/port/observe.ts';

/** Longest path of a socket in bytes: the operating system cuts longer ones. */
const pathBytesMax = 100;

/** The path of the socket in a data folder: absolute, or relative to the working folder when that is shorter. Undefined when it is too long. */
export function controlPath(data: string): string | undefined {
  const path = join(data, 'control.sock');
  const near = relative('', path);
  const shortest = near.length < path.length ? near : path;
  return Buffer.byteLength(shortest) <= pathBytesMax ? shortest : undefined;
}

/** Listens on the control socket. A broker that cannot do so works without it, and reports why. */
export async function listenOnControl(server: Server, data: string, observe: Observe): Promise<void> {
  try {
    const path = controlPath(data);
    if (path === undefined) throw new Error(`The path of the folder ${data} is too long for a socket in it.`);
    mkdirSync(data, { recursive: true, mode: 0o700 });
    if (await answers(path)) throw new Error(`Another broker has the control socket ${path}.`);
    rmSync(path, { force: true });
    // The socket has this mode from its first moment: `listen` creates it before it returns.
    const mask = process.umask(0o177);
    server.listen(path);
    process.umask(mask);
    await once(server, 'listening');
  } catch (cause) {
    observe({ kind: 'failed', where: 'control socket', cause });
  }
}

/** True when a process listens on the socket. */
export function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
      .on('connect', () => {
        socket.destroy();
        resolve(true);
      })
      .on('error', () => resolve(false));
  });
}
