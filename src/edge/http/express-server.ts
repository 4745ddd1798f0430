/** Express in front of an answerer, tuned: what it does for every request, needed or not, is switched off or done once. */
import { createServer, IncomingMessage, type Server, type ServerOptions, ServerResponse } from 'node:http';
import express from 'express';
import type { Answerer } from './dispatch.ts';
import type { Exchange } from './reply.ts';

/**
 * A server whose requests go through Express to the answerer. Off are ETag, X-Powered-By and the query parser; there is
 * one middleware and no router stack; the prototypes that Express gives to every request are those of its class.
 */
export function createExpressServer(answer: Answerer, options: ServerOptions): Server {
  const app = express();
  for (const setting of ['etag', 'x-powered-by', 'query parser']) app.disable(setting);
  app.use((request, response) => {
    void answer({ request, response });
  });
  class Request extends IncomingMessage {}
  class Response extends ServerResponse {}
  become(app, 'request', Request.prototype);
  become(app, 'response', Response.prototype);
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    Reflect.apply(app, undefined, [request, response, () => refuseTarget({ request, response })]);
  };
  const server = createServer({ ...options, IncomingMessage: Request, ServerResponse: Response }, listener);
  server.on('checkContinue', listener);
  return server;
}
