/** The live consumers of a tenant, in circles of those who may see the same. */
import type { Breathe } from '../../core/port/clock.ts';
import type { LogRecord, Position } from '../../core/port/store.ts';
import { createMatcher, type Matcher } from '../../core/subscription/match.ts';
import type { SubscriptionPlan } from '../../core/subscription/plan.ts';
import type { Audience } from './audience.ts';

/** A consumer that has seen the log up to where its feed is, and is handed what comes. */
export interface LiveConsumer {
  readonly plan: SubscriptionPlan;
  readonly audience: Audience;
  /** What concerns the consumer of all records behind `from`. It may have seen the first ones. */
  deliver(records: readonly LogRecord[], from: Position): void;
  /** Records up to here were pruned before they were read. */
  lose(position: Position): void;
  /** The log cannot be read. */
  fail(): void;
}

export interface Circles {
  readonly add: (consumer: LiveConsumer) => void;
  readonly remove: (consumer: LiveConsumer) => void;
  readonly all: () => readonly LiveConsumer[];
  /** Every consumer that the record concerns, with the record as it may see it. With pauses: who is added or removed meanwhile is not among them. */
  readonly match: (record: LogRecord, breathe: Breathe) => Promise<readonly (readonly [LiveConsumer, LogRecord])[]>;
}

interface Circle {
  readonly audience: Audience;
  readonly matcher: Matcher<LiveConsumer>;
}

export function createCircles(): Circles {
  const circles = new Map<string, Circle>();
  const consumers = new Set<LiveConsumer>();
  return {
    add: (consumer) => {
      const { audience, plan } = consumer;
      const circle = circles.get(audience.key) ?? { audience, matcher: createMatcher<LiveConsumer>() };
      circle.matcher.add(consumer, plan);
      circles.set(audience.key, circle);
      consumers.add(consumer);
    },
    remove: (consumer) => {
      const { key } = consumer.audience;
      const circle = circles.get(key);
      circle?.matcher.remove(consumer);
      if (circle?.matcher.size() === 0) circles.delete(key);
      consumers.delete(consumer);
    },
    all: () => [...consumers],
    match: async (record, breathe) => {
      const found: (readonly [LiveConsumer, LogRecord])[] = [];
      for (const { audience, matcher } of [...circles.values()]) {
        const seen = audience.see(record);
        if (!seen) continue;
        for (const consumer of await matcher.matchWithPauses(seen, breathe)) found.push([consumer, seen]);
      }
      return found.filter(([consumer]) => consumers.has(consumer));
    },
  };
}
