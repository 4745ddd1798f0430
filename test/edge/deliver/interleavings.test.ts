/**
 * Tests delivery in random interleavings of slow reads, failures, reopened stores, patches, lease transfers, stops and crashes. MLAKA_RUNS
 * sets how many.
 */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { createMemoryStores } from '../../../src/store/memory/stores.ts';
import { type DeliveryHarness, type Name, openHarbour, type Reading, subscriptions, type Told } from './harness.ts';

const numRuns = Number(process.env['MLAKA_RUNS'] ?? 200);

// Kept before time is taken out of the hands of the machine.
const { setImmediate } = globalThis;
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance'] });
});
afterEach(() => {
  jest.useRealTimers();
});

type Step = (harbour: DeliveryHarness) => Promise<void> | void;
interface Action {
  readonly name: string;
  readonly act: Step;
}
const action = (name: string, act: Step): Action => ({ name, act });

const name = fc.constantFrom<Name>('plain', 'some', 'linked', 'throttled');
const index = fc.nat(20);
const actions = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ entity: fc.nat(3), times: fc.constantFrom(1, 1, 2, 5, 30) }).map(({ entity, times }) =>
      action(`write ${entity} ${times} times`, async (harbour) => {
        for (let time = 0; time < times; time += 1) await harbour.write(`urn:e:${entity + (time % 2)}`);
      }),
    ),
  },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom<DeliveryHarness['manner']>('taken', 'taken', 'hold', 'hold', 'unreached', 'failed', 'refused')
      .map((manner) =>
        action(`receiver: ${manner}`, (harbour) => {
          harbour.manner = manner;
        }),
      ),
  },
  {
    weight: 5,
    arbitrary: fc
      .record({ index, kind: fc.constantFrom('taken', 'taken', 'unreached', 'failed', 'refused') })
      .map((one) => action(`settle ${one.index} ${one.kind}`, (harbour) => harbour.settle(one.index, one.kind))),
  },
  {
    weight: 3,
    arbitrary: fc.boolean().map((isSlow) =>
      action(`slow: ${isSlow}`, (harbour) => {
        harbour.isSlow = isSlow;
      }),
    ),
  },
  {
    weight: 6,
    arbitrary: fc
      .record({ index, how: fc.constantFrom<Reading>('then', 'then', 'now', 'now', 'nothing', 'error') })
      .map((one) => action(`release ${one.index} ${one.how}`, (harbour) => harbour.release(one.index, one.how))),
  },
  {
    weight: 6,
    arbitrary: fc.constantFrom(1, 200, 800, 2000, 70_000).map((ms) =>
      action(`${ms} ms`, () => {
        jest.advanceTimersByTime(ms);
      }),
    ),
  },
  { weight: 3, arbitrary: name.map((one) => action(`subscribe or patch ${one}`, (harbour) => harbour.subscribe(one))) },
  { weight: 1, arbitrary: name.map((one) => action(`renew ${one}`, (harbour) => harbour.renew(one))) },
  { weight: 1, arbitrary: fc.constant(action('hand over', (harbour) => harbour.handOver())) },
  { weight: 1, arbitrary: fc.constant(action('lapse', (harbour) => harbour.lapse())) },
  { weight: 2, arbitrary: fc.constant(action('regain', (harbour) => harbour.regain())) },
  { weight: 1, arbitrary: fc.constant(action('take over', (harbour) => harbour.takeOver())) },
  { weight: 1, arbitrary: fc.constant(action('restart', (harbour) => harbour.restart())) },
  {
    weight: 1,
    arbitrary: fc.boolean().map((isTaken) => action(`crash ${isTaken}`, (harbour) => harbour.crash(isTaken))),
  },
);

/** From one crash or lost lease to the next, each change is told once and those of an entity in order; nothing comes from before. */
function outOfOrder(taken: readonly Told[]): readonly Told[] {
  const last = new Map<string, number>();
  let latest = 0;
  return taken.filter(({ subscription, entity, position, crashes }) => {
    latest = Math.max(latest, crashes);
    const key = `${subscription} ${entity} ${crashes}`;
    const before = last.get(key) ?? 0;
    last.set(key, Math.max(before, position));
    return position <= before || crashes < latest;
  });
}

/** Lets everything come to its end: the receiver is well, and the log can be read. */
async function settleAll(harbour: DeliveryHarness): Promise<void> {
  harbour.manner = 'taken';
  harbour.isSlow = false;
  harbour.regain();
  for (let time = 0; time < 60; time += 1) {
    for (let one = 0; one < 50; one += 1) {
      harbour.settle(0, 'taken');
      harbour.release(0, 'now');
    }
    await turn();
    jest.advanceTimersByTime(time < 10 ? 1000 : 61_000);
    await turn();
    if (time > 15 && (await leftOut(harbour)).length === 0) return;
  }
}

const leftOut = async (harbour: DeliveryHarness): Promise<readonly string[]> =>
  (
    await Promise.all(
      (Object.keys(subscriptions) as Name[]).map(async (one) => [one, await harbour.missing(one)] as const),
    )
  )
    .filter(([, positions]) => positions.length > 0)
    .map(([one, positions]) => `${one}: ${positions.join(' ')}`);

test(
  'every change is told from the start of a subscription on, in the order of each entity, unless there is a dead letter of it',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(actions, { minLength: 5, maxLength: 60 }), async (steps) => {
        jest.clearAllTimers();
        const harbour = await openHarbour(createMemoryStores());
        await harbour.subscribe('plain');
        for (const { act } of steps) {
          await act(harbour);
          await turn();
        }
        await settleAll(harbour);
        const { early, foreign } = harbour;
        const facts = { early, foreign, outOfOrder: outOfOrder(harbour.taken), missing: await leftOut(harbour) };
        expect({ ...facts, steps: steps.map((one) => one.name) }).toEqual({
          early: [],
          foreign: [],
          outOfOrder: [],
          missing: [],
          steps: steps.map((one) => one.name),
        });
      }),
      { numRuns },
    );
  },
  60_000 + numRuns * 100,
);

test('a log that cannot be read is asked again after a while, not at once, though something waits', async () => {
  const harbour = await openHarbour(createMemoryStores());
  await harbour.subscribe('plain');
  await turn();
  harbour.manner = 'unreached';
  await harbour.write('urn:e:0');
  await turn();
  harbour.manner = 'taken';
  harbour.isSlow = true;
  // The next broker has nothing of the log in memory.
  harbour.restart();
  for (let time = 0; time < 5; time += 1) await turn();
  for (let time = 0; time < 3; time += 1) {
    expect(harbour.reads).toHaveLength(1);
    harbour.release(0, 'error');
    await turn();
    expect(harbour.reads).toHaveLength(0);
    jest.advanceTimersByTime(1000);
    await turn();
  }
  harbour.release(0, 'now');
  await turn();
  expect(harbour.taken).toHaveLength(1);
});
