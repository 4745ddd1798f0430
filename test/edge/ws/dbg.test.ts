import { test } from '@jest/globals';
import { apply, boat, everything, put, startHarness } from './harness.ts';
test('x', async () => {
  const h = await startHarness({ limits: { subscriptionsMax: 2 } });
  const client = await h.connect();
  for (const id of ['a', 'a', 'b', 'c']) client.send({ op: 'subscribe', id, subscription: everything });
  await client.next({ op: 'error' }); await client.next({ op: 'error' });
  await apply(h.store, h.world, put(boat(1, 1)));
  await new Promise((r) => setTimeout(r, 300));
  console.log(client.frames.map((f) => JSON.stringify(f)).join('\n'), h.observed);
  await h.stop();
});
