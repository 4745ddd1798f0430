/** Limits how many stored subscriptions an owner has in a tenant, also when several brokers create some at the same time. */
import { type Micros, microsOfInstant } from '../../model/instant.ts';
import { isObject, type Json, type JsonObject } from '../../model/json.ts';
import { changeDocument } from '../../port/document-collection.ts';
import { serialized } from '../../port/serialized.ts';
import { placeCollection, subscriptionCollection } from '../../port/subscriptions.ts';
import type { CallContext } from '../operation.ts';
import { ownerIn } from './owner.ts';

/** A place that was not given back, because its broker crashed, is free after this time. */
const placeMicros: Micros = 60_000_000;

/** The broker cannot know when a client will delete a subscription, so this is a guess. */
const retrySeconds = 60;

/**
 * Creates the subscription with this id. Throws TooManyRequests when the caller owns as many as he may in the tenant: those that are stored,
 * and those that other requests create now.
 */
export async function createWithinQuota(id: string, call: CallContext, create: () => Promise<void>): Promise<void> {
  const { principal, services } = call;
  const most = services.quotas?.limits.subscriptions ?? 0;
  if (most === 0 || services.access.isOpen || principal.identity.kind === 'local') return create();
  const reservation = services.ids.next('Place');
  await changePlaces(call, async (places) => {
    await requireRoom(Object.values(places), most, call);
    return { ...places, [reservation]: { id, at: microsOfInstant(services.clock.now()) } };
  });
  try {
    await create();
  } finally {
    await giveBack(reservation, call);
  }
}

/** Never throws: what was created stays so, and the place is free a minute later. */
async function giveBack(reservation: string, call: CallContext): Promise<void> {
  try {
    await changePlaces(call, ({ [reservation]: _, ...others }) => others);
  } catch (cause) {
    call.services.observe({ kind: 'failed', where: 'subscription', about: reservation, cause });
  }
}

type Places = Readonly<Record<string, Place>>;

interface Place {
  /** The id of the subscription that is being created. */
  readonly id: string;
  readonly at: Micros;
}

/** Replaces the places of the caller. One change at a time at this broker, and compared with those of other brokers. */
async function changePlaces(call: CallContext, change: (places: Places) => Places | Promise<Places>): Promise<void> {
  const { principal, services, store } = call;
  const { subject } = principal.identity;
  const collection = store.collection(placeCollection);
  await serialized(call, `${placeCollection} ${subject}`, () =>
    changeDocument(collection, subject, async (kept) =>
      jsonOf(await change(placesIn(kept, microsOfInstant(services.clock.now())))),
    ),
  );
}

const jsonOf = (places: Places): JsonObject =>
  Object.fromEntries(Object.entries(places).map(([reservation, { id, at }]) => [reservation, { id, at }]));

/** Those that are not given back yet. */
const placesIn = (kept: Json | undefined, now: Micros): Places =>
  Object.fromEntries(
    Object.entries(isObject(kept) ? kept : {}).flatMap(([reservation, place]) => {
      const { id, at } = isObject(place) ? place : {};
      return typeof id === 'string' && typeof at === 'number' && now - at < placeMicros
        ? [[reservation, { id, at }] as const]
        : [];
    }),
  );

async function requireRoom(places: readonly Place[], most: number, call: CallContext): Promise<void> {
  const { principal, services, store } = call;
  const collection = store.collection(subscriptionCollection);
  // Counting all is cheap. They are read only when the caller may own too many of them.
  if ((await collection.keys()).length + places.length < most) return;
  const { subject } = principal.identity;
  const own = (await collection.list()).filter(({ document }) => ownerIn(document) === subject);
  // A subscription is stored before its place is given back.
  const stored = new Set(own.map(({ key }) => key));
  const coming = places.filter(({ id }) => !stored.has(id));
  if (own.length + coming.length >= most && services.quotas)
    throw services.quotas.exceeded(
      'subscriptions',
      `You may have ${most} stored subscriptions. Delete some first.`,
      retrySeconds,
    );
}
