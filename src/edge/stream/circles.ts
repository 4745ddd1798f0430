/** The live consumers of a tenant, in circles of those who may see the same. */
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
  /** Calls back for every consumer that the record concerns, with the record as it may see it. */
  readonly match: (record: LogRecord, found: (consumer: LiveConsumer, seen: LogRecord) => void) => void;
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
    match: (record, found) => {
      for (const { audience, matcher } of circles.values()) {
        const seen = audience.see(record);
        if (!seen) continue;
        for (const consumer of matcher.match(seen)) found(consumer, seen);
      }
    },
  };
}
