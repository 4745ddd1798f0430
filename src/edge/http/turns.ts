/** Lets the requests that a client sends on one connection without waiting for answers take turns. */
import type { Socket } from 'node:net';
import { ClientGone } from './body.ts';
import type { Exchange } from './reply.ts';

/** The most requests that may wait on a connection. No known client sends that many; each takes memory. */
const waitingMax = 100;

const waiting = new WeakMap<Socket, number>();

/**
 * Waits until the answers to earlier requests of the same connection are sent: Node.js starts all of them at once, and keeps the answers
 * to the later ones. Only for a response that has no socket yet. Throws ClientGone when the connection closes, and closes it when too many
 * requests wait.
 */
export async function waitForTurn({ request, response }: Exchange): Promise<void> {
  const { socket } = request;
  const before = waiting.get(socket) ?? 0;
  if (before >= waitingMax) socket.destroy();
  if (socket.destroyed) throw new ClientGone();
  waiting.set(socket, before + 1);
  const isOpen = await new Promise<boolean>((resolve) => {
    response.once('socket', () => resolve(true));
    request.once('close', () => resolve(response.socket !== null));
  });
  waiting.set(socket, (waiting.get(socket) ?? 1) - 1);
  if (!isOpen) throw new ClientGone();
}
