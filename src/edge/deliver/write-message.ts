/** Writes the messages of one subscription just before they are sent. */
import type { Entity } from '../../core/model/entity.ts';
import { followLinks } from '../../core/operation/linked.ts';
import { Problem } from '../../core/model/problem.ts';
import type { Delivery, Message } from '../../core/port/messenger.ts';
import { positionText } from '../../core/port/position.ts';
import type { LogRecord } from '../../core/port/store.ts';
import type { Sending } from '../../core/subscription/dialect.ts';
import {
  messageOf,
  type LinkedEntity,
  registrationMessageOf,
  writeChangeData,
  writePresentData,
} from '../../core/subscription/message.ts';
import { notificationId } from '../../core/subscription/notification.ts';
import type { RegistrationNews } from '../../core/subscription/registration-interest.ts';
import type { StoredPlan } from '../../core/subscription/read-stored.ts';
import type { DeliveryEnvironment } from './environment.ts';
import type { OwnerView } from './owner-view.ts';

/** The subscription that the message belongs to. */
export interface MessageTarget {
  readonly id: string;
  readonly stored: StoredPlan;
  readonly env: DeliveryEnvironment;
  readonly owner: OwnerView;
}

/** A message, and the entities that it shows, whole or as the owner may see them. */
export interface Written {
  readonly message: Message;
  readonly shown: readonly Entity[];
}

/**
 * Writes the message of a change, as the owner of the subscription may see it now. It has the same id for the same change and subscription,
 * so that a receiver can detect a repeat. Throws Forbidden when the owner may not see it any more.
 */
export async function writeChange(change: LogRecord, target: MessageTarget): Promise<Written> {
  const { id, stored, env, owner } = target;
  const record = owner.see(change);
  if (!record) throw new Problem('Forbidden', 'The owner of the subscription may not see the change any more.');
  const shown = [change.entity];
  if (stored.dialect) return { message: stored.dialect.write(record, sendingOf(record, target)), shown };
  if (stored.registrations) {
    const name = notificationId(id, positionText(env.epoch, record.position), 'ContextSourceNotification');
    return { message: writeNews(name, stored.registrations.news(record), target), shown };
  }
  const reached = record.event === 'deleted' ? [] : await follow([record.entity], target);
  const name = notificationId(id, positionText(env.epoch, record.position));
  const message = write(name, writeChangeData(record, stored, { renderer: env.renderer, reached }), target);
  return { message, shown: withReached(shown, reached) };
}

const withReached = (entities: readonly Entity[], reached: readonly LinkedEntity[]): readonly Entity[] =>
  reached.length === 0 ? entities : [...entities, ...reached.map(({ entity }) => entity)];

/** Writes the message of entities without a change. */
export async function writePresent(entities: readonly Entity[], target: MessageTarget): Promise<Written> {
  const { registrations } = target.stored;
  const { ids } = target.env.services;
  if (registrations) {
    const news = registrations.present(entities);
    return { message: writeNews(ids.next('ContextSourceNotification'), news, target), shown: entities };
  }
  const reached = await follow(entities, target);
  const data = writePresentData(entities, target.stored, reached);
  return { message: write(ids.next('Notification'), data, target), shown: withReached(entities, reached) };
}

/** Notes for the audit what a message shows, unless it did not reach the receiver. */
export function recordDelivery(written: Written | undefined, delivery: Delivery, { owner }: MessageTarget): void {
  if (!written || delivery.kind === 'abandoned') return;
  if (delivery.kind !== 'unreached' || delivery.status !== undefined) owner.record(written.shown);
}

const writeNews = (id: string, news: RegistrationNews, { id: subscriptionId, stored, env }: MessageTarget): Message =>
  registrationMessageOf(stored, { id, subscriptionId, origin: env, notifiedAt: env.services.clock.now(), news });

function write(id: string, data: readonly string[], { id: subscriptionId, stored, env }: MessageTarget): Message {
  return messageOf(stored, { id, subscriptionId, origin: env, notifiedAt: env.services.clock.now(), data });
}

/** The entities that these link to, if the subscription joins them. */
async function follow(
  entities: readonly Entity[],
  { stored, env, owner }: MessageTarget,
): Promise<readonly LinkedEntity[]> {
  const { join, plan } = stored;
  const store = owner.store();
  if (!join || !store) return [];
  const { services } = env;
  const traversal = { level: join.level, containedBy: new Set<string>(), projection: plan.changeView.view.projection };
  return followLinks(entities, traversal, { store, services, now: services.clock.now() });
}

const sendingOf = ({ position }: LogRecord, { id: subscriptionId, env }: MessageTarget): Sending => ({
  tenant: env.tenant,
  subscriptionId,
  position: positionText(env.epoch, position),
  now: env.services.clock.now(),
});
