/** Restricts the history of entities to a decision. */
import { withoutAttrs } from '../language/filter.ts';
import { hasSeries } from '../language/history-selection.ts';
import { compileFilter } from '../language/matches/matches.ts';
import type { Entity } from '../model/entity.ts';
import { type EntityHistory, scopeSeries, weightOf } from '../model/history.ts';
import type { HistoryPlan, Store, Stored } from '../port/store.ts';
import type { PartialDecision } from './decision.ts';
import { withoutAttributes } from './filter-attributes.ts';

interface Restriction {
  readonly decision: PartialDecision;
  /** The visible part of an entity. */
  readonly visible: (stored: Stored) => Stored | undefined;
}

/** Histories read per call of the store. */
const pageSize = 200;

/**
 * Histories of the visible entities that exist, with their visible attributes. The present entity decides. A partial grant gives no access
 * to the history of deleted entities, because it is unknown which grants would cover them.
 */
export async function historyVisible(
  store: Store,
  plan: HistoryPlan,
  restriction: Restriction,
): Promise<readonly EntityHistory[]> {
  const { offset = 0, limit, limitInstances } = plan;
  const found: EntityHistory[] = [];
  let [skip, left] = [offset, limitInstances];
  for await (const history of visibleHistories(store, plan, restriction)) {
    if (skip > 0) {
      skip -= 1;
      continue;
    }
    left -= Object.values(history.attrs).reduce((sum, instances) => sum + weightOf(instances), 0);
    // The reader reads again from a truncated history, or gives up when it is the first.
    found.push(left < 0 ? { ...history, truncated: true } : history);
    if (found.length >= limit || left < 0) break;
  }
  return found;
}

async function* visibleHistories(
  store: Store,
  plan: HistoryPlan,
  restriction: Restriction,
): AsyncGenerator<EntityHistory> {
  const { decision } = restriction;
  const wide = { ...plan, filter: widened(plan, decision), limit: pageSize };
  const look = createLook(store, plan, restriction);
  for (let offset = 0; ; ) {
    const page = await store.history({ ...wide, offset });
    const whole = page.filter(({ truncated }) => !truncated);
    for (const history of whole) {
      const visible = await look(history);
      if (visible) yield visible;
    }
    // One history alone has too many instances: read it without the hidden ones.
    const [only] = whole.length === 0 ? page : [];
    const visible = only && (await look(await readVisible(store, only, { plan, decision })));
    if (visible) yield visible;
    offset += only ? 1 : whole.length;
    if (whole.length === page.length && page.length < pageSize) return;
  }
}

/** A filter that finds at least the visible entities. What it asks of values would test hidden ones. */
const widened = ({ filter }: HistoryPlan, { narrowed }: PartialDecision): HistoryPlan['filter'] =>
  narrowed({
    ...withoutAttributes(filter),
    ...(filter.attrs ? { attrs: filter.attrs } : undefined),
    ...(filter.datasetIds ? { datasetIds: filter.datasetIds } : undefined),
  });

type Look = (history: EntityHistory | undefined) => Promise<EntityHistory | undefined>;

/** The visible part of a history. Undefined when nothing is left of it, or when what is left does not match. */
function createLook(store: Store, { filter, now }: HistoryPlan, { decision, visible }: Restriction): Look {
  const matches = compileFilter(withoutAttrs(filter));
  return async (history) => {
    const stored = history && (await store.get(history.id, now));
    const seen = stored && visible(stored);
    if (!seen || !matches(seen.entity())) return undefined;
    const names = visibleNames(stored.entity(), Object.keys(history.attrs), decision);
    const attrs = Object.fromEntries(Object.entries(history.attrs).filter(([name]) => names.has(name)));
    return Object.keys(attrs).length > 0 && hasSeries(attrs, filter) ? { ...history, attrs } : undefined;
  };
}

/** Which of the names are visible. The scope is visible with the entity. */
function visibleNames(
  entity: Entity,
  names: readonly string[],
  { visibilityOf }: PartialDecision,
): ReadonlySet<string> {
  const visibility = visibilityOf(entity);
  if (visibility === 'hidden') return new Set();
  return new Set(visibility === 'whole' ? names : [...visibility.names, scopeSeries]);
}

async function readVisible(
  store: Store,
  { id, attrs: read }: EntityHistory,
  { plan, decision }: { readonly plan: HistoryPlan; readonly decision: PartialDecision },
): Promise<EntityHistory | undefined> {
  const entity = (await store.get(id, plan.now))?.entity();
  const names = entity && visibleNames(entity, plan.attrs ?? Object.keys(read), decision);
  const attrs = plan.attrs?.filter((name) => names?.has(name)) ?? [...(names ?? [])];
  if (attrs.length === 0) return undefined;
  const [history] = await store.history({
    ...plan,
    filter: { selectors: [{ ids: [id] }] },
    attrs,
    limit: 1,
    offset: 0,
  });
  return history;
}
