/** Tests the scheduler of attempts: the turns of sources and receivers, and what stops. */
import { expect, test } from '@jest/globals';
import type { Delivery, Message } from '../../../src/core/port/messenger.ts';
import {
  createEndpointScheduler,
  type EndpointScheduler,
  type MessageSource,
} from '../../../src/edge/deliver/endpoint-scheduler.ts';

interface InFlight {
  readonly uri: string;
  readonly body: string;
  end(delivery: Delivery): Promise<void>;
}

const taken: Delivery = { kind: 'taken' };
const unreached: Delivery = { kind: 'unreached', reason: 'refused' };

/** Lets everything that is ready run. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A scheduler with a messenger whose attempts end when the test says so. */
function setUp(concurrency: number): { scheduler: EndpointScheduler; inFlight: InFlight[]; results: string[] } {
  const inFlight: InFlight[] = [];
  const results: string[] = [];
  const send = ({ uri, body }: Message) => {
    let resolve: (delivery: Delivery) => void = () => undefined;
    const done = new Promise<Delivery>((settle) => {
      resolve = settle;
    });
    const one: InFlight = {
      uri,
      body,
      end: async (delivery) => {
        inFlight.splice(inFlight.indexOf(one), 1);
        resolve(delivery);
        await nextTurn();
      },
    };
    inFlight.push(one);
    return { done, abandon: () => resolve({ kind: 'unreached', reason: 'given up' }) };
  };
  const messenger = { schemes: ['x'], objection: () => undefined, send, close: () => Promise.resolve() };
  const scheduler = createEndpointScheduler({
    messenger,
    concurrency,
    observe: (event) => {
      if (event.kind === 'delivered') results.push(event.result);
    },
    nowMs: () => performance.now(),
    chance: () => 1,
  });
  return { scheduler, inFlight, results };
}

interface TestSource extends MessageSource {
  readonly pauses: number[];
  isOurs: boolean;
  left: number;
}

/** A source with a number of messages, each with the name of the source as its body. */
function sourceOf(uri: string, name: string, left: number): TestSource {
  const source: TestSource = {
    uri,
    pauses: [],
    isOurs: true,
    left,
    paused: () => void source.pauses.push(source.left),
    next() {
      if (source.left === 0) return undefined;
      source.left -= 1;
      const write = () => ({ uri, contentType: 'text/plain', headers: {}, notifierInfo: {}, body: name });
      return { write, isOurs: () => source.isOurs, settle: () => undefined };
    },
  };
  return source;
}

const bodiesOf = (all: readonly InFlight[]): readonly string[] => all.map(({ body }) => body);

test('the sources of a receiver take turns', async () => {
  const { scheduler, inFlight } = setUp(100);
  // The first message of this source is in flight when the others come.
  scheduler.wake(sourceOf('x://one', 'a', 10));
  for (const name of ['b', 'c']) scheduler.wake(sourceOf('x://one', name, 10));
  const sent: string[] = [];
  for (let count = 0; count < 9; count += 1) {
    await nextTurn();
    const [oldest] = inFlight;
    sent.push(oldest?.body ?? '');
    await oldest?.end(taken);
  }
  expect(sent).toEqual(['a', 'a', 'b', 'c', 'a', 'b', 'c', 'a', 'b']);
  expect(bodiesOf(inFlight)).toHaveLength(10);
});

test('receivers that have accepted nothing use half of the capacity, so that others can go on', async () => {
  const { scheduler, inFlight } = setUp(4);
  const good = sourceOf('x://good', 'good', 1);
  scheduler.wake(good);
  await nextTurn();
  await inFlight[0]?.end(taken);
  const silent = [1, 2, 3].map((n) => sourceOf(`x://silent-${n}`, `silent ${n}`, 5));
  for (const source of silent) scheduler.wake(source);
  await nextTurn();
  expect(bodiesOf(inFlight)).toEqual(['silent 1', 'silent 2']);
  good.left = 5;
  scheduler.wake(good);
  await nextTurn();
  expect(bodiesOf(inFlight)).toEqual(['silent 1', 'silent 2', 'good', 'good']);
  // The receiver that waits gets the place of one that cannot be reached.
  await inFlight[0]?.end(unreached);
  expect(bodiesOf(inFlight)).toEqual(['silent 2', 'good', 'good', 'silent 3']);
});

test('an unreachable receiver pauses all its sources, and they are asked again after the backoff', async () => {
  const { scheduler, inFlight } = setUp(10);
  const sources = ['a', 'b'].map((name) => sourceOf('x://one', name, 3));
  for (const source of sources) scheduler.wake(source);
  await nextTurn();
  expect(scheduler.blockedUntilMs('x://one')).toBeUndefined();
  await inFlight[0]?.end(unreached);
  expect(sources.map(({ pauses }) => pauses)).toEqual([[2], [3]]);
  expect(scheduler.blockedUntilMs('x://one')).toBeGreaterThan(performance.now());
  expect(inFlight).toEqual([]);
  while (inFlight.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  // One message tries whether the receiver is back.
  expect(bodiesOf(inFlight)).toEqual(['a']);
  await inFlight[0]?.end(taken);
  expect(bodiesOf(inFlight)).toEqual(['b', 'a']);
});

test('a message whose lease has ended is not sent, and one in flight is given up', async () => {
  const { scheduler, inFlight, results } = setUp(10);
  const source = sourceOf('x://one', 'a', 2);
  scheduler.wake(source);
  await nextTurn();
  expect(inFlight).toHaveLength(1);
  source.isOurs = false;
  scheduler.abandonForeign();
  await nextTurn();
  expect(results).toEqual(['abandoned', 'abandoned']);
  expect([inFlight.length, source.left, source.pauses]).toEqual([1, 0, []]);
});

test('after it was stopped it starts nothing, and waits for what is in flight', async () => {
  const { scheduler, inFlight } = setUp(10);
  scheduler.wake(sourceOf('x://one', 'a', 5));
  await nextTurn();
  let isStopped = false;
  const stopping = scheduler.stop().then(() => {
    isStopped = true;
  });
  scheduler.wake(sourceOf('x://other', 'b', 5));
  await nextTurn();
  expect([bodiesOf(inFlight), isStopped]).toEqual([['a'], false]);
  await inFlight[0]?.end(taken);
  await stopping;
  expect(inFlight).toEqual([]);
});
