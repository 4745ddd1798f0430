/**
 * Implements the API of ngsi-proxy. It forwards notifications, of this or another broker, to clients that can only receive
 * Server-Sent Events (docs/streaming.md).
 */
import { isObject, type Json, type JsonObject, parseJson } from '../../../core/model/json.ts';
import { badData, Problem } from '../../../core/model/problem.ts';
import { quoted } from '../../../core/model/read/id.ts';
import type {
  CompatibilityRoute,
  CompatibilityResult,
  CompatibilityRequest,
} from '../../../core/operation/compatibility-route.ts';
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

const done: CompatibilityResult = { kind: 'done' };

export function createNgsiProxy(options: SourcesOptions): NgsiProxy {
  const sources = createSources(options);
  const { bufferBytes } = options.limits;
  return {
    routes: [...sourceRoutes(sources), ...callbackRoutes(sources, bufferBytes)],
    close: () => sources.close(),
  };
}

const sourceRoutes = (sources: Sources): readonly CompatibilityRoute[] => [
  {
    name: 'createEventSource',
    method: 'POST',
    path: '/eventsource',
    bodyBytesMax: smallBytes,
    answer: (request) => {
      const origin = readOrigin(request);
      const id = sources.create();
      return made(`${origin}/eventsource/${id}`, { connection_id: id });
    },
  },
  {
    name: 'readEventSource',
    method: 'GET',
    path: '/eventsource/{id}',
    bodyBytesMax: smallBytes,
    answer: (request) => {
      const id = idOf(request);
      const greeting = eventText('init', { id, url: `${readOrigin(request)}/eventsource/${id}` });
      return { kind: 'events', begin: sources.listener(id, `retry: ${retryMs}\n${greeting}`) };
    },
  },
  {
    name: 'deleteEventSource',
    method: 'DELETE',
    path: '/eventsource/{id}',
    bodyBytesMax: smallBytes,
    answer: (request) => {
      sources.remove(idOf(request));
      return done;
    },
  },
];

const callbackRoutes = (sources: Sources, bytesMax: number): readonly CompatibilityRoute[] => [
  {
    name: 'createCallback',
    method: 'POST',
    path: '/callbacks',
    bodyBytesMax: smallBytes,
    answer: (request) => {
      const origin = readOrigin(request);
      const id = sources.createCallback(readConnectionId(request));
      return made(`${origin}/callbacks/${id}`, { callback_id: id });
    },
  },
  {
    name: 'notifyCallback',
    method: 'POST',
    path: '/callbacks/{id}',
    bodyBytesMax: bytesMax,
    answer: (request) => {
      const id = idOf(request);
      const { text: payload, headers } = request;
      sources.notify(id, eventText('notification', { callback_id: id, payload, headers }));
      return done;
    },
  },
  {
    name: 'deleteCallback',
    method: 'DELETE',
    path: '/callbacks/{id}',
    bodyBytesMax: smallBytes,
    answer: (request) => {
      sources.removeCallback(idOf(request));
      return done;
    },
  },
];

const idOf = ({ path: { id = '' } }: CompatibilityRequest): string => id;

const made = (url: string, body: JsonObject): CompatibilityResult => ({
  kind: 'made',
  location: url,
  body: { ...body, url },
});

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
