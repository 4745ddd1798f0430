/**
 * Builds the headers that let web pages of another origin use the API, when the broker is configured so (Fetch standard, CORS).
 *
 * All headers except `Allow` are constant, so they are built once at the start. The npm package `cors` is a middleware that
 * computes them for every request, with one list of methods for all paths. Here `Allow` names the methods of each path.
 */
import type { Headers } from './reply.ts';

/** Response headers that scripts may read, in addition to the CORS-safelisted ones. */
const exposed = [
  'Link',
  'Location',
  'NGSILD-Results-Count',
  'Fiware-Total-Count',
  'NGSILD-Tenant',
  'NGSILD-Snapshot',
  'NGSILD-EntityMap',
  'Mlaka-Position',
  'Fiware-Correlator',
  'Allow',
];
const accepted = [
  'Accept',
  'Authorization',
  'Content-Type',
  'Link',
  'NGSILD-Tenant',
  'NGSILD-Snapshot',
  'NGSILD-EntityMap',
  'NGSILD-Path',
  'Fiware-Service',
  'Fiware-ServicePath',
  'Fiware-Correlator',
  'X-Auth-Token',
  'Prefer',
  'Last-Event-ID',
  'X-Requested-With',
];

/** Headers of every response, for an origin or `*`; none for the empty origin. */
export function corsHeaders(origin: string): Headers {
  if (origin === '') return {};
  return {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Expose-Headers': exposed.join(', '),
    ...(origin === '*' ? undefined : { Vary: 'Origin' }),
  };
}

/** Headers of the response to OPTIONS, the preflight request of browsers. */
export const preflightHeaders = (origin: string, allow: string): Headers =>
  origin === ''
    ? {}
    : {
        'Access-Control-Allow-Methods': allow,
        'Access-Control-Allow-Headers': accepted.join(', '),
        'Access-Control-Max-Age': '600',
      };
