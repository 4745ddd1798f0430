/**
 * Implements the API of ngsi-proxy. It forwards notifications, of this or another broker, to clients that can only receive
 * Server-Sent Events (docs/streaming.md).
 */
import { isObject, type Json, parseJson } from '../../../core/model/json.ts';
import { badData, Problem } from '../../../core/model/problem.ts';
import { quoted } from '../../../core/model/read/id.ts';
import type { CompatibilityRequest, CompatibilityRoute } from '../../../core/operation/compatibility-route.ts';
import type { Method } from '../../../core/operation/operation.ts';
import { createSources, type Sources, type SourcesOptions } from './sources.ts';

export interface NgsiProxy {
  /** Routes for the HTTP server. */
  readonly routes: readonly CompatibilityRoute[];
  /** Ends all event sources and refuses new ones. */
  close(): void;
}

/** Time in milliseconds that a client waits before it reconnects. */
const retryMs = 2000;

/** Maximum size in bytes of a body that is not a notification. */
const smallBytes = 1024;

export function createNgsiProxy(options: SourcesOptions): NgsiProxy {
  const sources = createSources(options);
  const { bufferBytes } = options.limits;
  return {
    routes: [...sourceRoutes(sources), ...callbackRoutes(sources, bufferBytes)],
    close: () => sources.close(),
  };
}

const sourceRoutes = (sources: Sources): readonly CompatibilityRoute[] => [
  creation('createEventSource', '/eventsource', { idMember: 'connection_id', create: () => sources.create() }),
  route('readEventSource', ['GET', '/eventsource/{id}'], (request) => {
    const id = idOf(request);
    const greeting = eventText('init', { id, url: `${readOrigin(request)}/eventsource/${id}` });
    const listen = sources.listener(id, `retry: ${retryMs}\n${greeting}`);
    return { kind: 'events', open: () => listen };
  }),
  command('deleteEventSource', ['DELETE', '/eventsource/{id}'], (request) => sources.remove(idOf(request))),
];

const callbackRoutes = (sources: Sources, bytesMax: number): readonly CompatibilityRoute[] => [
  creation('createCallback', '/callbacks', {
    idMember: 'callback_id',
    create: (request) => sources.createCallback(readConnectionId(request)),
  }),
  {
    ...command('notifyCallback', ['POST', '/callbacks/{id}'], (request) => {
      const id = idOf(request);
      const { text: payload } = request;
      const { authorization: _a, 'x-auth-token': _t, cookie: _c, ...headers } = request.headers;
      sources.notify(id, eventText('notification', { callback_id: id, payload, headers }));
    }),
    bodyBytesMax: bytesMax,
  },
  command('deleteCallback', ['DELETE', '/callbacks/{id}'], (request) => sources.removeCallback(idOf(request))),
];

const route = (
  name: string,
  [method, path]: readonly [Method, string],
  answer: CompatibilityRoute['answer'],
): CompatibilityRoute => ({ name, method, path, bodyBytesMax: smallBytes, answer });

/** A route that answers 204. */
const command = (
  name: string,
  place: readonly [Method, string],
  execute: (request: CompatibilityRequest) => void,
): CompatibilityRoute =>
  route(name, place, (request) => {
    execute(request);
    return { kind: 'done' };
  });

/** A route that creates a resource, and answers 201 with its URL and its id. `idMember`: the member of the response with the id. */
const creation = (
  name: string,
  path: string,
  { idMember, create }: { readonly idMember: string; readonly create: (request: CompatibilityRequest) => string },
): CompatibilityRoute => ({
  ...route(name, ['POST', path], (request) => {
    // Before anything is created.
    const origin = readOrigin(request);
    const id = create(request);
    const url = `${origin}${path}/${id}`;
    return { kind: 'made', location: url, body: { [idMember]: id, url } };
  }),
  isGuarded: true,
});

const idOf = ({ path: { id = '' } }: CompatibilityRequest): string => id;

/** The data is JSON without line breaks, so it is one line. */
const eventText = (name: string, data: object): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

/** Returns the base URL. Clients and endpoints of subscriptions need absolute URLs. */
function readOrigin({ origin }: CompatibilityRequest): string {
  if (origin !== undefined) return origin;
  throw new Problem('InvalidRequest', 'The request does not say in its header Host where the broker was reached.');
}

function readConnectionId({ text }: CompatibilityRequest): string {
  const json = parsed(text);
  const id = isObject(json) ? json['connection_id'] : undefined;
  if (typeof id === 'string') return id;
  throw badData(`The body must be an object whose connection_id is a text, not ${quoted(json)}.`);
}

function parsed(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    throw new Problem('InvalidRequest', `The body is no JSON: ${quoted(text)}.`);
  }
}
