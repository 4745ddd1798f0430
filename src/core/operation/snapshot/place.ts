/** Tells which operations work on a snapshot when the request names one (clause 4.3.7). */
import { Problem } from '../../model/problem.ts';
import type { Operation, OperationRequest } from '../operation.ts';

/** What an operation works on. */
export type Place = 'snapshot' | 'tenant';

const inSnapshots =
  /^\/(?:entities|entityOperations|entityMaps|types|attributes|subscriptions|temporal\/entit(?:ies|yOperations|yMaps))(?:\/|$)/;

/** Throws OperationNotSupported for the stream of a subscription: streams show the changes of a tenant. */
export function placeOf({ path }: Operation): Place {
  if (path === '/subscriptions/{id}/events')
    throw new Problem('OperationNotSupported', 'The changes in a snapshot are not streamed; use a notification.');
  return inSnapshots.test(path) ? 'snapshot' : 'tenant';
}

/** True for an operation that needs a snapshot that is prepared: a subscription would be notified of what is being copied. */
export const needsPrepared = ({ name }: Operation): boolean => name === 'createSubscription';

/** The request about this broker only: an operation on a snapshot asks no context sources. */
export const localOnly = ({ parameters }: Operation, request: OperationRequest): OperationRequest =>
  parameters.includes('local') ? { ...request, params: { ...request.params, local: 'true' } } : request;
