/** The live consumers of a tenant, in circles of those who may see the same. */
import type { YieldToEventLoop } from '../../core/port/clock.ts';
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
  skipPruned(position: Position): void;
  /** The log cannot be read. */
  fail(): void;
}

export interface AudienceMatchers {
  readonly add: (consumer: LiveConsumer) => void;
  readonly remove: (consumer: LiveConsumer) => void;
  readonly all: () => readonly LiveConsumer[];
  /** Every consumer that the record concerns, with the record as it may see it. With pauses: who is added or removed meanwhile is not among them. */
  readonly match: (
    record: LogRecord,
    yieldToEventLoop: YieldToEventLoop,
  ) => Promise<readonly (readonly [LiveConsumer, LogRecord])[]>;
}

interface AudienceMatcher {
  readonly audience: Audience;
  readonly matcher: Matcher<LiveConsumer>;
}

export function createAudienceMatchers(): AudienceMatchers {
  const matchers = new Map<string, AudienceMatcher>();
  const consumers = new Set<LiveConsumer>();
  return {
    add: (consumer) => {
      const { audience, plan } = consumer;
      const matcher = matchers.get(audience.key) ?? { audience, matcher: createMatcher<LiveConsumer>() };
      matcher.matcher.add(consumer, plan);
      matchers.set(audience.key, matcher);
      consumers.add(consumer);
    },
    remove: (consumer) => {
      const { key } = consumer.audience;
      const matcher = matchers.get(key);
      matcher?.matcher.remove(consumer);
      if (matcher?.matcher.size() === 0) matchers.delete(key);
      consumers.delete(consumer);
    },
    all: () => [...consumers],
    match: async (record, yieldToEventLoop) => {
      const found: (readonly [LiveConsumer, LogRecord])[] = [];
      for (const { audience, matcher } of [...matchers.values()]) {
        const seen = audience.see(record);
        if (!seen) continue;
        for (const consumer of await matcher.matchWithPauses(seen, yieldToEventLoop)) found.push([consumer, seen]);
      }
      return found.filter(([consumer]) => consumers.has(consumer));
    },
  };
}
