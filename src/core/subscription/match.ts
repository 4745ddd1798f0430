/** Finds the subscriptions that a change concerns. What it costs follows the candidates, not the number of subscriptions. */
import type { Filter } from '../language/filter.ts';
import { compileFilter } from '../language/matches/matches.ts';
import type { Change } from '../model/change.ts';
import type { Entity } from '../model/entity.ts';
import { Problem } from '../model/problem.ts';
import type { YieldToEventLoop } from '../port/clock.ts';
import { type AttributeEvent, attributeEvents } from './attribute-events.ts';
import { createMatchIndex } from './match-index.ts';
import type { SubscriptionPlan, Trigger } from './plan.ts';

/** Many subscriptions, each under a key of its holder's choice. */
export interface Matcher<Key> {
  /** Adds a subscription; one of the same key is replaced. */
  add(key: Key, plan: SubscriptionPlan): void;
  remove(key: Key): void;
  /** The keys of all subscriptions that the change concerns. Those whose `expiresAt` has passed are not left out. */
  match(change: Change): readonly Key[];
  /**
   * The same; a promise where so many may be concerned that pauses are needed. Subscriptions that are added meanwhile are not among
   * them, nor are those that are removed.
   */
  matchWithPauses(change: Change, yieldToEventLoop: YieldToEventLoop): readonly Key[] | Promise<readonly Key[]>;
  size(): number;
}

/**
 * The test whether a change concerns a subscription (clause 5.8.6): its event is asked for, its attribute is watched, and the
 * entity meets the conditions. Throws OperationNotSupported for a `q` that goes through a relationship.
 */
export function compilePlan(plan: SubscriptionPlan): (change: Change) => boolean {
  const isMet = compileFilter(plan.filter);
  return (change) => isTriggered(plan, change) && isMetBy(change.entity, isMet);
}

/** What is too complex to compare does not meet a condition: it must not keep other changes from being told. */
function isMetBy(entity: Entity, isMet: (entity: Entity) => boolean): boolean {
  try {
    return isMet(entity);
  } catch (error) {
    if (error instanceof Problem && error.type === 'TooComplexQuery') return false;
    throw error;
  }
}

/** The first of these: whether such a change of such attributes sets off a notification, whatever the entity is like. */
export function isTriggered(plan: SubscriptionPlan, change: Change): boolean {
  const { triggers, isOnScope } = plan;
  if (change.event === 'created' && triggers.has('entityCreated')) return true;
  if (change.event === 'deleted' && triggers.has('entityDeleted')) return true;
  if (isOnScope && change.scopeChanged) return true;
  return isTriggeredByAttribute(plan, change);
}

function isTriggeredByAttribute({ triggers, watched }: SubscriptionPlan, change: Change): boolean {
  const isAskedFor = (event: AttributeEvent): boolean => {
    const trigger = eventTrigger[event];
    return trigger !== undefined && triggers.has(trigger);
  };
  if (change.attrs.length <= Math.max(fewAttributes, watched?.size ?? 0))
    return change.attrs.some(({ name, event }) => isAskedFor(event) && (watched?.has(name) ?? true));
  const { all, byName } = attributeEvents(change);
  if (!watched) return [...all].some(isAskedFor);
  return [...watched].some((name) => [...(byName.get(name) ?? [])].some(isAskedFor));
}

/** So many attributes of a change are looked through for every subscription anew: no table is worth it. */
const fewAttributes = 16;

/** An attribute that was written again with the same content notifies nobody. */
const eventTrigger: Readonly<Record<Change['attrs'][number]['event'], Trigger | undefined>> = {
  created: 'attributeCreated',
  updated: 'attributeUpdated',
  deleted: 'attributeDeleted',
  rewritten: undefined,
};

interface Entry<Key> {
  readonly key: Key;
  readonly test: (change: Change) => boolean;
}

/** A matcher of no subscriptions yet. */
export function createMatcher<Key>(): Matcher<Key> {
  const entries = new Map<Key, Entry<Key>>();
  const index = createMatchIndex<Entry<Key>>();
  const remove = (key: Key): void => {
    const entry = entries.get(key);
    if (!entry) return;
    entries.delete(key);
    index.remove(entry);
  };
  return {
    add(key, plan) {
      const test = compilePlan(plan);
      remove(key);
      const entry = { key, test };
      index.add(entry, plan);
      entries.set(key, entry);
    },
    remove,
    match: (change) => testAll(index.candidates(change), change),
    matchWithPauses(change, yieldToEventLoop) {
      const places = index.candidates(change);
      if (places.length <= fewCandidates && places.every(({ size }) => size <= fewCandidates))
        return testAll(places, change);
      const candidates = new Set(places.flatMap((place) => [...place]));
      return testWithPauses(
        candidates,
        (entry) => entries.get(entry.key) === entry && entry.test(change),
        yieldToEventLoop,
      );
    },
    size: () => entries.size,
  };
}

function testAll<Key>(places: readonly ReadonlySet<Entry<Key>>[], change: Change): readonly Key[] {
  const found = new Set<Key>();
  for (const place of places) {
    for (const { key, test } of place) {
      if (!found.has(key) && test(change)) found.add(key);
    }
  }
  return [...found];
}

/** So many candidates in a place are tested without a pause. */
const fewCandidates = 20;

async function testWithPauses<Key>(
  candidates: Iterable<Entry<Key>>,
  isConcerned: (entry: Entry<Key>) => boolean,
  yieldToEventLoop: YieldToEventLoop,
): Promise<readonly Key[]> {
  const found: Key[] = [];
  for (const entry of candidates) {
    const pause = yieldToEventLoop();
    if (pause) await pause;
    if (isConcerned(entry)) found.push(entry.key);
  }
  return found;
}

/** The entities that a subscription would have been told of, had it been there all the time. */
export const snapshotFilter = ({ filter, watched }: SubscriptionPlan): Filter => ({
  ...filter,
  ...(watched ? { attrs: [...watched] } : undefined),
});
