/** Places instances with their own times: decides which become present, and which go into history only (clause 5.6.11). */
import { type Fragment, type Fragments, type Instance, ngsildNull } from '../model/attribute.ts';
import { scopeSeries } from '../model/history.ts';
import { type Instant, microsOfInstant } from '../model/instant.ts';
import { isStrings } from '../model/json.ts';
import type { Mutation } from '../model/mutation.ts';
import type { HistoryFragment } from '../model/read/entity.ts';
import { isOlder, stampInstance } from '../model/stamp.ts';
import type { PastInstance } from '../port/store.ts';
import type { CallContext } from './operation.ts';

/** The result: a change of the present entity, and the instances to record in history as well. */
export interface SplitInstances {
  readonly mutation: Mutation;
  readonly past: readonly PastInstance[];
}

/**
 * The newest instance of each attribute and dataset becomes present unless the stored present instance is newer; the store decides that
 * while it writes. All instances go into history. `create`: whether to create an entity that does not exist.
 */
export function splitInstances(
  history: HistoryFragment,
  now: Instant,
  { create }: { create: boolean },
): SplitInstances {
  const { id, types, scopes } = history;
  const attrs = newestOf(history.attrs);
  const entity = { attrs, ...(types ? { types } : undefined), ...presentScope(scopes) };
  return {
    mutation: { op: 'observe', id, entity, create, ...oldestOf(history.attrs, now) },
    past: pastInstances(history, { present: attrs }, now),
  };
}

/**
 * The instances for history only. Instances that become present get into history by that, so they are left out unless they have an
 * `observedAt`.
 */
export const pastInstances = (
  { id, types = [], attrs, scopes }: HistoryFragment,
  { present }: { readonly present: Fragments },
  now: Instant,
): readonly PastInstance[] =>
  Object.entries({
    ...attrs,
    [scopeSeries]: scopes.filter(({ observedAt }) => observedAt !== undefined),
  }).flatMap(([name, fragments]) => {
    const kept = new Set(present[name]);
    return fragments
      .filter((fragment) => fragment.observedAt !== undefined || !kept.has(fragment))
      .map((fragment) => ({ id, types, name, instance: pastInstance(fragment, now) }));
  });

/** Instances recorded in one call. Concurrent writers wait that long. */
const recordMax = 5000;

/** Records past instances. */
export async function recordPast(past: readonly PastInstance[], { store, now }: CallContext): Promise<void> {
  for (let start = 0; start < past.length; start += recordMax) {
    await store.record(past.slice(start, start + recordMax), now);
  }
}

/** A past instance in the form that is recorded. */
export const pastInstance = (fragment: Fragment, now: Instant): Instance =>
  stampInstance(fragment, undefined, { at: now, ownerCreatedAt: '' });

/** The `observedAt` of the oldest instance, when it is before now. */
function oldestOf(attrs: Fragments, now: Instant): { since?: Instant } {
  let [since, micros] = [now, microsOfInstant(now)];
  for (const { observedAt } of Object.values(attrs).flat()) {
    const observed = observedAt === undefined ? micros : microsOfInstant(observedAt);
    if (observed < micros && observedAt !== undefined) [since, micros] = [observedAt, observed];
  }
  return since === now ? {} : { since };
}

/** The newest scope, as members of a fragment. */
function presentScope(scopes: readonly Fragment[]): { scope?: string | readonly string[]; scopeObservedAt?: string } {
  const newest = scopes.reduce<Fragment | undefined>(
    (best, scope) => (best && isOlder(scope, best) ? best : scope),
    undefined,
  );
  const scope = newest?.value;
  if (typeof scope !== 'string' && !isStrings(scope)) return {};
  return { scope, ...(newest?.observedAt === undefined ? undefined : { scopeObservedAt: newest.observedAt }) };
}

/** The newest instance of every attribute and dataset, deletions excluded. */
function newestOf(attrs: Fragments): Fragments {
  const newest: Record<string, readonly Fragment[]> = {};
  for (const [name, fragments] of Object.entries(attrs)) {
    const byDataset = new Map<string | undefined, Fragment>();
    for (const fragment of fragments) {
      const best = byDataset.get(fragment.datasetId);
      if (fragment.value !== ngsildNull && (!best || !isOlder(fragment, best)))
        byDataset.set(fragment.datasetId, fragment);
    }
    if (byDataset.size > 0) newest[name] = [...byDataset.values()];
  }
  return newest;
}
