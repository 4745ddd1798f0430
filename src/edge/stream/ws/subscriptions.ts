/** Manages the subscriptions of one connection. Subscriptions that are not stored end with the connection. */
import { isObject, type Json } from '../../../core/model/json.ts';
import { noSuchTenant, Problem } from '../../../core/model/problem.ts';
import { quoted } from '../../../core/model/read/id.ts';
import { refuseTooManyNames } from '../../../core/model/read/name-count.ts';
import type { Caller, Services } from '../../../core/operation/operation.ts';
import type { SubscriptionPlan } from '../../../core/subscription/plan.ts';
import { parsePosition, positionText } from '../../../core/port/position.ts';
import { readSubscription } from '../../../core/subscription/read-subscription.ts';
import { type Audience, audienceOf } from '../audience.ts';
import type { ExclusiveConsumer, OpenExclusiveConsumer } from '../exclusive-consumers.ts';
import type { Connection } from './connection.ts';
import { type Consumer, createConsumer } from '../consumer.ts';
import type { FeedReference, OpenFeed } from '../feed.ts';
import type { StreamLimits } from '../limits.ts';
import { createNotificationWriter, type NotificationFormat } from '../notification-writer.ts';
import type { AckFrame, SubscribeFrame } from './read-frame.ts';
import type { Peer } from './request.ts';
import { noteFor, recordSubscribe, type StreamRecipient } from '../record.ts';
import { findStart, type Start } from '../start.ts';
import { ackedFrame, notificationFrame, positionFrame, subscribedFrame, unsubscribedFrame } from './write-frame.ts';

export interface Subscriptions {
  /** Opens a subscription and confirms it. Throws a Problem when it cannot be opened. */
  open(frame: SubscribeFrame): Promise<void>;
  /** Closes a subscription and confirms it. Throws ResourceNotFound for an unknown id. */
  close(id: string): Promise<void>;
  /** Persists the acknowledged position of a stored subscription and confirms it. Throws a Problem for an invalid acknowledgement. */
  acknowledge(frame: AckFrame): Promise<void>;
  beat(): void;
  /** Ends all subscriptions. No more can be opened. */
  readonly end: () => void;
}

export interface SubscriptionsOptions {
  readonly connection: Connection;
  readonly peer: Peer;
  readonly openFeed: OpenFeed;
  readonly openExclusive: OpenExclusiveConsumer;
  readonly services: Services;
  readonly limits: StreamLimits;
}

interface Opened {
  readonly consumer: Consumer;
  readonly reference: FeedReference;
  readonly exclusive: ExclusiveConsumer | undefined;
}

interface State extends SubscriptionsOptions {
  /** Open subscriptions by the client's id. */
  readonly opened: Map<string, Opened>;
  isOver: boolean;
}

export function createSubscriptions(options: SubscriptionsOptions): Subscriptions {
  const state: State = { ...options, opened: new Map(), isOver: false };
  return {
    open: (frame) =>
      recordSubscribe(recipientOf(state, subscriptionIdIn(frame)), state.services, () => open(state, frame)),
    close: (id) => {
      if (!drop(state, id)) return Promise.reject(unknown(id));
      state.connection.send(unsubscribedFrame(id));
      return Promise.resolve();
    },
    acknowledge: (frame) => acknowledge(state, frame),
    beat: () => {
      for (const { consumer } of [...state.opened.values()]) consumer.beat();
    },
    end: () => {
      state.isOver = true;
      for (const id of [...state.opened.keys()]) drop(state, id);
    },
  };
}

const subscriptionIdIn = ({ subject }: SubscribeFrame): string | undefined =>
  'subscriptionId' in subject ? subject.subscriptionId : undefined;

const recipientOf = ({ peer: { tenant, identity, address } }: State, id: string | undefined): StreamRecipient => ({
  tenant,
  principal: identity.subject,
  ...(address === undefined ? undefined : { address }),
  id,
});

const unknown = (id: string): Problem =>
  new Problem('ResourceNotFound', `There is no subscription ${quoted(id)} on this connection.`);

/** Ends a subscription. True when it existed. */
function drop({ opened }: State, id: string): boolean {
  const found = opened.get(id);
  if (!found) return false;
  opened.delete(id);
  found.consumer.end();
  release(found);
  return true;
}

function release({ reference, exclusive }: Pick<Opened, 'reference' | 'exclusive'>): void {
  reference.release();
  exclusive?.release();
}

async function acknowledge({ opened, connection }: State, { id, position }: AckFrame): Promise<void> {
  const found = opened.get(id);
  if (!found) throw unknown(id);
  const { exclusive, consumer, reference } = found;
  if (!exclusive)
    throw new Problem('InvalidRequest', `The subscription ${quoted(id)} is not stored: keep the position.`);
  const { epoch } = reference.feed;
  const reached = parsePosition(position, epoch);
  if (reached === undefined || reached > consumer.toldTo())
    throw new Problem('InvalidRequest', `The position ${quoted(position)} was not sent to ${quoted(id)}.`);
  connection.send(ackedFrame(id, positionText(epoch, await exclusive.acknowledge(reached))));
}

