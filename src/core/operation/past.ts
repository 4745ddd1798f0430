/** What adding instances of other moments to an entity means: which of them become present, and which are history (clause 5.6.11). */
import { type Fragment, type Fragments, type Instance, ngsildNull } from '../model/attribute.ts';
import type { Entity } from '../model/entity.ts';
import { scopeSeries } from '../model/history.ts';
import { type Instant, microsOfInstant } from '../model/instant.ts';
import { isStrings } from '../model/json.ts';
import type { Mutation } from '../model/mutation.ts';
import type { HistoryFragment } from '../model/read/entity.ts';
import { instanceOf, stampInstance } from '../model/stamp.ts';
import type { PastInstance } from '../port/store.ts';
import type { Call } from './operation.ts';

/** Where instances go: a change of the present entity, and what is recorded besides. */
export interface Placed {
  readonly mutation: Mutation;
  readonly past: readonly PastInstance[];
}

/** The newest of each attribute and dataset becomes present unless the present one is newer; all go into history. */
export function placeInstances(history: HistoryFragment, current: Entity | undefined, now: Instant): Placed {
  const present = newestOf(history.attrs, current);
  const types = history.types ?? current?.types ?? [];
  return {
    mutation: presentMutation(history, present, current),
    past: pastInstances(history, { types, present }, now),
  };
}

/** The instances for history alone: those that become present are there already, unless they were observed at a time. */
export const pastInstances = (
  { id, attrs, scopes }: HistoryFragment,
  { types, present }: { readonly types: readonly string[]; readonly present: Fragments },
  now: Instant,
): readonly PastInstance[] =>
  Object.entries({
    ...attrs,
    [scopeSeries]: scopes.filter(({ observedAt }) => observedAt !== undefined),
  }).flatMap(([name, fragments]) =>
    fragments
      .filter((fragment) => fragment.observedAt !== undefined || !present[name]?.includes(fragment))
      .map((fragment) => ({ id, types, name, instance: pastInstance(fragment, now) })),
  );

/** Instances that are recorded in one piece: what others wait for, who write at the same time. */
const recordMax = 5000;

/** Records past instances. */
export async function recordPast(past: readonly PastInstance[], { store, now }: Call): Promise<void> {
  for (let start = 0; start < past.length; start += recordMax) {
    await store.record(past.slice(start, start + recordMax), now);
  }
}

/** A past instance as it is recorded. */
export const pastInstance = (fragment: Fragment, now: Instant): Instance =>
  stampInstance(fragment, undefined, { at: now, ownerCreatedAt: '' });

function presentMutation(
  { id, types, scopes }: HistoryFragment,
  attrs: Fragments,
  current: Entity | undefined,
): Mutation {
  const fragment = { attrs, ...(types ? { types } : undefined), ...presentScope(scopes) };
  return current ? { op: 'append', id, fragment, overwrite: true } : { op: 'create', id, entity: { ...fragment, id } };
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

/** The newest instance of every attribute and dataset that is not older than the present one, and is no deletion. */
function newestOf(attrs: Fragments, current: Entity | undefined): Fragments {
  const newest: Record<string, readonly Fragment[]> = {};
  for (const [name, fragments] of Object.entries(attrs)) {
    const byDataset = new Map<string | undefined, Fragment>();
    for (const fragment of fragments) {
      const best = byDataset.get(fragment.datasetId);
      if (fragment.value !== ngsildNull && (!best || !isOlder(fragment, best)))
        byDataset.set(fragment.datasetId, fragment);
    }
    const kept = [...byDataset.values()].filter((fragment) => {
      const present = instanceOf(current?.attrs[name], fragment.datasetId);
      return !present || !isOlder(fragment, present);
    });
    if (kept.length > 0) newest[name] = kept;
  }
  return newest;
}

/** What was not observed has no time to be older by. */
const isOlder = (a: Fragment, b: Fragment | Instance): boolean =>
  a.observedAt !== undefined &&
  b.observedAt !== undefined &&
  microsOfInstant(a.observedAt) < microsOfInstant(b.observedAt);
