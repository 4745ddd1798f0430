/** The subscriptions of one connection: they live as long as it does. */
import { isObject } from '../../core/model/json.ts';
import { Problem } from '../../core/model/problem.ts';
import { quoted } from '../../core/model/read/id.ts';
import type { World } from '../../core/operation/operation.ts';
import type { SubscriptionPlan } from '../../core/subscription/plan.ts';
import { positionText } from '../../core/port/position.ts';
import { readSubscription } from '../../core/subscription/read-subscription.ts';
import { audienceOf } from './audience.ts';
import type { Connection } from './connection.ts';
import { type Consumer, createConsumer } from './consumer.ts';
import type { Lease } from './feed.ts';
import type { StreamLimits } from './limits.ts';
import { createOutlet } from './outlet.ts';
import type { SubscribeFrame } from './read-frame.ts';
import type { Peer } from './request.ts';
import { findStart, type Start } from './start.ts';
import { positionFrame, subscribedFrame, unsubscribedFrame } from './write-frame.ts';

export interface Subscriptions {
  /** Opens one and says so. Throws a Problem when it cannot be opened. */
  open(frame: SubscribeFrame): Promise<void>;
  /** Throws ResourceNotFound when there is none of that name. */
  close(id: string): Promise<void>;
  beat(): void;
  /** Ends all, for good. */
  readonly end: () => void;
}

export interface SubscriptionsOptions {
  readonly connection: Connection;
  readonly peer: Peer;
  /** The feed of a tenant; undefined when there is no such tenant. */
  readonly openFeed: (tenant: string) => Promise<Lease | undefined>;
  readonly world: World;
  readonly limits: StreamLimits;
}

interface Opened {
  readonly consumer: Consumer;
  readonly lease: Lease;
}

interface State extends SubscriptionsOptions {
  /** By the client's names for them. */
  readonly opened: Map<string, Opened>;
  isOver: boolean;
}

export function createSubscriptions(options: SubscriptionsOptions): Subscriptions {
  const state: State = { ...options, opened: new Map(), isOver: false };
  return {
    open: (frame) => open(state, frame),
    close: (id) => {
      if (!drop(state, id))
        return Promise.reject(
          new Problem('ResourceNotFound', `There is no subscription ${quoted(id)} on this connection.`),
        );
      state.connection.send(unsubscribedFrame(id));
      return Promise.resolve();
    },
    beat: () => {
      for (const { consumer } of [...state.opened.values()]) consumer.beat();
    },
    end: () => {
      state.isOver = true;
      for (const id of [...state.opened.keys()]) drop(state, id);
    },
  };
}

/** True when there was one. */
function drop({ opened }: State, id: string): boolean {
  const found = opened.get(id);
  if (!found) return false;
  opened.delete(id);
  found.consumer.end();
  found.lease.release();
  return true;
}

async function open(state: State, frame: SubscribeFrame): Promise<void> {
  refuseTooMany(state, frame.id);
  const plan = await readPlan(state, frame);
  const lease = await state.openFeed(state.peer.tenant);
  if (!lease) throw new Problem('NonexistentTenant', `There is no tenant named ${quoted(state.peer.tenant)}.`);
  let isKept = false;
  try {
    const start = await findStart(frame.start, lease.feed);
    isKept = !state.isOver;
    if (isKept) begin(state, { frame, plan, lease, start });
  } finally {
    if (!isKept) lease.release();
  }
}

function refuseTooMany({ opened, limits }: State, id: string): void {
  if (opened.has(id))
    throw new Problem('AlreadyExists', `There is a subscription ${quoted(id)} on this connection already.`);
  if (opened.size < limits.subscriptionsMax) return;
  throw new Problem(
    'Unavailable',
    `A connection may have ${limits.subscriptionsMax} subscriptions; open another connection.`,
  );
}

async function readPlan({ peer, world }: State, { subscription, context }: SubscribeFrame): Promise<SubscriptionPlan> {
  const { contexts, clock } = world;
  const own = context === undefined ? peer.context : await contexts.resolve(context, peer.tenant);
  const notifiedIn = isObject(subscription) ? subscription['jsonldContext'] : undefined;
  const notified = notifiedIn === undefined ? own : await contexts.resolve(notifiedIn, peer.tenant);
  return readSubscription(subscription, { context: own, notified, now: clock.now() });
}

interface Beginning {
  readonly frame: SubscribeFrame;
  readonly plan: SubscriptionPlan;
  readonly lease: Lease;
  readonly start: Start;
}

function begin(state: State, { frame, plan, lease, start }: Beginning): void {
  const { connection, peer, world, limits } = state;
  const { feed } = lease;
  const { id } = frame;
  const subscriptionId = plan.id ?? world.ids.next('Subscription');
  const ended = (reason: string): void => {
    if (drop(state, id)) connection.send(unsubscribedFrame(id, reason));
  };
  const consumer = createConsumer({
    plan,
    audience: audienceOf(peer, feed.store),
    feed,
    connection,
    outlet: createOutlet({ id, subscriptionId, told: plan.told, connection, feed, world }),
    world,
    overflow: frame.overflow,
    bufferBytes: limits.bufferBytes,
    start: start.position,
    isSnapshotFirst: start.isSnapshotFirst,
    ended,
  });
  state.opened.set(id, { consumer, lease });
  const position = positionText(feed.epoch, start.position);
  // A snapshot that is cut off cannot be gone on with, so no position is given before it is complete.
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
}
