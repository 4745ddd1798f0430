/** Restricts the reads of a store to a decision, between an operation and its store, so that no operation can skip the check. */
import { compileFilter } from '../language/matches/matches.ts';
import type { Entity } from '../model/entity.ts';
import type { Instant } from '../model/instant.ts';
import { Problem } from '../model/problem.ts';
import type { Plan, Store, Stored } from '../port/store.ts';
import { type Decision, type PartialDecision, type Visibility, visibilityUnder, withOnly } from './decision.ts';
import { withoutAttributes } from './filter-attributes.ts';
import { historyVisible } from './guard-history.ts';
import { summarizeVisible } from './guard-summary.ts';
import type { Grant } from './grant.ts';

/** Page size of the reads that test entities one by one. */
const pageSize = 1000;

/** Most entities that one such read tests, so that a query on an attribute that some grants hide does not read a whole tenant. */
const testedMax = 200_000;

/** The store restricted to a decision. A full decision adds no cost. Throws Forbidden for the decision `none`. */
export function guardStore(store: Store, decision: Decision): Store {
  if (decision.extent === 'full') return store;
  if (decision.extent === 'none') throw forbidden('Nothing here is granted to you.');
  return viewOf(store, decision).store;
}

function restrictedStore(store: Store, decision: PartialDecision, view: View): Store {
  return {
    get: async (id, now) => view.visible(await store.get(id, now)),
    find: (plan) => findVisible(store, plan, { decision, view }),
    count: (plan) => countVisible(store, plan, { decision, view }),
    history: (plan) => historyVisible(store, plan, { decision, visible: (stored) => view.visible(stored) }),
    summary: () => summarizeVisible(store, decision),
    apply: refuse,
    ...closed,
    log: { ...closedLog, position: () => store.log.position(), prunedTo: () => store.log.prunedTo() },
  };
}

export const forbidden = (detail: string): Problem => new Problem('Forbidden', detail);

const needsAll = 'This cannot be limited to a part of the tenant, and you are granted only a part of it.';
const refuseAtOnce = (): never => {
  throw forbidden(needsAll);
};
const refuse = (): Promise<never> => Promise.reject(forbidden(needsAll));

/** Methods that a partial grant may not use, because their results are not single entities. */
export const closed = {
  record: refuse,
  revise: refuse,
  sweep: refuse,
  forgetHistory: refuse,
  subject: refuse,
  collection: () => ({
    get: refuse,
    keys: refuse,
    list: refuse,
    put: refuse,
    putFenced: refuse,
    replace: refuse,
    delete: refuse,
    follow: refuseAtOnce,
  }),
};
const closedLog = { read: refuse, readAbout: refuse, prune: refuse, follow: refuseAtOnce };

/** The entities of a store as a decision shows them. */
interface View {
  /** The visible part of an entity. Undefined when it is hidden. */
  visible(stored: Stored | undefined): Stored | undefined;
  /** Ids of the grants that cover the entity, as it was decided on last. Undefined: it was not, or not lately. */
  grantsOf(id: string): readonly string[] | undefined;
}

/** A view, and the store that shows no more than it. */
interface StoreView extends View {
  readonly store: Store;
}

/** One view for each decision and store: it keeps what was decided about each version of an entity. */
const views = new WeakMap<PartialDecision, WeakMap<Store, StoreView>>();

function viewOf(store: Store, decision: PartialDecision): StoreView {
  let ofDecision = views.get(decision);
  if (!ofDecision) views.set(decision, (ofDecision = new WeakMap<Store, StoreView>()));
  let view = ofDecision.get(store);
  if (!view) {
    const made = createView(decision);
    ofDecision.set(store, (view = { ...made, store: restrictedStore(store, decision, made) }));
  }
  return view;
}

/** Most entities of which a view keeps what was decided. */
const decidedMax = 10_000;

interface Decided {
  /** Absent: it is decided again each time. What expires may make a condition of a grant false without a new version. */
  readonly version?: number;
  readonly visibility: Visibility;
  readonly grants: readonly string[];
}

function createView({ covering }: PartialDecision): View {
  const decided = new Map<string, Decided>();
  const decideOn = (stored: Stored): Visibility => {
    const { id, version, isPart = false } = stored;
    const known = decided.get(id);
    if (known?.version === version && !isPart) return known.visibility;
    const by = covering(stored.entity());
    const visibility = visibilityUnder(by);
    if (decided.size >= decidedMax) decided.clear();
    decided.set(id, { ...(isPart ? undefined : { version }), visibility, grants: idsOf(by) });
    return visibility;
  };
  return {
    grantsOf: (id) => decided.get(id)?.grants,
    visible: (stored) => {
      if (!stored) return undefined;
      const visibility = decideOn(stored);
      if (visibility === 'hidden') return undefined;
      return visibility === 'whole' ? stored : partOf(stored, visibility);
    },
  };
}

