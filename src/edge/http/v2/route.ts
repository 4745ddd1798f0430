/** Finds the operation of NGSI v2, or of the history APIs beside it, for a request. */
import { Problem } from '../../../core/model/problem.ts';
import { badRequest, V2Problem } from '../../../core/v2/problem.ts';
import { findRoute, type Route, type Routes } from '../routes.ts';

/** True for a path of NGSI v2, QuantumLeap or STH-Comet. */
export const isV2Path = (path: string): boolean =>
  path === '/v2' || path.startsWith('/v2/') || path.startsWith('/ql/') || isSthPath(path);

/** True for a path of STH-Comet. */
const isSthPath = (path: string): boolean => path.startsWith('/STH/');

/** True for a path whose errors have the form of STH-Comet's first version. */
export const isSthV1Path = (path: string): boolean => isSthPath(path) && !path.startsWith('/STH/v2/');

/** Throws BadRequest for an unknown path, as Orion does; NotFound, as the others do; and Refusal 405 for an undefined method. */
export function findV2Route(routes: Routes, method: string, path: string): Route {
  try {
    return findRoute(routes, method, path);
  } catch (error) {
    if (error instanceof Problem && error.type === 'ResourceNotFound') throw unknownPath(path);
    throw error;
  }
}

function unknownPath(path: string): V2Problem {
  if (path.startsWith('/v2')) return badRequest('Service not found. Check your URL as probably it is wrong.');
  return new V2Problem('NotFound', isSthPath(path) ? 'invalid path' : `There is nothing at ${path}.`);
}
