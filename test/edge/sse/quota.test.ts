/** Tests that streams that were allowed at the same time do not open above the quota. */
import { expect, test } from '@jest/globals';
import { anonymous } from '../../../src/core/access/identity.ts';
import { openPolicy } from '../../../src/core/access/policy.ts';
import { createQuotas } from '../../../src/core/access/quotas.ts';
import { perform } from '../../../src/core/operation/perform.ts';
import { createFeeds } from '../../../src/edge/stream/feed.ts';
import { createEventStreams } from '../../../src/edge/stream/sse/streams.ts';
import { createTestServices } from '../../test-services.ts';

test('of two streams that were allowed at the same time, the second does not open when there is place for one', async () => {
  const none = { requestsPerMinute: 0, writesPerMinute: 0, bytesPerMinute: 0, requestsAtOnce: 0, subscriptions: 0 };
  const limits = { ...none, streamsAtOnce: 1 };
  const quotas = createQuotas({ limits, steadyMs: () => 0, onExceeded: () => undefined });
  const services = createTestServices({ quotas });
  await services.stores.open('', true);
  const streams = createEventStreams({
    services,
    openFeed: createFeeds(services),
    limits: { connectionsMax: 10, bufferBytes: 1000, pingIntervalMs: 1000 },
  });
  const operation = streams.operations.find(({ name }) => name === 'streamChanges');
  if (!operation) throw new Error('There is no stream of changes.');
  const caller = {
    tenant: '',
    principal: openPolicy.principalOf(anonymous),
    context: services.contexts.core,
    media: 'event-stream' as const,
  };
  const ask = () => perform(operation, { path: {}, params: { type: 'Lamp' } }, { caller, services });
  const [one, other] = await Promise.all([ask(), ask()]);
  if (one.kind !== 'events' || other.kind !== 'events') throw new Error('These are no streams.');
  one.open();
  expect(other.open).toThrow('You may have 1 streams at a time.');
});
