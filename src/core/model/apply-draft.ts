/** Computes the next entity and the change from a write: types, scope, expiry and drafted attributes. */
import { type Instance, ngsildNull } from './attribute.ts';
import type { AttributeChange, Change } from './change.ts';
import { instanceOf } from './dataset.ts';
import type { Draft, Rule } from './draft.ts';
import type { Entity, EntityFragment } from './entity.ts';
import type { Instant } from './instant.ts';
import { sameJson } from './json.ts';
import type { NotUpdated, Outcome, HistoryOnlyInstance } from './mutation.ts';
import { Problem } from './problem.ts';
import { type Stamp, stampInstance } from './stamp.ts';

/** The result of a mutation. `change` is absent when there is nothing to write, `next` when the entity is deleted. */
export interface Mutated {
  readonly outcome: Outcome;
  readonly change?: Change;
  readonly next?: Entity;
  /** Instances that a store adds to the history of the entity, even without a change. */
  readonly past?: readonly HistoryOnlyInstance[];
}

export const scopeTime = ({ scopeObservedAt }: EntityFragment): Pick<Change, 'scopeObservedAt'> =>
  scopeObservedAt === undefined ? {} : { scopeObservedAt };

export const given = ({
  scope,
  expiresAt,
}: EntityFragment): { scope?: string | readonly string[]; expiresAt?: Instant } => ({
  ...(scope === undefined || scope === ngsildNull ? undefined : { scope }),
  ...(expiresAt === undefined || expiresAt === ngsildNull ? undefined : { expiresAt }),
});

export function existingInstance(entity: Entity, attr: string, datasetId: string | undefined): Instance {
  const instance = instanceOf(entity.attrs[attr], datasetId);
  if (!instance) throw notThere(entity, attr, datasetId);
  return instance;
}

export const notThere = (entity: Entity, attr: string, datasetId: string | undefined): Problem =>
  new Problem(
    'ResourceNotFound',
    `The entity ${entity.id} has no attribute ${attr}${datasetId === undefined ? '' : ` with the datasetId ${datasetId}`}.`,
  );

export const stampOf = (entity: Entity, at: Instant): Stamp => ({ at, ownerCreatedAt: entity.createdAt });

export const overwriteRule =
  (stamp: Stamp): Rule =>
  (before, fragment) => {
    if (fragment.value !== ngsildNull) return { write: stampInstance(fragment, before, stamp) };
    return before ? { remove: true } : { skip: 'There is no such attribute instance to delete.' };
  };

export const union = (a: readonly string[], b: readonly string[]): readonly string[] => [...new Set([...a, ...b])];

/** The entity with the types, scope and expiry of a fragment and the attributes of a draft (clause 4.16: types are only added). */
export function applyDraft(
  current: Entity,
  fragment: EntityFragment,
  { at, draft, notUpdated = [] }: { at: Instant; draft: Draft; notUpdated?: readonly NotUpdated[] },
): Mutated {
  const { scope, expiresAt, ...kept } = withOwnerLeft(current, fragment);
  const base: Entity = {
    ...kept,
    types: fragment.types ? union(current.types, fragment.types) : current.types,
    ...given({
      ...(scope === undefined ? undefined : { scope }),
      ...(expiresAt === undefined ? undefined : { expiresAt }),
      ...fragment,
    }),
    attrs: draft.attrs,
  };
  const reports = [...draft.notUpdated, ...notUpdated];
  const isTouched =
    draft.touched ||
    kept.owner !== current.owner ||
    !sameJson(base.types, current.types) ||
    !sameJson(base.scope, scope) ||
    base.expiresAt !== expiresAt;
  if (!isTouched) return { outcome: { status: 'unchanged', updated: [], notUpdated: reports } };
  const result = updated(current, base, { at, changes: draft.changes, time: scopeTime(fragment) });
  return { ...result, outcome: { status: 'updated', updated: draft.updated, notUpdated: reports } };
}

/** The entity, without its owner when the fragment removes it. */
function withOwnerLeft(entity: Entity, fragment: EntityFragment): Entity {
  if (fragment.owner !== ngsildNull) return entity;
  const { owner: _owner, ...left } = entity;
  return left;
}

interface Updating {
  readonly at: Instant;
  readonly changes: readonly AttributeChange[];
  readonly time?: Pick<Change, 'scopeObservedAt'>;
}

export function updated(current: Entity, base: Entity, { at, changes, time }: Updating): Mutated {
  const { modifiedAt: _, ...rest } = base;
  const next: Entity = at === base.createdAt ? rest : { ...rest, modifiedAt: at };
  const change: Change = {
    id: current.id,
    at,
    event: 'updated',
    entity: next,
    attrs: changes,
    scopeChanged: !sameJson(next.scope, current.scope),
    ...time,
  };
  return { outcome: { status: 'updated' }, change, next };
}
