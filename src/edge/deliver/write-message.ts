/** Writes the messages of one subscription when their turn comes. */
import type { Entity } from '../../core/model/entity.ts';
import { followLinks } from '../../core/operation/linked.ts';
import type { Message } from '../../core/port/messenger.ts';
import { positionText } from '../../core/port/position.ts';
import type { LogRecord } from '../../core/port/store.ts';
import { messageOf, type LinkedEntity, writeChangeData, writePresentData } from '../../core/subscription/message.ts';
import { notificationId } from '../../core/subscription/notification.ts';
import type { StoredPlan } from '../../core/subscription/read-stored.ts';
import type { DeliveryEnvironment } from './environment.ts';

/** The subscription that is written for. */
export interface MessageTarget {
  readonly id: string;
  readonly stored: StoredPlan;
  readonly env: DeliveryEnvironment;
}

/** Of a change. The same change for the same subscription has the same id, so that a receiver can tell a repeat. */
export async function writeChange(record: LogRecord, addressee: MessageTarget): Promise<Message> {
  const { id, stored, env } = addressee;
  const reached = record.event === 'deleted' ? [] : await follow([record.entity], addressee);
  const name = notificationId(id, positionText(env.epoch, record.position));
  return write(name, writeChangeData(record, stored, { renderer: env.renderer, reached }), addressee);
}

/** Of entities as they are. */
export async function writePresent(entities: readonly Entity[], addressee: MessageTarget): Promise<Message> {
  const data = writePresentData(entities, addressee.stored, await follow(entities, addressee));
  return write(addressee.env.world.ids.next('Notification'), data, addressee);
}

function write(id: string, data: readonly string[], { id: subscriptionId, stored, env }: MessageTarget): Message {
  return messageOf(stored, { id, subscriptionId, tenant: env.tenant, notifiedAt: env.world.clock.now(), data });
}

/** The entities that these lead to, where they are asked for. */
async function follow(entities: readonly Entity[], { stored, env }: MessageTarget): Promise<readonly LinkedEntity[]> {
  const { join, plan } = stored;
  if (!join) return [];
  const { store, world } = env;
  const journey = { level: join.level, containedBy: new Set<string>(), projection: plan.changeView.view.projection };
  return followLinks(entities, journey, { store, world, now: world.clock.now() });
}
