/** Finds the operation of NGSI v2, or of the history APIs beside it, for a request. */
import { Problem } from '../../../core/model/problem.ts';
import { percentDecoded } from '../../../core/model/read/percent.ts';
import { isClean } from '../../../core/v2/characters.ts';
import { badRequest, V2Problem } from '../../../core/v2/problem.ts';
import { hasBody } from '../body.ts';
import { Refusal } from '../refusal.ts';
import type { Exchange } from '../reply.ts';
import { findRoute, type Route, type Routes } from '../routes.ts';

/** True for a path of NGSI v2, QuantumLeap or STH-Comet. */
export const isV2Path = (path: string): boolean =>
  path === '/v2' || path.startsWith('/v2/') || path.startsWith('/ql/') || isSthPath(path);

/** True for a path of STH-Comet. */
const isSthPath = (path: string): boolean => path.startsWith('/STH/');

/** True for a path whose errors have the form of STH-Comet's first version. */
export const isSthV1Path = (path: string): boolean => isSthPath(path) && !path.startsWith('/STH/v2/');

/**
 * Throws BadRequest for an unknown path and for an empty name in it, as Orion does; NotFound, as the others do; Refusal 405 for an undefined
 * method, but 411 for a PATCH without a body, which Orion's tests want.
 */
export function findV2Route(routes: Routes, exchange: Exchange, path: string): Route {
  const { method = '' } = exchange.request;
  if (path.endsWith('//')) refuseEmptyName(path);
  try {
    return findRoute(routes, method, path);
  } catch (error) {
    if (error instanceof Problem && error.type === 'ResourceNotFound') throw unknownPath(path);
    const lacksBody = method === 'PATCH' && !hasBody(exchange);
    throw error instanceof Refusal && error.status === 405 && lacksBody ? missingBody() : error;
  }
}

export const missingBody = (): Refusal => new Refusal(411, 'Zero/No Content-Length in PUT/POST/PATCH request');

function refuseEmptyName(path: string): void {
  if (path === '/v2/entities//') throw badRequest('entity id length: 0, min length supported: 1');
  if (path === '/v2/types//') throw badRequest('entity type length: 0, min length supported: 1');
  if (path === '/v2/subscriptions//') throw badRequest('Invalid subscription ID: bad length - 24 chars expected');
  if (/^\/v2\/entities\/[^/]+\/attrs\/\/$/.test(path))
    throw badRequest('attribute name length: 0, min length supported: 1');
}

/**
 * The error of a request for a path. What is not there is a bad request when the path has characters that NGSI v2 forbids; ids and names of
 * NGSI-LD that have them can be read nevertheless.
 */
export function v2ErrorAt(path: string, error: unknown): unknown {
  const isUnknown = error instanceof V2Problem && (error.code === 'NotFound' || error.message === unknownText);
  if (!isUnknown || !path.startsWith('/v2/')) return error;
  const text = percentDecoded(path) ?? path;
  return isClean(text) && !text.includes('&') ? error : badRequest('invalid character in URI');
}

const unknownText = 'Service not found. Check your URL as probably it is wrong.';

function unknownPath(path: string): V2Problem {
  if (path.startsWith('/v2')) return badRequest(unknownText);
  return new V2Problem('NotFound', isSthPath(path) ? 'invalid path' : `There is nothing at ${path}.`);
}
