/** Finds the subscriptions that a change concerns. What it costs follows the candidates, not the number of subscriptions. */
import type { EntitySelector, TypeSelection } from '../language/filter.ts';
import { compileFilter } from '../language/matches.ts';
import type { Change } from '../model/change.ts';
import type { SubscriptionPlan, Trigger } from './plan.ts';

/** Many subscriptions, each under a key of its holder's choice. */
export interface Matcher<Key> {
  /** Adds a subscription; one of the same key is replaced. */
  add(key: Key, plan: SubscriptionPlan): void;
  remove(key: Key): void;
  /** The keys of all subscriptions that the change concerns. Those whose `expiresAt` has passed are not left out. */
  match(change: Change): readonly Key[];
  size(): number;
}

/**
 * The test whether a change concerns a subscription (clause 5.8.6): its event is asked for, its attribute is watched, and the
 * entity meets the conditions. Throws OperationNotSupported for a `q` that goes through a relationship.
 */
export function compilePlan(plan: SubscriptionPlan): (change: Change) => boolean {
  const isMet = compileFilter(plan.filter);
  return (change) => isTriggered(plan, change) && isMet(change.entity);
}

function isTriggered({ triggers, watched, isOnScope }: SubscriptionPlan, change: Change): boolean {
  if (change.event === 'created' && triggers.has('entityCreated')) return true;
  if (change.event === 'deleted' && triggers.has('entityDeleted')) return true;
  if (isOnScope && change.scopeChanged) return true;
  return change.attrs.some(({ name, event }) => {
    const trigger = eventTrigger[event];
    return trigger !== undefined && triggers.has(trigger) && (watched?.has(name) ?? true);
  });
}

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
  readonly places: readonly Place<Key>[];
}
type Place<Key> = Set<Entry<Key>>;

/** Subscriptions that share an id, a type, or nothing: in part by the attributes they watch. */
interface Bucket<Key> {
  readonly any: Place<Key>;
  readonly byAttr: Map<string, Place<Key>>;
}

/** A matcher of no subscriptions yet. */
export function createMatcher<Key>(): Matcher<Key> {
  const entries = new Map<Key, Entry<Key>>();
  const index = createIndex<Key>();
  const remove = (key: Key): void => {
    const entry = entries.get(key);
    if (!entry) return;
    entries.delete(key);
    for (const place of entry.places) place.delete(entry);
    index.forget(entry.places);
  };
  return {
    add(key, plan) {
      const test = compilePlan(plan);
      remove(key);
      const entry = { key, test, places: index.placesFor(plan) };
      for (const place of entry.places) place.add(entry);
      entries.set(key, entry);
    },
    remove,
    match(change) {
      const found = new Set<Key>();
      for (const place of index.placesOf(change)) {
        for (const { key, test } of place) {
          if (!found.has(key) && test(change)) found.add(key);
        }
      }
      return [...found];
    },
    size: () => entries.size,
  };
}

interface Index<Key> {
  /** The places into which a subscription goes. */
  placesFor(plan: SubscriptionPlan): readonly Place<Key>[];
  /** The places in which all subscriptions are that a change may concern. */
  placesOf(change: Change): readonly Place<Key>[];
  /** Drops places that have become empty. */
  forget(places: readonly Place<Key>[]): void;
}

const newBucket = <Key>(): Bucket<Key> => ({ any: new Set(), byAttr: new Map() });

function createIndex<Key>(): Index<Key> {
  const byId = new Map<string, Bucket<Key>>();
  const byType = new Map<string, Bucket<Key>>();
  const rest: Bucket<Key> = newBucket();
  const homes = new WeakMap<Place<Key>, () => void>();

  const bucketAt = (buckets: Map<string, Bucket<Key>>, name: string): Bucket<Key> => {
    const bucket = buckets.get(name) ?? newBucket<Key>();
    buckets.set(name, bucket);
    homes.set(bucket.any, () => isEmpty(bucket) && buckets.delete(name));
    return bucket;
  };
  const placeAt = (bucket: Bucket<Key>, attr: string): Place<Key> => {
    const place: Place<Key> = bucket.byAttr.get(attr) ?? new Set();
    bucket.byAttr.set(attr, place);
    homes.set(place, () => {
      if (place.size === 0) bucket.byAttr.delete(attr);
      homes.get(bucket.any)?.();
    });
    return place;
  };
  const bucketsFor = (selector: EntitySelector): readonly Bucket<Key>[] => {
    if (selector.ids) return selector.ids.map((id) => bucketAt(byId, id));
    const types = selector.types && neededTypes(selector.types);
    return types ? types.map((type) => bucketAt(byType, type)) : [rest];
  };
  return {
    placesFor(plan) {
      const buckets = [...new Set(plan.filter.selectors?.flatMap(bucketsFor) ?? [rest])];
      const attrs = neededAttributes(plan);
      return buckets.flatMap((bucket) => (attrs ? attrs.map((attr) => placeAt(bucket, attr)) : [bucket.any]));
    },
    placesOf({ id, entity, attrs }) {
      const buckets = [byId.get(id), ...entity.types.map((type) => byType.get(type)), rest];
      const names = new Set(attrs.map(({ name }) => name));
      return buckets.flatMap((bucket) => (bucket ? placesIn(bucket, names) : []));
    },
    forget(places) {
      for (const place of places) homes.get(place)?.();
    },
  };
}

const isEmpty = <Key>({ any, byAttr }: Bucket<Key>): boolean => any.size === 0 && byAttr.size === 0;

function placesIn<Key>({ any, byAttr }: Bucket<Key>, names: ReadonlySet<string>): readonly Place<Key>[] {
  if (byAttr.size === 0) return [any];
  return [any, ...[...names].flatMap((name) => byAttr.get(name) ?? [])];
}

/** Types of which an entity has at least one when it meets the selection; undefined when it need not have any. */
function neededTypes(selection: TypeSelection): readonly string[] | undefined {
  if (selection.op === 'any') return undefined;
  if (selection.op === 'type') return [selection.type];
  const parts = selection.parts.map(neededTypes);
  if (selection.op === 'or')
    return parts.some((part) => part === undefined) ? undefined : parts.flatMap((part) => part ?? []);
  return parts.reduce((best, part) => (!best || (part && part.length < best.length) ? part : best), undefined);
}

/** Attributes one of which a change must write to concern the plan; undefined when it need not. */
const neededAttributes = ({ watched, triggers }: SubscriptionPlan): readonly string[] | undefined =>
  watched && !triggers.has('entityCreated') && !triggers.has('entityDeleted') ? [...watched] : undefined;
