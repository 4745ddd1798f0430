/** Records for the audit what a client of a stream is sent. */
import type { Entity } from '../../core/model/entity.ts';
import { Problem } from '../../core/model/problem.ts';
import type { Caller, Services } from '../../core/operation/operation.ts';
import type { Recipient } from '../../core/port/audit.ts';
import type { Audience } from './audience.ts';

/** Who is sent what. */
export interface StreamRecipient extends Pick<Caller, 'tenant' | 'address'> {
  /** The subject of the identity. */
  readonly principal: string;
  /** The id of the stored subscription. Absent: it is not stored. */
  readonly id: string | undefined;
}

/** Returns what notes an entity that is sent. Undefined: nothing is recorded. */
export function noteFor(
  recipient: StreamRecipient,
  audience: Audience,
  { audit }: Pick<Services, 'audit'>,
): ((entity: Entity) => void) | undefined {
  const recorder = audit?.recordNotifications(lineOf(recipient));
  return recorder && ((entity) => recorder.note(entity, () => audience.grantsOf(entity)));
}

const lineOf = ({ tenant, principal, address, id }: StreamRecipient): Recipient => ({
  tenant,
  principal,
  ...(address === undefined ? undefined : { address }),
  ...(id === undefined ? undefined : { resource: id }),
});

/** Opens a subscription that is not an operation of the API, and adds its line. Throws Unavailable when lines cannot be written. */
export async function recordSubscribe(
  recipient: StreamRecipient,
  { audit }: Pick<Services, 'audit'>,
  open: () => Promise<void>,
): Promise<void> {
  audit?.requireRoom();
  const add = (result: string): void => {
    if (audit?.scope === 'all' || (audit?.scope === 'changes' && result === 'Forbidden'))
      audit.add({ ...lineOf(recipient), operation: 'subscribe', result, grants: [], isRead: true });
  };
  try {
    await open();
    add('done');
  } catch (error) {
    add(error instanceof Problem ? error.type : 'InternalError');
    throw error;
  }
}