/** Ids of grants, without those of open access. */
export const idsOf = (grants: readonly Grant[]): readonly string[] => grants.flatMap(({ id = [] }) => id);

/**
 * Ids of the grants by which an entity is visible in `whole` under the decision, after it was read. Without an entity, or for one that was
 * not decided on: the grant of a full decision only.
 */
export function grantsShowing(
  { whole, decision }: { readonly whole: Store; readonly decision: Decision },
  entity?: string,
): readonly string[] {
  if (decision.extent === 'full') return decision.by === undefined ? [] : [decision.by];
  if (decision.extent === 'none' || entity === undefined) return [];
  return viewOf(whole, decision).grantsOf(entity) ?? [];
}

/**
 * Ids of the grants by which an entity is visible under the decision. `entity` is the whole entity, or its visible part when it was read
 * from the store `whole` with this decision.
 */
export function grantsGiving(within: { readonly whole: Store; readonly decision: Decision }, entity: Entity) {
  const known = grantsShowing(within, entity.id);
  const { decision } = within;
  return known.length === 0 && decision.extent === 'part' ? idsOf(decision.covering(entity)) : known;
}

const partOf = (stored: Stored, { names, key }: Exclude<Visibility, string>): Stored => ({
  ...stored,
  part: key,
  entity: () => withOnly(stored.entity(), names),
});

const narrowed = (plan: Plan, decision: PartialDecision): Plan => ({ ...plan, filter: decision.narrowed(plan.filter) });

interface Restriction {
  readonly decision: PartialDecision;
  readonly view: View;
}

/** Finds entities that match in their visible part. Otherwise a query on a hidden attribute would disclose its value. */
async function findVisible(store: Store, plan: Plan, { decision, view }: Restriction): Promise<readonly Stored[]> {
  if (decision.isExact(plan.filter)) {
    const found = await store.find(narrowed(plan, decision));
    return found.flatMap((stored) => (stored.size === undefined ? (view.visible(stored) ?? []) : stored));
  }
  const wanted = plan.limit + (plan.offset ?? 0);
  const found: Stored[] = [];
  for await (const stored of matching(store, plan, { decision, view })) {
    found.push(stored);
    if (found.length >= wanted) break;
  }
  return found.slice(plan.offset ?? 0, wanted);
}

async function countVisible(store: Store, plan: Plan, restriction: Restriction): Promise<number> {
  const { decision } = restriction;
  if (decision.isExact(plan.filter)) return store.count(narrowed(plan, decision));
  let count = 0;
  for await (const _stored of matching(store, { ...plan, isLazy: true }, restriction)) count += 1;
  return count;
}

/**
 * All entities whose visible part matches the filter of the plan. Large ones of a lazy plan stay without content. Throws TooManyResults
 * when there are more entities to test than one read may take.
 */
async function* matching(store: Store, plan: Plan, { decision, view }: Restriction): AsyncGenerator<Stored> {
  const matches = compileFilter(plan.filter);
  const wide = narrowed(
    { ...plan, filter: withoutAttributes(plan.filter), limit: pageSize, offset: 0, byValue: undefined },
    decision,
  );
  let { after } = plan;
  for (let tested = 0; tested < testedMax; tested += pageSize) {
    const page = await store.find({ ...wide, ...(after === undefined ? undefined : { after }) });
    for (const stored of page) {
      const visible = view.visible(await wholeOf(store, stored, plan.now));
      if (visible && matches(visible.entity())) yield stored.size === undefined ? visible : stored;
    }
    after = page.at(-1)?.cursor;
    if (page.length < pageSize) return;
  }
  throw new Problem(
    'TooManyResults',
    `The query is about attributes that some of your grants hide, and more than ${testedMax} entities would have to be tested. Narrow it by type, id or scope.`,
  );
}

/** Loads an entity that a lazy plan found without its content, to test it. */
const wholeOf = async (store: Store, stored: Stored, now: Instant): Promise<Stored | undefined> =>
  stored.size === undefined ? stored : store.get(stored.id, now);

/** True when the grants that cover an entity give access to all these attributes of it. */
export function giveAccessTo(names: readonly string[], covering: readonly Grant[]): boolean {
  if (covering.some(({ attrs }) => attrs === undefined)) return true;
  const given = new Set(covering.flatMap(({ attrs = [] }) => attrs));
  return covering.length > 0 && names.every((name) => given.has(name));
}
