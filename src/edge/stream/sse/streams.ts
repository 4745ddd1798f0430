/**
 * Serves subscriptions as Server-Sent Events: each plain-HTTP client receives the changes of the log at its own speed
 * (docs/streaming.md).
 */
import type { Quotas } from '../../../core/access/quotas.ts';
import { Problem } from '../../../core/model/problem.ts';
import { subscriptionIn } from '../../../core/model/subscription.ts';
import type {
  OperationResult,
  OperationRequest,
  CallContext,
  EventSink,
  Operation,
  Services,
} from '../../../core/operation/operation.ts';
import { positionText } from '../../../core/port/position.ts';
import { subscriptionCollection } from '../../../core/port/subscriptions.ts';
import type { SubscriptionPlan } from '../../../core/subscription/plan.ts';
import { readSubscription } from '../../../core/subscription/read-subscription.ts';
import { audienceOf } from '../audience.ts';
import { type Consumer, createConsumer } from '../consumer.ts';
import type { FeedReference, OpenFeed } from '../feed.ts';
import type { StreamLimits } from '../limits.ts';
import { createNotificationWriter } from '../notification-writer.ts';
import { noteFor } from '../record.ts';
import { watchRights } from '../rights.ts';
import { findStart, type Start, type SubscribeStart } from '../start.ts';
import { readSubject } from '../stored.ts';
import {
  streamParameters,
  readOverflow,
  readStart,
  subscriptionOf,
  subscriptionParameters,
} from './read-parameters.ts';
import { createEventClient, type EventClient } from './client.ts';

export interface EventStreamsOptions {
  readonly services: Services;
  readonly openFeed: OpenFeed;
  readonly limits: Pick<StreamLimits, 'connectionsMax' | 'bufferBytes' | 'pingIntervalMs'>;
}

export interface EventStreams {
  /** Operations for the HTTP server. */
  readonly operations: readonly Operation[];
  /** Ends all streams and refuses new ones. Clients reconnect by themselves. */
  close(): void;
}

/** Time in milliseconds that a client waits before it reconnects. */
const retryMs = 2000;

const common = {
  clause: '5.8.6',
  method: 'GET',
  action: 'read',
  access: 'subscribe',
  checksDocuments: true,
  media: ['event-stream'],
  body: 'none',
} as const;

/** The definitions of the two operations with their parameters, for the API description. */
export const eventPaths = [
  {
    ...common,
    name: 'streamSubscription',
    path: '/subscriptions/{id}/events',
    parameters: streamParameters,
  },
  {
    ...common,
    name: 'streamChanges',
    path: '/stream',
    parameters: [...subscriptionParameters, ...streamParameters],
  },
] as const;

interface State extends EventStreamsOptions {
  readonly open: Set<EventClient>;
  isClosing: boolean;
}

export function createEventStreams(options: EventStreamsOptions): EventStreams {
  const state: State = { ...options, open: new Set(), isClosing: false };
  const [stored, own] = eventPaths;
  return {
    operations: [
      { ...stored, run: (request, call) => streamStored(state, request, call) },
      { ...own, run: (request, call) => streamOwn(state, request, call) },
    ],
    close: () => {
      state.isClosing = true;
      for (const client of [...state.open]) client.end('stopping');
    },
  };
}

/** What to stream to a client, and from where. */
interface StreamRequest extends Pick<CallContext, 'tenant' | 'principal' | 'address'> {
  readonly plan: SubscriptionPlan;
  readonly start: SubscribeStart;
  readonly overflow: 'disconnect' | 'latest';
  /** Calls back when the stored subscription changes. Returns the function that stops watching. */
  readonly watch: (changed: () => void) => () => void;
  /** True when the plan is still current. */
  readonly isCurrent: () => Promise<boolean>;
}

async function streamStored(state: State, request: OperationRequest, call: CallContext): Promise<OperationResult> {
  const { tenant, principal, store } = call;
  const { id = '' } = request.path;
  const { plan, modifiedAt } = await readSubject({ tenant, principal, id, store }, call.services);
  const watch: StreamRequest['watch'] = (changed) => state.services.subscriptions.watch(tenant, id, changed);
  const isCurrent = async (): Promise<boolean> => {
    const kept = await store.collection(subscriptionCollection).get(id);
    return kept !== undefined && subscriptionIn(kept).modifiedAt === modifiedAt;
  };
  return answerOf(state, { ...contextOfStream(request, call), plan, watch, isCurrent });
}

async function streamOwn(state: State, request: OperationRequest, call: CallContext): Promise<OperationResult> {
  const { context, now } = call;
  const plan = readSubscription(subscriptionOf(request.params), { context, now });
  const watch: StreamRequest['watch'] = () => () => undefined;
  const isCurrent = (): Promise<boolean> => Promise.resolve(true);
  return Promise.resolve(answerOf(state, { ...contextOfStream(request, call), plan, watch, isCurrent }));
}

