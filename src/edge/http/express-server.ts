/** Runs an answerer behind Express. Express work that each request would repeat is switched off or done once. */
import { createServer, IncomingMessage, type Server, type ServerOptions, ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import express from 'express';
import type { Certificate } from './certificate.ts';
import type { Answerer } from './dispatch.ts';

/** How long a client may take for the TLS handshake, in milliseconds. A server that stops waits as long. */
const handshakeTimeout = 5000;

/**
 * Creates a server whose requests go through Express to the answerer. ETag, X-Powered-By and the query parser are off. There is
 * one middleware and no router stack. Requests and responses are created with the prototypes that Express would set on each of
 * them. With a certificate, the server speaks HTTPS.
 */
export function createExpressServer(answer: Answerer, options: ServerOptions, certificate?: Certificate): Server {
  const app = express();
  for (const setting of ['etag', 'x-powered-by', 'query parser']) app.disable(setting);
  app.use((request, response) => void answer({ request, response }));
  class Request extends IncomingMessage {}
  class Response extends ServerResponse {}
  usePrototype(app, 'request', Request.prototype);
  usePrototype(app, 'response', Response.prototype);
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    // Express itself answers a target that it cannot parse. A target that starts with a slash always reaches the answerer.
    if (request.url?.startsWith('/')) app(request, response);
    else void answer({ request, response });
  };
  // Only WebSocket upgrades are accepted. A request for another protocol, for example h2c, is answered as if it had no Upgrade
  // header.
  const shouldUpgradeCallback = ({ headers }: IncomingMessage): boolean =>
    headers.upgrade?.toLowerCase() === 'websocket';
  const all = { ...options, shouldUpgradeCallback, IncomingMessage: Request, ServerResponse: Response };
  const server = certificate
    ? createSecureServer({ ...all, ...certificate.secure, handshakeTimeout }, listener)
    : createServer(all, listener);
  server.on('checkContinue', listener);
  return server;
}

/** Makes a prototype the one that Express sets on each request, so that setting it again changes nothing and costs nothing. */
function usePrototype(app: object, member: 'request' | 'response', prototype: object): void {
  const extended: unknown = Reflect.get(app, member);
  if (typeof extended !== 'object') throw new Error(`Express has no prototype named ${member}.`);
  Object.setPrototypeOf(prototype, extended);
  Reflect.set(app, member, prototype);
}
