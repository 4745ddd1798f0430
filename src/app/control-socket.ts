/**
 * The control socket: a Unix domain socket in the data folder, by which commands on the same machine reach the running broker. It serves the
 * API of the broker. Only the user who runs the broker can connect, and is an administrator.
 */
import { mkdirSync } from 'node:fs';
import { type Server } from 'node:http';
import { connect } from 'node:net';
import type { Observe } from '../core/port/observe.ts';
import { listenOnSocket, socketPath } from './sockets.ts';

/** The path of the socket in a data folder (`socketPath`). */
export const controlPath = (data: string): string | undefined => socketPath(data, 'control.sock');

/** Listens on the control socket. A broker that cannot do so works without it, and reports why. */
export async function listenOnControl(server: Server, data: string, observe: Observe): Promise<void> {
  try {
    const path = controlPath(data);
    if (path === undefined) throw new Error(`The path of the folder ${data} is too long for a socket in it.`);
    mkdirSync(data, { recursive: true, mode: 0o700 });
    if (await answers(path)) throw new Error(`Another broker has the control socket ${path}.`);
    await listenOnSocket(server, path);
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
