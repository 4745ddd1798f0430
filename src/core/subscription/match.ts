/** Finds the subscriptions that a change concerns. The cost depends on the number of candidates, not of subscriptions. */
import type { Filter } from '../language/filter.ts';
import { compileFilter } from '../language/matches/matches.ts';
import type { Change } from '../model/change.ts';
import type { Entity } from '../model/entity.ts';
import { Problem } from '../model/problem.ts';
import type { YieldToEventLoop } from '../port/clock.ts';
import { type AttributeEvent, attributeEvents } from './attribute-events.ts';
import { createMatchIndex } from './match-index.ts';
import type { SubscriptionPlan, Trigger } from './plan.ts';

/** A set of subscriptions, each under a key that the caller chooses. */
export interface Matcher<Key> {
  /** Adds a subscription, or replaces the one with the same key. */
  add(key: Key, plan: SubscriptionPlan): void;
  remove(key: Key): void;
  /** The keys of all subscriptions that the change concerns. It includes expired ones (`expiresAt`). */
  match(change: Change): readonly Key[];
  /**
   * As `match`. Returns a promise when so many candidates must be tested that pauses are needed. Subscriptions that are added or removed
   * meanwhile are left out.
   */
  matchWithPauses(change: Change, yieldToEventLoop: YieldToEventLoop): readonly Key[] | Promise<readonly Key[]>;
  size(): number;
}

/**
 * The test whether a change concerns a subscription (clause 5.8.6): its event is a trigger, its attribute is watched, and the entity meets
 * the filter. Throws OperationNotSupported for a `q` that follows a relationship.
 */
export function compilePlan(plan: SubscriptionPlan): (change: Change) => boolean {
  const { isConcerned } = plan;
  if (isConcerned) return isConcerned;
  const isMet = compileFilter(plan.filter);
  return (change) => isTriggered(plan, change) && isMetBy(change.entity, isMet);
}

/** A filter that is too complex for this entity is not met, so that it does not block the notification of other changes. */
function isMetBy(entity: Entity, isMet: (entity: Entity) => boolean): boolean {
  try {
    return isMet(entity);
  } catch (error) {
    if (error instanceof Problem && error.type === 'TooComplexQuery') return false;
    throw error;
  }
}

/** The first part of `compilePlan`: whether the events of a change trigger a notification, without the filter. */
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

/** For at most this many attributes a scan per subscription is faster than an index of the events. */
const fewAttributes = 16;

/** An attribute that is rewritten with the same content triggers nothing. */
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

/** An empty matcher. */
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

/** Sets of at most this many candidates are tested without a pause. */
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

/** The entities that a subscription would have notified, had it always existed. */
export const snapshotFilter = ({ filter, watched }: SubscriptionPlan): Filter => ({
  ...filter,
  ...(watched ? { attrs: [...watched] } : undefined),
});
