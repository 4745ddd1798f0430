/** Decides which requests an HTTP thread answers itself: those that only need the entities of a tenant. The main thread answers the others. */
import type { IncomingMessage } from 'node:http';

/** Entities, their history, types and attributes, in NGSI-LD and in NGSI v2. */
const ownPath =
  /^\/(?:ngsi-ld\/v1\/(?:entities|entityOperations|temporal|types|attributes)|v2\/(?:entities|types|op\/(?:update|query)))(?:[/?]|$)/;

/**
 * Parts of a query with which a request needs more: entity maps are kept by the main thread, and `tenant` may name another tenant than the
 * headers. A name can be percent-encoded.
 */
const otherQuery = /[?&](?:entityMap|tenant|[^=&]*%)/;

/** Headers with which a request needs more. */
const otherHeaders = ['ngsild-snapshot', 'ngsild-entitymap', 'upgrade'] as const;

/** True when a thread can answer the request, provided that no context sources are registered in its tenant. */
export const isOwnRequest = ({ url = '', headers }: IncomingMessage): boolean =>
  ownPath.test(url) && !otherQuery.test(url) && otherHeaders.every((name) => headers[name] === undefined);

const queryPath = /^[^?]*\/query(?:\?|$)/;

/** True when a request only reads. */
export const isReadRequest = ({ method, url = '' }: IncomingMessage): boolean =>
  method === 'GET' || method === 'HEAD' || method === 'OPTIONS' || (method === 'POST' && queryPath.test(url));
