/** Counts the bytes of connections against the quotas of their clients. */
import type { Socket } from 'node:net';
import type { Quotas } from '../core/access/quotas.ts';

type Party = Parameters<Quotas['countBytes']>[0];

interface Counted {
  /** Bytes that were counted. */
  bytes: number;
  /** The last client of the connection: a proxy sends requests of several. */
  party: Party;
}

const connections = new WeakMap<Socket, Counted>();

/**
 * Counts what was received and sent on a connection since the last call. Call it at each request of the connection: the answer to a request is
 * counted at the next one, or when the connection ends.
 */
export function countTraffic(socket: Socket, party: Party, quotas: Quotas): void {
  if (quotas.limits.bytesPerMinute === 0) return;
  const counted = connections.get(socket);
  if (counted) {
    count(socket, counted, quotas);
    counted.party = party;
    return;
  }
  const fresh = { bytes: 0, party };
  connections.set(socket, fresh);
  socket.once('close', () => count(socket, fresh, quotas));
}

function count({ bytesRead, bytesWritten }: Socket, counted: Counted, quotas: Quotas): void {
  const bytes = bytesRead + bytesWritten;
  quotas.countBytes(counted.party, bytes - counted.bytes);
  counted.bytes = bytes;
}