const contextOfStream = (
  request: OperationRequest,
  { tenant, principal, address }: CallContext,
): Omit<StreamRequest, 'plan' | 'watch' | 'isCurrent'> => ({
  tenant,
  principal,
  ...(address === undefined ? undefined : { address }),
  start: readStart(request),
  overflow: readOverflow(request),
});

function answerOf(state: State, subject: StreamRequest): OperationResult {
  requirePlace(state, subject);
  // Other streams may open before this one.
  const open = (): ((sink: EventSink) => void) => {
    requirePlace(state, subject);
    const leave = state.services.quotas?.openStream(partyOf(subject));
    return (sink) => begin(state, subject, { sink, leave });
  };
  return { kind: 'events', open };
}

/** Throws Unavailable and TooManyRequests. */
function requirePlace({ isClosing, open, limits, services }: State, subject: StreamRequest): void {
  if (isClosing) throw new Problem('Unavailable', 'The broker stops.');
  if (open.size >= limits.connectionsMax)
    throw new Problem('Unavailable', 'There are too many connections; try again later.');
  services.quotas?.requireStream(partyOf(subject));
}

const partyOf = ({ principal, address }: StreamRequest): Parameters<Quotas['openStream']>[0] => ({
  identity: principal.identity,
  address,
});

interface Beginning {
  readonly sink: EventSink;
  /** Gives the place among the streams of the client back. */
  readonly leave: (() => void) | undefined;
}

/** Streams changes to a client until either side ends the stream. */
function begin(state: State, subject: StreamRequest, { sink, leave }: Beginning): void {
  const { services, open } = state;
  const { tenant } = subject;
  const client = createEventClient(sink, services);
  open.add(client);
  services.observe({ kind: 'streamOpened', tenant });
  client.retry(retryMs);
  const unwatch = subject.watch(() => client.end('changed'));
  const { identity } = subject.principal;
  const unwatchRights = watchRights(services, { identity, tenant, ended: (reason) => client.end(reason) });
  sink.closed(() => {
    unwatch();
    unwatchRights();
    leave?.();
    open.delete(client);
    services.observe({ kind: 'streamClosed', tenant });
  });
  run(state, subject, { client, sink }).catch((cause: unknown) => {
    services.observe({ kind: 'failed', where: 'stream', cause });
    client.close('fault');
  });
}

interface Peer {
  readonly client: EventClient;
  readonly sink: EventSink;
}

async function run(state: State, subject: StreamRequest, peer: Peer): Promise<void> {
  // The watch is active now. This check finds changes made before it.
  if (!(await subject.isCurrent())) {
    peer.client.end('changed');
    return;
  }
  const reference = await state.openFeed(subject.tenant);
  if (!reference) throw new Error(`The tenant ${JSON.stringify(subject.tenant)} is gone.`);
  peer.sink.closed(() => reference.release());
  await follow(state, { ...subject, reference }, peer);
}

interface Following extends StreamRequest {
  readonly reference: FeedReference;
}

async function follow(state: State, following: Following, { client, sink }: Peer): Promise<void> {
  const { feed } = following.reference;
  const start = await findStart(following.start, feed);
  const consumer = consumerOf(state, following, { client, start });
  const position = positionText(feed.epoch, start.position);
  if (start.isGap) client.mark('gap', position);
  // A client cannot resume an interrupted snapshot, so it gets no position until the snapshot is complete.
  else if (!start.isSnapshotFirst) client.locate(position);
  const heart = setInterval(() => {
    if (client.beat()) consumer.beat();
  }, state.limits.pingIntervalMs);
  sink.closed(() => {
    clearInterval(heart);
    consumer.end();
  });
  consumer.run();
}

function consumerOf(
  { services, limits }: State,
  { plan, tenant, principal: { identity }, address, overflow, reference: { feed } }: Following,
  { client, start }: Pick<Peer, 'client'> & { readonly start: Start },
): Consumer {
  // The present rights, which are watched. They may have changed since the request was allowed.
  const audience = audienceOf({ tenant, principal: services.access.principalOf(identity) }, feed.store);
  const recipient = { tenant, principal: identity.subject, ...(address === undefined ? {} : { address }), id: plan.id };
  return createConsumer({
    plan,
    audience,
    feed,
    pipe: client,
    writer: createNotificationWriter({
      subscriptionId: plan.id ?? services.ids.next('Subscription'),
      changeView: plan.changeView,
      format: client,
      feed,
      services,
      note: noteFor(recipient, audience, services),
    }),
    services,
    overflow,
    bufferBytes: limits.bufferBytes,
    start: start.position,
    isSnapshotFirst: start.isSnapshotFirst,
    ended: (reason) => client.end(reason),
  });
}
