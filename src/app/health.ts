/** Tests whether the broker can read and write now. Readiness depends on the result, so clients do not send requests that would fail. */
import { setTimeout as wait } from 'node:timers/promises';
import { maskUris } from '../core/model/secret.ts';
import type { Observe } from '../core/port/observe.ts';
import type { Stores } from '../core/port/store.ts';

export interface Health {
  /** Why the broker cannot read or write now, as a sentence; undefined when it can. Takes at most a few seconds. */
  readonly unready: () => Promise<string | undefined>;
  /** Receives observations about the writes of other components. */
  readonly observe: Observe;
}

export interface HealthOptions {
  readonly stores: Stores;
  /** Identifies this broker when several brokers share a store. */
  readonly alias: string;
}

/** How long a test waits for the store. */
const patienceMs = 3000;

/** A result is cached for this time. */
const freshMs = 500;

/** After the disk was full, the test writes this many characters. It succeeds only when there is room for the writes of clients, too. */
const largeLength = 128 * 1024;

const healthCollection = 'health';

export function createHealth({ stores, alias }: HealthOptions): Health {
  let wasFull = false;
  /** While a test is pending, no second one starts. */
  let underWay: Promise<string | undefined> | undefined;
  let asked: { readonly at: number; readonly answer: Promise<string | undefined> } | undefined;
  const attempt = async (): Promise<string | undefined> => {
    const isLarge = wasFull;
    try {
      const store = await stores.open('', false);
      if (!store) return 'There is no default tenant.';
      await store.log.position();
      await store.collection(healthCollection).put(alias, isLarge ? 'x'.repeat(largeLength) : 'x');
      if (isLarge) wasFull = false;
      return undefined;
    } catch (cause) {
      return maskUris(`The store does not answer: ${cause instanceof Error ? cause.message : String(cause)}`);
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
      if (observation.kind !== 'storeFailed' || observation.problem !== 'InsufficientStorage') return;
      wasFull = true;
      // The cached result is from before.
      asked = undefined;
    },
  };
}

const inTime = (attempt: Promise<string | undefined>): Promise<string | undefined> =>
  Promise.race([attempt, wait(patienceMs, `The store has not answered within ${patienceMs} ms.`, { ref: false })]);
