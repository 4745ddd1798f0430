/** Makes a server listen on an address. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

interface Listening {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** True: other threads of this process listen on the same port, and the operating system divides the connections among them. */
  readonly isShared: boolean;
}

/** Returns the port. Throws an Error that names address and port when they are not available. */
export async function listenOn(server: Server, { host, port, isShared }: Listening): Promise<number> {
  try {
    server.listen({ host, port, reusePort: isShared });
    await once(server, 'listening');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Nobody can listen on ${host}, port ${port}: ${reason}.`, { cause });
  }
  const address = server.address();
  return typeof address === 'object' && address ? address.port : port;
}

/** Throws an Error when another process listens there: on a shared port, both could, and each would get some of the connections. */
export async function requireFreePort(place: Omit<Listening, 'isShared'>): Promise<void> {
  const probe = createServer();
  await listenOn(probe, { ...place, isShared: false });
  probe.close();
  await once(probe, 'close');
}
