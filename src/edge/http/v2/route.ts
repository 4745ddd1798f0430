/** Finds the operation of NGSI v2 for a request. */
import { Problem } from '../../../core/model/problem.ts';
import { badRequest } from '../../../core/v2/problem.ts';
import { findRoute, type Route, type Routes } from '../routes.ts';

/** Throws BadRequest for an unknown path, as Orion does, and Refusal 405 for an undefined method. */
export function findV2Route(routes: Routes, method: string, path: string): Route {
  try {
    return findRoute(routes, method, path);
  } catch (error) {
    if (error instanceof Problem && error.type === 'ResourceNotFound')
      throw badRequest('Service not found. Check your URL as probably it is wrong.');
    throw error;
  }
}
