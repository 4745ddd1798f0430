/** What CIM 009 has and this broker has not yet: such a request is answered 501, so that nobody takes it for a slip. */
import type { Method } from '../../core/operation/operation.ts';

const collection: readonly Method[] = ['GET', 'POST'];
const element: readonly Method[] = ['GET', 'PATCH', 'DELETE'];

const paths: Readonly<Record<string, readonly Method[]>> = {
  '/csourceRegistrations': collection,
  '/csourceRegistrations/{id}': element,
  '/csourceSubscriptions': collection,
  '/csourceSubscriptions/{id}': element,
  '/entityMaps': collection,
  '/entityMaps/{id}': element,
  '/temporal/entityMaps': collection,
  '/snapshots': ['POST', 'DELETE'],
  '/snapshots/{id}': element,
  '/snapshots/{id}/clone': ['POST'],
};

/** Methods and paths below `/ngsi-ld/v1` that are to come (clause 4.3.5). An operation of the table goes before. */
export const notYet: readonly { readonly method: Method; readonly path: string }[] = Object.entries(paths).flatMap(
  ([path, methods]) => methods.map((method) => ({ method, path })),
);
