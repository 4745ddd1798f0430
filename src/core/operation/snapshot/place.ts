/** Tells which operations work on a snapshot when the request names one (clause 4.3.7). */
import { Problem } from '../../model/problem.ts';
import type { Operation, OperationRequest } from '../operation.ts';

/** What an operation works on. */
export type Place = 'snapshot' | 'tenant';

const inSnapshots =
  /^\/(?:entities|entityOperations|entityMaps|types|attributes|temporal\/entit(?:ies|yOperations|yMaps))(?:\/|$)/;

/** Throws OperationNotSupported for subscriptions, which are about the changes of a tenant. */
export function placeOf({ path }: Operation): Place {
  if (path.startsWith('/subscriptions'))
    throw new Problem(
      'OperationNotSupported',
      'A snapshot has no subscriptions; leave out the header NGSILD-Snapshot.',
    );
  return inSnapshots.test(path) ? 'snapshot' : 'tenant';
}

/** The request about this broker only: an operation on a snapshot asks no context sources. */
export const localOnly = ({ parameters }: Operation, request: OperationRequest): OperationRequest =>
  parameters.includes('local') ? { ...request, params: { ...request.params, local: 'true' } } : request;
