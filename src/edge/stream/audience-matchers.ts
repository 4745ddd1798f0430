/** Matches changes to the live consumers of a tenant. Consumers with the same audience share one matcher. */
import type { YieldToEventLoop } from '../../core/port/clock.ts';
import type { LogRecord, Position } from '../../core/port/store.ts';
import { createMatcher, type Matcher } from '../../core/subscription/match.ts';
import type { SubscriptionPlan } from '../../core/subscription/plan.ts';
import type { Audience } from './audience.ts';

/** A consumer that has read the log up to the position of its feed and now receives new records from the feed. */
export interface LiveConsumer {
  readonly plan: SubscriptionPlan;
  readonly audience: Audience;
  /** Receives the matching records after position `from`. The consumer may have seen the first ones already. */
  deliver(records: readonly LogRecord[], from: Position): void;
  /** Called when records up to this position were pruned before they were read. */
  skipPruned(position: Position): void;
  /** Called when the log cannot be read. */
  fail(): void;
}

export interface AudienceMatchers {
  readonly add: (consumer: LiveConsumer) => void;
  readonly remove: (consumer: LiveConsumer) => void;
  readonly all: () => readonly LiveConsumer[];
  /**
   * Returns every consumer that the record matches, with the record as its audience sees it. Yields to the event loop; consumers
   * that are added or removed in the meantime are not included.
   */
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
