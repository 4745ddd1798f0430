/** Writes the messages of one subscription when their turn comes. */
import type { Entity } from '../../core/model/entity.ts';
import { followLinks } from '../../core/operation/linked.ts';
import type { Message } from '../../core/port/messenger.ts';
import { positionText } from '../../core/port/position.ts';
import type { LogRecord } from '../../core/port/store.ts';
import { messageOf, type Reached, tellChange, tellPresent } from '../../core/subscription/message.ts';
import { notificationId } from '../../core/subscription/notification.ts';
import type { StoredPlan } from '../../core/subscription/read-stored.ts';
import type { Surroundings } from './surroundings.ts';

/** The subscription that is written for. */
export interface Addressee {
  readonly id: string;
  readonly stored: StoredPlan;
  readonly around: Surroundings;
}

/** Of a change. The same change for the same subscription has the same id, so that a receiver can tell a repeat. */
export async function writeChange(record: LogRecord, addressee: Addressee): Promise<Message> {
  const { id, stored, around } = addressee;
  const reached = record.event === 'deleted' ? [] : await follow([record.entity], addressee);
  const name = notificationId(id, positionText(around.epoch, record.position));
  return write(name, tellChange(record, stored, { teller: around.teller, reached }), addressee);
}

/** Of entities as they are. */
export async function writePresent(entities: readonly Entity[], addressee: Addressee): Promise<Message> {
  const data = tellPresent(entities, addressee.stored, await follow(entities, addressee));
  return write(addressee.around.world.ids.next('Notification'), data, addressee);
}

function write(id: string, data: readonly string[], { id: subscriptionId, stored, around }: Addressee): Message {
  return messageOf(stored, { id, subscriptionId, tenant: around.tenant, notifiedAt: around.world.clock.now(), data });
}

/** The entities that these lead to, where they are asked for. */
async function follow(entities: readonly Entity[], { stored, around }: Addressee): Promise<readonly Reached[]> {
  const { join, plan } = stored;
  if (!join) return [];
  const { store, world } = around;
  const journey = { level: join.level, containedBy: new Set<string>(), projection: plan.told.view.projection };
  return followLinks(entities, journey, { store, world, now: world.clock.now() });
}
