/** Tests claims of streams on stored subscriptions: a change ends one, late news of an earlier change does not. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { anonymous } from '../../../src/core/access/identity.ts';
import { openPolicy } from '../../../src/core/access/policy.ts';
import { coreContextUrl } from '../../../src/core/jsonld/known/core-context.ts';
import type { JsonObject } from '../../../src/core/model/json.ts';
import { subscriptionCollection } from '../../../src/core/port/subscriptions.ts';
import { createExclusiveConsumers } from '../../../src/edge/stream/exclusive-consumers.ts';
import { createTestServices, noSubscriptions } from '../../test-services.ts';

const id = 'urn:ngsi-ld:Subscription:claimed';
const at = '2026-03-01T00:00:00.000Z';
const document = (members: JsonObject = {}): JsonObject => ({
  id,
  members: {
    type: 'Subscription',
    entities: [{ type: 'https://example.org/T' }],
    notification: { endpoint: { uri: 'ws:' } },
    ...members,
  },
  queryContext: coreContextUrl,
  context: coreContextUrl,
  createdAt: at,
  modifiedAt: at,
  since: 0,
});

test.each([
  ['late news of what it was made with', document(), undefined],
  ['a change', document({ description: 'other' }), 'changed'],
  ['a pause', document({ isActive: false }), 'paused'],
])('%s', async (_, later, expected) => {
  const listeners: (() => void)[] = [];
  const watch = (_tenant: string, _id: string, listener: () => void): (() => void) => {
    listeners.push(listener);
    return () => undefined;
  };
  const services = createTestServices({ subscriptions: { ...noSubscriptions, watch } });
  const store = await services.stores.open('', true);
  if (!store) throw new Error('The default tenant is not there.');
  await store.collection(subscriptionCollection).put(id, document());
  let reason: string | undefined;
  const lost = (why: string): void => {
    reason = why;
  };
  const principal = openPolicy.principalOf(anonymous);
  await createExclusiveConsumers(services)({ tenant: '', principal, id, store, lost });
  await store.collection(subscriptionCollection).put(id, later);
  for (const listener of listeners) listener();
  await sleep(50);
  expect(reason).toBe(expected);
});