async function open(state: State, frame: SubscribeFrame): Promise<void> {
  refuseTooMany(state, frame.id);
  const { tenant } = state.peer;
  const reference = await state.openFeed(tenant);
  if (!reference) throw noSuchTenant(tenant);
  let subject: RequestedSubscription | undefined;
  let isKept = false;
  try {
    const audience = audienceOf(holderOf(state), reference.feed.store);
    subject = await readSubject(state, { frame, reference });
    const start = await findStart(frame.start, reference.feed, subject.exclusive?.leftAt);
    isKept = !state.isOver;
    if (isKept) begin(state, { frame, audience, ...subject, reference, start });
  } finally {
    if (!isKept) release({ reference, exclusive: subject?.exclusive });
  }
}

/** The client with its present rights. */
const holderOf = ({ peer: { tenant, identity }, services }: State): Pick<Caller, 'tenant' | 'principal'> => ({
  tenant,
  principal: services.access.principalOf(identity),
});

function refuseTooMany({ opened, limits }: State, id: string): void {
  if (opened.has(id))
    throw new Problem('AlreadyExists', `There is a subscription ${quoted(id)} on this connection already.`);
  if (opened.size < limits.subscriptionsMax) return;
  throw new Problem(
    'Unavailable',
    `A connection may have ${limits.subscriptionsMax} subscriptions; open another connection.`,
  );
}

interface RequestedSubscription {
  readonly plan: SubscriptionPlan;
  readonly exclusive: ExclusiveConsumer | undefined;
  /** The reason why the claim on a stored subscription was lost before the subscription began. */
  readonly isLost: { reason?: string };
}

interface SubscribeRequest {
  readonly frame: SubscribeFrame;
  readonly reference: FeedReference;
}

async function readSubject(state: State, { frame, reference }: SubscribeRequest): Promise<RequestedSubscription> {
  const { id, subject } = frame;
  const isLost: RequestedSubscription['isLost'] = {};
  if (!('subscriptionId' in subject)) return { plan: await readPlan(state, subject), exclusive: undefined, isLost };
  const lost = (reason: string): void => {
    isLost.reason = reason;
    if (state.opened.get(id)?.reference === reference) end(state, id, reason);
  };
  const { store } = reference.feed;
  const options = { ...holderOf(state), id: subject.subscriptionId, store, lost };
  const exclusive = await state.openExclusive(options);
  return { plan: exclusive.plan, exclusive, isLost };
}

function end(state: State, id: string, reason: string): void {
  if (drop(state, id)) state.connection.send(unsubscribedFrame(id, reason));
}

async function readPlan(
  { peer, services }: State,
  { subscription, context }: { readonly subscription: Json; readonly context: Json | undefined },
): Promise<SubscriptionPlan> {
  const { contexts, clock, limits } = services;
  refuseTooManyNames(subscription, limits);
  const own = context === undefined ? peer.context : await contexts.resolve(context, peer.tenant);
  const notifiedIn = isObject(subscription) ? subscription['jsonldContext'] : undefined;
  const notified = notifiedIn === undefined ? own : await contexts.resolve(notifiedIn, peer.tenant);
  return readSubscription(subscription, { context: own, notified, now: clock.now() });
}

interface Beginning extends RequestedSubscription {
  readonly frame: SubscribeFrame;
  readonly audience: Audience;
  readonly reference: FeedReference;
  readonly start: Start;
}

function begin(state: State, { frame, plan, exclusive, isLost, audience, reference, start }: Beginning): void {
  const { connection, services, limits } = state;
  const { feed } = reference;
  const { id } = frame;
  const subscriptionId = plan.id ?? services.ids.next('Subscription');
  const consumer = createConsumer({
    plan,
    audience,
    feed,
    pipe: connection,
    writer: createNotificationWriter({
      subscriptionId,
      changeView: plan.changeView,
      format: formatFor(connection, id),
      feed,
      services,
      note: noteFor(recipientOf(state, plan.id), audience, services),
    }),
    services,
    overflow: frame.overflow,
    bufferBytes: limits.bufferBytes,
    start: start.position,
    isSnapshotFirst: start.isSnapshotFirst,
    ended: (reason) => end(state, id, reason),
  });
  state.opened.set(id, { consumer, reference, exclusive });
  const position = positionText(feed.epoch, start.position);
  // A client cannot resume an interrupted snapshot, so it gets no position until the snapshot is complete.
  connection.send(
    subscribedFrame({
      id,
      subscriptionId,
      position: start.isSnapshotFirst ? undefined : position,
      recovered: !start.isGap,
    }),
  );
  if (start.isGap) connection.send(positionFrame('gap', id, position));
  consumer.run();
  if (isLost.reason !== undefined) end(state, id, isLost.reason);
}

/** Adapts a connection to a notification format. `id` is the client's id of the subscription. */
const formatFor = (connection: Connection, id: string): NotificationFormat => ({
  notification: (texts, position) => connection.send(...notificationFrame({ id, position }, texts)),
  mark: (mark, position) => connection.send(positionFrame(mark, id, position)),
});
