/**
 * The operations on subscriptions to registrations (clause 5.11): those on subscriptions to entities, carried out on the store of the
 * registrations of the tenant.
 */
import type { Json } from '../../model/json.ts';
import { Problem } from '../../model/problem.ts';
import { subscriptionIn, subscriptionJson } from '../../model/subscription.ts';
import { readEach } from '../../port/document-collection.ts';
import type { Store } from '../../port/store.ts';
import { subscriptionCollection } from '../../port/subscriptions.ts';
import type { CallContext, Operation, OperationResult } from '../operation.ts';
import {
  discardDeadLetter,
  discardDeadLetters,
  listDeadLetters,
  replayDeadLetter,
  replayDeadLetters,
  retrieveDeadLetter,
} from './dead-letters.ts';
import { listSubscriptions, retrieveSubscription } from './read-subscriptions.ts';
import { createSubscription, deleteSubscription, updateSubscription } from './write-subscription.ts';

/** The operation for registrations, which this clause defines. */
const aboutRegistrations = (operation: Operation, clause: string): Operation => ({
  ...operation,
  name: operation.name.replace(/Subscription|DeadLetter/, 'Registration$&'),
  clause,
  path: operation.path.replace('/subscriptions', '/csourceSubscriptions'),
  access: 'register',
  run: async (request, call) => moved(await operation.run(request, await atRegistrations(call))),
});

export const createRegistrationSubscription: Operation = aboutRegistrations(createSubscription, '5.11.2');
export const listRegistrationSubscriptions: Operation = aboutRegistrations(withOwn(listSubscriptions), '5.11.5');
export const retrieveRegistrationSubscription: Operation = aboutRegistrations(withOwn(retrieveSubscription), '5.11.4');
export const updateRegistrationSubscription: Operation = aboutRegistrations(updateSubscription, '5.11.3');
export const deleteRegistrationSubscription: Operation = aboutRegistrations(deleteSubscription, '5.11.6');
export const listRegistrationDeadLetters: Operation = aboutRegistrations(listDeadLetters, '5.11.7');
export const discardRegistrationDeadLetters: Operation = aboutRegistrations(discardDeadLetters, '5.11.7');
export const replayRegistrationDeadLetters: Operation = aboutRegistrations(replayDeadLetters, '5.11.7');
export const retrieveRegistrationDeadLetter: Operation = aboutRegistrations(retrieveDeadLetter, '5.11.7');
export const discardRegistrationDeadLetter: Operation = aboutRegistrations(discardDeadLetter, '5.11.7');
export const replayRegistrationDeadLetter: Operation = aboutRegistrations(replayDeadLetter, '5.11.7');

/** The operation, which also shows the subscriptions of the broker itself: one for each subscription with copies at sources. */
function withOwn(operation: Operation): Operation {
  return {
    ...operation,
    run: async (request, call) => operation.run(request, { ...call, store: await storeWithOwn(call) }),
  };
}

async function storeWithOwn(call: CallContext): Promise<Store> {
  const { services, store, tenant } = call;
  const copied = (await services.sourceStores.of(tenant))?.collection(subscriptionCollection);
  const own = readEach(
    (await copied?.list()) ?? [],
    ({ document }) => ownSubscription(document, call),
    (about, cause) => services.observe({ kind: 'failed', where: 'copied subscription', about, cause }),
  );
  return {
    ...store,
    collection(name) {
      const collection = store.collection(name);
      if (name !== subscriptionCollection || own.length === 0) return collection;
      return {
        ...collection,
        get: async (key) => own.find((one) => one.key === key)?.document ?? collection.get(key),
        list: async () => [...(await collection.list()), ...own],
      };
    },
  };
}

/** The subscription to registrations by which the copies of a subscription follow its sources (clause 5.8.1.4). */
function ownSubscription(json: Json, { origin = '' }: CallContext): { readonly key: string; readonly document: Json } {
  const document = subscriptionIn(json);
  const { entities, watchedAttributes } = document.members;
  const key = `urn:ngsi-ld:Subscription:registrations:${encodeURIComponent(document.id)}`;
  const members = {
    type: 'Subscription',
    description: `The broker follows the sources of the subscription ${document.id}.`,
    ...(entities === undefined ? undefined : { entities }),
    ...(watchedAttributes === undefined ? undefined : { watchedAttributes }),
    notification: { endpoint: { uri: `${origin}/ngsi-ld/ex/remote-notify` } },
  };
  return { key, document: subscriptionJson({ ...document, id: key, members }) };
}

async function atRegistrations(call: CallContext): Promise<CallContext> {
  const { services, tenant } = call;
  const { registrations, registrationSubscriptions: subscriptions } = services;
  const store = subscriptions && (await registrations.storeOf(tenant));
  if (!store) throw new Problem('OperationNotSupported', 'This broker has no subscriptions to registrations.');
  return { ...call, store, services: { ...services, subscriptions } };
}

const moved = (result: OperationResult): OperationResult =>
  result.kind === 'created'
    ? { ...result, location: result.location.replace('/subscriptions/', '/csourceSubscriptions/') }
    : result;
