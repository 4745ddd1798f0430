/** Writes the messages of one subscription when their turn comes. */
import type { Entity } from '../../core/model/entity.ts';
import type { Message } from '../../core/port/messenger.ts';
import type { LogRecord } from '../../core/port/store.ts';
import { changeText, messageOf, presentText } from '../../core/subscription/message.ts';
import { positionText } from '../../core/port/position.ts';
import type { StoredPlan } from '../../core/subscription/read-stored.ts';
import type { Surroundings } from './surroundings.ts';

/** The subscription that is written for. */
export interface Addressee {
  readonly id: string;
  readonly stored: StoredPlan;
  readonly around: Surroundings;
}

/** Of a change. The same change for the same subscription has the same id, so that a receiver can tell a repeat. */
export function writeChange(record: LogRecord, { id, stored, around }: Addressee): Message {
  const { world, tenant, epoch, teller } = around;
  return messageOf(stored, {
    id: `urn:ngsi-ld:Notification:${id.replace(/^.*:/, '')}:${positionText(epoch, record.position)}`,
    subscriptionId: id,
    tenant,
    notifiedAt: world.clock.now(),
    data: [changeText(record, stored, teller)],
  });
}

/** Of entities as they are. */
export function writePresent(entities: readonly Entity[], { id, stored, around }: Addressee): Message {
  const { world, tenant } = around;
  return messageOf(stored, {
    id: world.ids.next('Notification'),
    subscriptionId: id,
    tenant,
    notifiedAt: world.clock.now(),
    data: entities.map((entity) => presentText(entity, stored)),
  });
}
