/** Enforces a decision between an operation and its store, so that no operation can skip the check. */
import { compileFilter } from '../language/matches/matches.ts';
import type { Write } from '../language/write.ts';
import type { Entity } from '../model/entity.ts';
import type { Instant } from '../model/instant.ts';
import { Problem } from '../model/problem.ts';
import type { EntityHistory } from '../model/history.ts';
import type { HistoryPlan, Plan, Store, Stored } from '../port/store.ts';
import type { Decision } from './decision.ts';
import { previewMutation, touchedAttributes } from './mutation-preview.ts';

type Part = Extract<Decision, { extent: 'part' }>;

/** Page size of the reads that find or count entities under a partial decision. */
const pageSize = 1000;

/** The store restricted to a decision. A full decision adds no cost. Throws Forbidden for the decision `none`. */
export function guardStore(store: Store, decision: Decision): Store {
  if (decision.extent === 'full') return store;
  if (decision.extent === 'none') throw forbidden('Nothing here is granted to you.');
  return {
    get: async (id, now) => visibleStored(await store.get(id, now), decision),
    find: (plan) => findVisible(store, plan, decision),
    count: (plan) => countVisible(store, plan, decision),
    history: (plan) => historyVisible(store, plan, decision),
    apply: async (writes, at) => {
      const permitted = await Promise.all(writes.map((write) => permit(store, write, { decision, at })));
      return store.apply(permitted, at);
    },
    ...closed,
    log: { ...closedLog, position: () => store.log.position(), prunedTo: () => store.log.prunedTo() },
  };
}

const forbidden = (detail: string): Problem => new Problem('Forbidden', detail);
const refuseAtOnce = (): never => {
  throw forbidden('Only a grant without restrictions allows this.');
};
const refuse = (): Promise<never> => Promise.reject(forbidden('Only a grant without restrictions allows this.'));

/** Methods that a partial grant may not use, because their results are not single entities. */
const closed = {
  record: refuse,
  revise: refuse,
  summary: refuse,
  sweep: refuse,
  forgetHistory: refuse,
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
const closedLog = {
  read: refuse,
  prune: refuse,
  follow: (): never => {
    throw forbidden('Only a grant without restrictions allows this.');
  },
};

const narrowed = <T extends Plan>(plan: T, { filter }: Part): T => ({
  ...plan,
  filter: { ...plan.filter, also: [...(plan.filter.also ?? []), filter] },
});

function visibleStored(stored: Stored | undefined, { see }: Part): Stored | undefined {
  const entity = stored && see(stored.entity());
  return (
    entity && { id: entity.id, version: stored.version, cursor: stored.cursor, isPart: true, entity: () => entity }
  );
}

/** Finds entities that match in their visible part. Otherwise a query on a hidden attribute would disclose its value. */
async function findVisible(store: Store, plan: Plan, decision: Part): Promise<readonly Stored[]> {
  const matches = compileFilter(plan.filter);
  const wanted = plan.limit + (plan.offset ?? 0);
  const found: Stored[] = [];
  let after = plan.after;
  while (found.length < wanted) {
    const page = await store.find({
      ...narrowed(plan, decision),
      limit: pageSize,
      offset: 0,
      ...(after === undefined ? undefined : { after }),
    });
    for (const stored of page) {
      const visible = visibleStored(await wholeOf(store, stored, plan), decision);
      if (visible && matches(visible.entity())) found.push(asFound(stored, visible));
    }
    after = page.at(-1)?.cursor;
    if (page.length < pageSize) break;
  }
  return found.slice(plan.offset ?? 0, wanted);
}

/** Loads an entity that a lazy plan found without its content, to test it. The result of `find` stays without content. */
const wholeOf = async (store: Store, stored: Stored, { now }: Plan): Promise<Stored | undefined> =>
  stored.size === undefined ? stored : store.get(stored.id, now);

const asFound = (stored: Stored, visible: Stored): Stored => (stored.size === undefined ? visible : stored);

const countVisible = async (store: Store, plan: Plan, decision: Part): Promise<number> =>
  (await findVisible(store, { ...plan, offset: 0, limit: Number.MAX_SAFE_INTEGER }, decision)).length;

/** Histories of visible entities that exist. A partial grant gives no access to the history of deleted entities. */
async function historyVisible(store: Store, plan: HistoryPlan, decision: Part): Promise<readonly EntityHistory[]> {
  const histories = await store.history(narrowed(plan, decision));
  const visible = await Promise.all(
    histories.map(async (history) => {
      const entity = (await store.get(history.id, plan.now))?.entity();
      return entity && decision.see(withAttributes(entity, Object.keys(history.attrs)));
    }),
  );
  return histories.flatMap((history, index) => {
    const names = visible[index]?.attrs;
    return names
      ? [{ ...history, attrs: Object.fromEntries(Object.entries(history.attrs).filter(([name]) => name in names)) }]
      : [];
  });
}

/** The entity as if it had these attributes, to ask which of their names are visible. */
const withAttributes = (entity: Entity, names: readonly string[]): Entity => ({
  ...entity,
  attrs: Object.fromEntries(names.map((name) => [name, []])),
});

/**
 * Adds the filter of the decision as a condition of the write. Throws Forbidden when the write touches what is not granted, or would leave
 * an entity that is not granted.
 */
async function permit(store: Store, write: Write, { decision, at }: { decision: Part; at: Instant }): Promise<Write> {
  const current = (await store.get(write.mutation.id, at))?.entity();
  const names = touchedAttributes(current, write.mutation);
  for (const entity of [current, previewMutation(current, write.mutation, at)]) {
    if (!entity) continue;
    const visible = decision.see(withAttributes(entity, names));
    const hidden = visible ? names.find((name) => !(name in visible.attrs)) : 'the entity itself';
    if (hidden !== undefined) throw forbidden(`You may not write ${hidden} of ${write.mutation.id}.`);
  }
  return { ...write, only: { ...write.only, also: [...(write.only?.also ?? []), decision.filter] } };
}
