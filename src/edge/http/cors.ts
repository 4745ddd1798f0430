/**
 * Lets web pages of another origin use the API, when the broker is told so (Fetch standard, CORS protocol).
 *
 * These headers are constant but for `Allow`, so they are made once at the start. The npm package `cors` is a middleware that
 * computes them for every request, with one list of methods for all paths; here `Allow` names the methods of each path.
 */
import type { Headers } from './reply.ts';

/** Headers that scripts may read beyond the few that they always may. */
const exposed = [
  'Link',
  'Location',
  'NGSILD-Results-Count',
  'NGSILD-Tenant',
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
  'NGSILD-Path',
  'Fiware-Service',
  'Fiware-ServicePath',
  'Fiware-Correlator',
  'X-Auth-Token',
  'Prefer',
  'Last-Event-ID',
  'X-Requested-With',
];

/** Headers of every answer, for an origin or `*`; none for the empty origin. */
export function corsHeaders(origin: string): Headers {
  if (origin === '') return {};
  return {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Expose-Headers': exposed.join(', '),
    ...(origin === '*' ? undefined : { Vary: 'Origin' }),
  };
}

/** Headers of the answer to OPTIONS, by which browsers ask beforehand. */
export const preflightHeaders = (origin: string, allow: string): Headers =>
  origin === ''
    ? {}
    : {
        'Access-Control-Allow-Methods': allow,
        'Access-Control-Allow-Headers': accepted.join(', '),
        'Access-Control-Max-Age': '600',
      };
