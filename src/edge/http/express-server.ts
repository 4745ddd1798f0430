/** Express in front of an answerer, tuned: what it does for every request, needed or not, is switched off or done once. */
import { createServer, IncomingMessage, type Server, type ServerOptions, ServerResponse } from 'node:http';
import express from 'express';
import type { Answerer } from './dispatch.ts';

/**
 * A server whose requests go through Express to the answerer. Off are ETag, X-Powered-By and the query parser; there is
 * one middleware and no router stack; requests are born with the prototype that Express would give to each of them.
 */
export function createExpressServer(answer: Answerer, options: ServerOptions): Server {
  const app = express();
  for (const setting of ['etag', 'x-powered-by', 'query parser']) app.disable(setting);
  app.use((request, response) => void answer({ request, response }));
  class Request extends IncomingMessage {}
  class Response extends ServerResponse {}
  adopt(app, 'request', Request.prototype);
  adopt(app, 'response', Response.prototype);
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    // Express has answers of its own to a target that it cannot parse; one that is a path always comes through.
    if (request.url?.startsWith('/')) app(request, response);
    else void answer({ request, response });
  };
  // Other protocols than WebSocket, h2c for one, are not taken up: such requests are answered as if they had not asked.
  const shouldUpgradeCallback = ({ headers }: IncomingMessage): boolean =>
    headers.upgrade?.toLowerCase() === 'websocket';
  const server = createServer(
    { ...options, shouldUpgradeCallback, IncomingMessage: Request, ServerResponse: Response },
    listener,
  );
  server.on('checkContinue', listener);
  return server;
}

/** Makes a prototype the one that Express sets, so that setting it changes nothing and costs nothing. */
function adopt(app: object, member: 'request' | 'response', prototype: object): void {
  const extended: unknown = Reflect.get(app, member);
  if (typeof extended !== 'object') throw new Error(`Express has no prototype named ${member}.`);
  Object.setPrototypeOf(prototype, extended);
  Reflect.set(app, member, prototype);
}
