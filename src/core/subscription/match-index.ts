/** Indexes subscriptions by what a change must contain to concern them: an entity id, a type or a watched attribute. */
import type { EntitySelector, TypeSelection } from '../language/filter.ts';
import type { Change } from '../model/change.ts';
import type { SubscriptionPlan } from './plan.ts';

/** Entries, each for one subscription, indexed by its plan. */
export interface MatchIndex<Entry extends object> {
  add(entry: Entry, plan: SubscriptionPlan): void;
  remove(entry: Entry): void;
  /** All entries that the change may concern, in sets. An entry may be in several of them. */
  candidates(change: Change): readonly ReadonlySet<Entry>[];
}

type EntrySet<Entry> = Set<Entry>;

/** Entries with the same id, the same type, or neither. Entries that watch attributes are in `byAttr`, the others in `any`. */
interface Bucket<Entry> {
  readonly any: EntrySet<Entry>;
  readonly byAttr: Map<string, EntrySet<Entry>>;
}

/** A set that holds an entry, and how to drop the set after the entry leaves it. */
interface IndexSlot<Entry> {
  readonly place: EntrySet<Entry>;
  readonly tidy: () => void;
}

export function createMatchIndex<Entry extends object>(): MatchIndex<Entry> {
  const byId = new Map<string, Bucket<Entry>>();
  const byType = new Map<string, Bucket<Entry>>();
  const rest = newBucket<Entry>();
  const homes = new Map<Entry, readonly IndexSlot<Entry>[]>();
  const doors = { id: doorsTo(byId), type: doorsTo(byType), rest: { bucket: rest, tidy: () => undefined } };
  return {
    add(entry, plan) {
      const places = slotsFor(plan, doors);
      for (const { place } of places) place.add(entry);
      homes.set(entry, places);
    },
    remove(entry) {
      for (const { place, tidy } of homes.get(entry) ?? []) {
        place.delete(entry);
        tidy();
      }
      homes.delete(entry);
    },
    candidates({ id, entity, attrs }) {
      const buckets = [byId.get(id), ...entity.types.map((type) => byType.get(type)), rest];
      const names = new Set(attrs.map(({ name }) => name));
      return buckets.flatMap((bucket) => (bucket ? setsIn(bucket, names) : []));
    },
  };
}

/** A bucket, and how to drop it when it is empty. */
interface IndexBucket<Entry> {
  readonly bucket: Bucket<Entry>;
  readonly tidy: () => void;
}
interface IndexBuckets<Entry> {
  id(id: string): IndexBucket<Entry>;
  type(type: string): IndexBucket<Entry>;
  readonly rest: IndexBucket<Entry>;
}

const newBucket = <Entry>(): Bucket<Entry> => ({ any: new Set(), byAttr: new Map() });

const doorsTo =
  <Entry>(buckets: Map<string, Bucket<Entry>>) =>
  (name: string): IndexBucket<Entry> => {
    const bucket = buckets.get(name) ?? newBucket<Entry>();
    buckets.set(name, bucket);
    return { bucket, tidy: () => bucket.any.size === 0 && bucket.byAttr.size === 0 && buckets.delete(name) };
  };

function setsIn<Entry>({ any, byAttr }: Bucket<Entry>, names: ReadonlySet<string>): readonly EntrySet<Entry>[] {
  if (byAttr.size === 0) return [any];
  return [any, ...[...names].flatMap((name) => byAttr.get(name) ?? [])];
}

/** Most sets for one entry. A subscription to more combinations of types and attributes is not indexed by attributes. */
const homesMax = 10_000;

function slotsFor<Entry>(plan: SubscriptionPlan, doors: IndexBuckets<Entry>): readonly IndexSlot<Entry>[] {
  const attrs = neededAttributes(plan);
  const found = plan.filter.selectors?.flatMap((selector) => bucketsFor(selector, doors)) ?? [doors.rest];
  const isSorted = attrs !== undefined && attrs.length * found.length <= homesMax;
  return found.flatMap(({ bucket, tidy }) =>
    isSorted ? attrs.map((attr) => slotAt({ bucket, tidy }, attr)) : [{ place: bucket.any, tidy }],
  );
}

function bucketsFor<Entry>({ ids, types }: EntitySelector, doors: IndexBuckets<Entry>): readonly IndexBucket<Entry>[] {
  if (ids) return ids.map((id) => doors.id(id));
  const needed = types && neededTypes(types);
  return needed ? needed.map((type) => doors.type(type)) : [doors.rest];
}

function slotAt<Entry>({ bucket, tidy }: IndexBucket<Entry>, attr: string): IndexSlot<Entry> {
  const place = bucket.byAttr.get(attr) ?? new Set<Entry>();
  bucket.byAttr.set(attr, place);
  const tidyAttr = (): void => {
    if (place.size === 0) bucket.byAttr.delete(attr);
    tidy();
  };
  return { place, tidy: tidyAttr };
}

/** Types of which a matching entity has at least one. Undefined when it need not have any. */
function neededTypes(selection: TypeSelection): readonly string[] | undefined {
  if (selection.op === 'any') return undefined;
  if (selection.op === 'type') return [selection.type];
  const parts = selection.parts.map(neededTypes);
  if (selection.op === 'or')
    return parts.some((part) => part === undefined) ? undefined : parts.flatMap((part) => part ?? []);
  return parts.reduce((best, part) => (!best || (part && part.length < best.length) ? part : best), undefined);
}

/** Attributes of which a matching change contains at least one. Undefined when it need not. */
const neededAttributes = ({ watched, triggers }: SubscriptionPlan): readonly string[] | undefined =>
  watched && !triggers.has('entityCreated') && !triggers.has('entityDeleted') ? [...watched] : undefined;
