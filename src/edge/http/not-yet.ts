/**
 * Lists the operations of CIM 009 that this broker does not implement yet. It answers 501 to them, so that clients do not take
 * the gap for a mistake.
 */
import type { Method } from '../../core/operation/operation.ts';

const collection: readonly Method[] = ['GET', 'POST'];
const element: readonly Method[] = ['GET', 'PATCH', 'DELETE'];

const paths: Readonly<Record<string, readonly Method[]>> = {
  '/entityMaps': collection,
  '/entityMaps/{id}': element,
  '/temporal/entityMaps': collection,
};

/** Methods and paths below `/ngsi-ld/v1` that are planned (clause 4.3.5). An implemented operation takes precedence. */
export const notYet: readonly { readonly method: Method; readonly path: string }[] = Object.entries(paths).flatMap(
  ([path, methods]) => methods.map((method) => ({ method, path })),
);
