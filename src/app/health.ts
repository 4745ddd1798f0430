/** Whether the broker can do its work now: told by trying, so that nobody sends requests to one that would refuse them. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Observe } from '../core/port/observe.ts';
import type { Stores } from '../core/port/store.ts';

export interface Health {
  /** What keeps the broker from reading or writing now, as a sentence; undefined when nothing does. Takes a few seconds at most. */
  readonly unready: () => Promise<string | undefined>;
  /** Hears what became of others' writes. */
  readonly observe: Observe;
}

export interface HealthOptions {
  readonly stores: Stores;
  /** Tells apart what several brokers on one persistence write. */
  readonly alias: string;
}

/** How long the store may take. */
const patienceMs = 3000;

/** An answer holds for so long, however often it is asked for. */
const freshMs = 500;

/** As long as the disk was full, only that is written which there is room for when others can write again. */
const largeLength = 128 * 1024;

const healthShelf = 'health';

export function createHealth({ stores, alias }: HealthOptions): Health {
  let wasFull = false;
  /** A store that does not answer is not asked again meanwhile. */
  let underWay: Promise<string | undefined> | undefined;
  let asked: { readonly at: number; readonly answer: Promise<string | undefined> } | undefined;
  const attempt = async (): Promise<string | undefined> => {
    const isLarge = wasFull;
    try {
      const store = await stores.open('', false);
      if (!store) return 'There is no default tenant.';
      await store.log.position();
      await store.collection(healthShelf).put(alias, isLarge ? 'x'.repeat(largeLength) : 'x');
      if (isLarge) wasFull = false;
      return undefined;
    } catch (cause) {
      return `The store does not answer: ${cause instanceof Error ? cause.message : String(cause)}`;
    }
  };
  return {
    unready() {
      const now = performance.now();
      if (asked && now - asked.at < freshMs) return asked.answer;
      underWay ??= attempt().finally(() => {
        underWay = undefined;
      });
      asked = { at: now, answer: inTime(underWay) };
      return asked.answer;
    },
    observe(observation) {
      if (observation.kind === 'storeFailed' && observation.problem === 'InsufficientStorage') wasFull = true;
    },
  };
}

const inTime = (attempt: Promise<string | undefined>): Promise<string | undefined> =>
  Promise.race([attempt, wait(patienceMs, `The store has not answered within ${patienceMs} ms.`, { ref: false })]);
