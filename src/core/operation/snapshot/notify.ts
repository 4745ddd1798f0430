/** Notifies the endpoint of a snapshot of its status (clauses 5.3.4, 5.16.6). */
import type { JsonObject } from '../../model/json.ts';
import { readReceiverInfo } from '../../model/read/receiver-info.ts';
import type { CallContext } from '../operation.ts';
import { priorityOf, type SnapshotDocument } from './document.ts';

/** Sends one SnapshotNotification, and does not wait for it. An endpoint that fails is not asked again: the status can be retrieved. */
export function notifySnapshot(
  document: SnapshotDocument,
  { services, tenant }: Pick<CallContext, 'services' | 'tenant'>,
): void {
  const { endpoint } = document.members;
  if (typeof endpoint !== 'string') return;
  const { clock, ids, messenger } = services;
  const notification: JsonObject = {
    id: ids.next('SnapshotNotification'),
    type: 'SnapshotNotification',
    snapshotId: document.id,
    notifiedAt: clock.now(),
    expiresAt: document.expiresAt,
    snapshotPriority: priorityOf(document),
    snapshotStatus: document.status,
    ...(document.details.length > 0 ? { snapshotQueriesDetails: document.details } : undefined),
    ...(document.temporalDetails.length > 0 ? { temporalSnapshotQueriesDetails: document.temporalDetails } : undefined),
  };
  messenger.send({
    uri: endpoint,
    contentType: 'application/json',
    headers: { ...readReceiverInfo(document.members), ...(tenant === '' ? undefined : { 'NGSILD-Tenant': tenant }) },
    notifierInfo: {},
    body: JSON.stringify(notification),
  });
}
