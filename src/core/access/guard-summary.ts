/** Summarizes the visible part of a store: the types and attributes that a partial grant shows. */
import { Problem } from '../model/problem.ts';
import { createEntityCounts } from '../port/entity-counts.ts';
import type { Store, Summary } from '../port/store.ts';
import { type PartialDecision, visiblePart } from './decision.ts';

/** Entities read per call of the store. */
const pageSize = 500;

/** Most entities that one summary is computed from: a store keeps no summary of a part of it. */
const entitiesMax = 200_000;

/** Like the summary of the whole store, it includes what expired and was not swept yet. */
const beforeAnything = '0001-01-01T00:00:00Z';

/** The same as `Store.summary`, of what is visible. Throws TooManyResults. */
export async function summarizeVisible(store: Store, decision: PartialDecision): Promise<Summary> {
  const counts = createEntityCounts();
  const plan = { filter: decision.filter ?? {}, limit: pageSize, now: beforeAnything, isLazy: true };
  let read = 0;
  let after: number | undefined;
  for (;;) {
    const page = await store.find({ ...plan, ...(after === undefined ? undefined : { after }) });
    for (const stored of page) {
      const whole = stored.size === undefined ? stored : await store.get(stored.id, beforeAnything);
      if (whole) counts.replace(undefined, visiblePart(whole.entity(), decision));
    }
    read += page.length;
    after = page.at(-1)?.cursor;
    if (page.length < pageSize) return counts.summary();
    if (read >= entitiesMax)
      throw new Problem(
        'TooManyResults',
        `You are granted a part of the tenant, and of more than ${entitiesMax} entities types and attributes are not counted.`,
      );
  }
}
