/**
 * The operations on subscriptions to registrations (clause 5.11): those on subscriptions to entities, carried out on the store of the
 * registrations of the tenant.
 */
import { Problem } from '../../model/problem.ts';
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
export const listRegistrationSubscriptions: Operation = aboutRegistrations(listSubscriptions, '5.11.5');
export const retrieveRegistrationSubscription: Operation = aboutRegistrations(retrieveSubscription, '5.11.4');
export const updateRegistrationSubscription: Operation = aboutRegistrations(updateSubscription, '5.11.3');
export const deleteRegistrationSubscription: Operation = aboutRegistrations(deleteSubscription, '5.11.6');
export const listRegistrationDeadLetters: Operation = aboutRegistrations(listDeadLetters, '5.11.7');
export const discardRegistrationDeadLetters: Operation = aboutRegistrations(discardDeadLetters, '5.11.7');
export const replayRegistrationDeadLetters: Operation = aboutRegistrations(replayDeadLetters, '5.11.7');
export const retrieveRegistrationDeadLetter: Operation = aboutRegistrations(retrieveDeadLetter, '5.11.7');
export const discardRegistrationDeadLetter: Operation = aboutRegistrations(discardDeadLetter, '5.11.7');
export const replayRegistrationDeadLetter: Operation = aboutRegistrations(replayDeadLetter, '5.11.7');

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
