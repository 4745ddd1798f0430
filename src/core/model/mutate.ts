/** The meaning of every write: present entity and mutation in, next entity and change out. Stores only keep the result. */
import { type Attributes, type Fragments, type Instance, ngsildNull } from './attribute.ts';
import type { AttributeChange, Change } from './change.ts';
import { type Draft, changeOf, deletionsOf, draftAttributes, type Rule } from './draft.ts';
import type { Entity, EntityFragment } from './entity.ts';
import type { Instant } from './instant.ts';
import { sameJson, stringsOf } from './json.ts';
import type { PastOnly } from './measured.ts';
import { mergeInstance, withoutNullsInside } from './merge.ts';
import type { Mutation, NotUpdated, Outcome } from './mutation.ts';
import { badData, Problem } from './problem.ts';
import { instanceOf, isOlder, type Stamp, stampInstance } from './stamp.ts';

/** What came of a mutation. `change` is absent when nothing is to be written, `next` when the entity is gone. */
export interface Mutated {
  readonly outcome: Outcome;
  readonly change?: Change;
  readonly next?: Entity;
  /** What a store records in the history of the entity besides, also where there is no change. */
  readonly past?: readonly PastOnly[];
}

/**
 * Applies a mutation to the entity as it is now (undefined: there is none). Pure; `at` is the time of the write.
 * A mutation that cannot be carried out gives an outcome `refused` and no change.
 */
export function mutate(current: Entity | undefined, mutation: Mutation, at: Instant): Mutated {
  try {
    return carryOut(current, mutation, at);
  } catch (error) {
    if (error instanceof Problem) return { outcome: { status: 'refused', problem: error.report } };
    throw error;
  }
}

function carryOut(current: Entity | undefined, mutation: Mutation, at: Instant): Mutated {
  if (mutation.op === 'create') return create(current, mutation, at);
  if (!current && createsMissing(mutation)) return create(current, mutation, at);
  if (!current) throw new Problem('ResourceNotFound', `No entity has the id ${mutation.id}.`);
  switch (mutation.op) {
    case 'upsert':
      return mutation.mode === 'replace'
        ? replace(current, mutation.entity, at)
        : overwrite(current, mutation.entity, { at, scope: 'set' });
    case 'replace':
      return replace(current, mutation.entity, at);
    case 'append':
      return mutation.overwrite
        ? overwrite(current, mutation.fragment, { at, scope: 'set' })
        : appendMissing(current, mutation.fragment, at);
    case 'observe':
      return observe(current, mutation.entity, at);
    case 'update':
      return overwrite(current, mutation.fragment, { at, scope: 'if there' });
    case 'merge':
      return merge(current, mutation, at);
    case 'partialUpdate':
      return partialUpdate(current, mutation, at);
    case 'replaceAttr':
      return replaceAttribute(current, mutation, at);
    case 'deleteAttr':
      return deleteAttribute(current, mutation, at);
    case 'removeAttrs':
      return removeAttributes(current, mutation, at);
    case 'delete':
      return remove(current, at);
  }
}

const createsMissing = (mutation: Mutation): mutation is Extract<Mutation, { op: 'upsert' | 'observe' }> =>
  mutation.op === 'upsert' || (mutation.op === 'observe' && mutation.create);

function create(
  current: Entity | undefined,
  { id, entity }: { id: string; entity: EntityFragment },
  at: Instant,
): Mutated {
  if (current) throw new Problem('AlreadyExists', `An entity with the id ${id} exists already.`);
  if (!entity.types || entity.types.length === 0) throw badData(`The entity ${id} needs a type.`);
  const draft = draftAttributes({}, entity.attrs, overwriteRule({ at, ownerCreatedAt: at }));
  const next: Entity = { id, types: entity.types, ...given(entity), createdAt: at, attrs: draft.attrs };
  const change: Change = {
    id,
    at,
    event: 'created',
    entity: next,
    attrs: draft.changes,
    scopeChanged: next.scope !== undefined,
    ...scopeTime(entity),
  };
  return { outcome: { status: 'created' }, change, next };
}

const scopeTime = ({ scopeObservedAt }: EntityFragment): Pick<Change, 'scopeObservedAt'> =>
  scopeObservedAt === undefined ? {} : { scopeObservedAt };

const given = ({ scope, expiresAt }: EntityFragment): { scope?: string | readonly string[]; expiresAt?: Instant } => ({
  ...(scope === undefined || scope === ngsildNull ? undefined : { scope }),
  ...(expiresAt === undefined || expiresAt === ngsildNull ? undefined : { expiresAt }),
});

/** Clause 5.6.18. Instances that were there keep their `createdAt` (clause 4.8). */
function replace(current: Entity, entity: EntityFragment, at: Instant): Mutated {
  const draft = draftAttributes(current.attrs, entity.attrs, overwriteRule(stampOf(current, at)));
  const written = writtenInstances(draft.attrs, entity.attrs);
  const gone = Object.entries(draft.attrs).flatMap(([name, instances]) =>
    instances
      .filter((instance) => !written[name]?.includes(instance))
      .flatMap((instance) => changeOf(name, instance, undefined)),
  );
  const base: Entity = {
    id: current.id,
    types: entity.types ?? current.types,
    ...given(entity),
    createdAt: current.createdAt,
    attrs: written,
  };
  return updated(current, base, { at, changes: [...draft.changes, ...gone] });
}

const writtenInstances = (attrs: Attributes, fragments: Fragments): Attributes =>
  Object.fromEntries(
    Object.entries(fragments).map(([name, given]) => [
      name,
      given.flatMap((fragment) => instanceOf(attrs[name], fragment.datasetId) ?? []),
    ]),
  );

/** Whole instances take the place of those that are there; the NGSI-LD Null deletes (clauses 5.6.2, 5.6.3). */
function overwrite(
  current: Entity,
  fragment: EntityFragment,
  { at, scope }: { at: Instant; scope: 'set' | 'if there' },
): Mutated {
  const draft = draftAttributes(current.attrs, fragment.attrs, overwriteRule(stampOf(current, at)));
  const lost = scope === 'if there' && fragment.scope !== undefined && current.scope === undefined;
  const refusedScope: readonly NotUpdated[] = lost
    ? [{ attributeName: 'scope', reason: 'The entity has no scope to update.' }]
    : [];
  const { scope: newScope, ...rest } = fragment;
  return settle(current, lost || newScope === undefined ? rest : fragment, { at, draft, notUpdated: refusedScope });
}

/** As `overwrite`, but what is there and was observed later stays. */
function observe(current: Entity, fragment: EntityFragment, at: Instant): Mutated {
  const write = overwriteRule(stampOf(current, at));
  const rule: Rule = (before, one) => (before && isOlder(one, before) ? 'ignore' : write(before, one));
  return settle(current, fragment, { at, draft: draftAttributes(current.attrs, fragment.attrs, rule) });
}

/** Clause 5.6.3 with noOverwrite: what is there is left and reported; scopes are united. */
function appendMissing(current: Entity, fragment: EntityFragment, at: Instant): Mutated {
  const write = overwriteRule(stampOf(current, at));
  const rule: Rule = (before, one) =>
    before ? { skip: 'The attribute instance exists already.' } : write(before, one);
  const draft = draftAttributes(current.attrs, fragment.attrs, rule);
  const { scope, ...rest } = fragment;
  if (scope === undefined) return settle(current, fragment, { at, draft });
  if (scope === ngsildNull) return settle(current, rest, { at, draft, notUpdated: keptScope });
  const present = stringsOf(current.scope ?? []);
  const united = union(present, stringsOf(scope));
  return settle(current, united.length === present.length ? rest : { ...rest, scope: united }, { at, draft });
}

const keptScope: readonly NotUpdated[] = [
  { attributeName: 'scope', reason: 'What is there is not overwritten, and so not deleted either.' },
];

function merge(current: Entity, { fragment, options = {} }: Extract<Mutation, { op: 'merge' }>, at: Instant): Mutated {
  const stamp = stampOf(current, at);
  const rule: Rule = (before, one) => {
    if (one.value === ngsildNull) return before ? { remove: true } : 'ignore';
    return {
      write: before
        ? mergeInstance(before, one, { stamp, options })
        : stampInstance(withoutNullsInside(one), undefined, stamp),
    };
  };
  return settle(current, fragment, { at, draft: draftAttributes(current.attrs, fragment.attrs, rule) });
}

/** Clause 5.6.4: members given overwrite, others stay; values are not merged but replaced. */
function partialUpdate(
  current: Entity,
  { attr, fragment }: Extract<Mutation, { op: 'partialUpdate' }>,
  at: Instant,
): Mutated {
  const before = existing(current, attr, fragment.datasetId);
  if (fragment.kind !== undefined && fragment.kind !== before.kind) {
    throw badData(`The attribute ${attr} is a ${before.kind}; a partial update cannot make it a ${fragment.kind}.`);
  }
  const rule: Rule = (present, one) => {
    if (one.value === ngsildNull || !present) return { remove: true };
    const merged = mergeInstance(present, one, { stamp: stampOf(current, at), options: {} });
    return { write: one.value === undefined ? merged : { ...merged, value: one.value } };
  };
  return settle(
    current,
    { attrs: { [attr]: [fragment] } },
    { at, draft: draftAttributes(current.attrs, { [attr]: [fragment] }, rule) },
  );
}

/** Clause 5.6.19. */
function replaceAttribute(
  current: Entity,
  { attr, fragment }: Extract<Mutation, { op: 'replaceAttr' }>,
  at: Instant,
): Mutated {
  existing(current, attr, fragment.datasetId);
  const fragments = { [attr]: [fragment] };
  return settle(
    current,
    { attrs: fragments },
    { at, draft: draftAttributes(current.attrs, fragments, overwriteRule(stampOf(current, at))) },
  );
}

/** Clause 5.6.5. */
function deleteAttribute(
  current: Entity,
  { attr, which }: Extract<Mutation, { op: 'deleteAttr' }>,
  at: Instant,
): Mutated {
  if (attr === 'scope') {
    if (current.scope === undefined) throw new Problem('ResourceNotFound', `The entity ${current.id} has no scope.`);
    return settle(
      current,
      { scope: ngsildNull, attrs: {} },
      { at, draft: draftAttributes(current.attrs, {}, () => 'ignore') },
    );
  }
  const chosen = which === 'all' ? (current.attrs[attr] ?? []) : [existing(current, attr, which.datasetId)];
  if (chosen.length === 0) throw notThere(current, attr, undefined);
  const draft = draftAttributes(current.attrs, { [attr]: chosen }, () => ({ remove: true }));
  return settle(current, { attrs: {} }, { at, draft });
}

/** Clause 5.6.21. */
function removeAttributes(
  current: Entity,
  { attrs, which }: Extract<Mutation, { op: 'removeAttrs' }>,
  at: Instant,
): Mutated {
  const chosen = Object.fromEntries(
    Object.entries(current.attrs).filter(([name]) => attrs.includes(name) === (which === 'these')),
  );
  return settle(
    current,
    { attrs: {} },
    { at, draft: draftAttributes(current.attrs, chosen, () => ({ remove: true })) },
  );
}

/** Clause 5.6.6. The change carries the entity as it was. */
function remove(current: Entity, at: Instant): Mutated {
  const change: Change = {
    id: current.id,
    at,
    event: 'deleted',
    entity: current,
    attrs: deletionsOf(current.attrs),
    scopeChanged: current.scope !== undefined,
  };
  return { outcome: { status: 'deleted' }, change };
}

function existing(entity: Entity, attr: string, datasetId: string | undefined): Instance {
  const instance = instanceOf(entity.attrs[attr], datasetId);
  if (!instance) throw notThere(entity, attr, datasetId);
  return instance;
}

const notThere = (entity: Entity, attr: string, datasetId: string | undefined): Problem =>
  new Problem(
    'ResourceNotFound',
    `The entity ${entity.id} has no attribute ${attr}${datasetId === undefined ? '' : ` with the datasetId ${datasetId}`}.`,
  );

const stampOf = (entity: Entity, at: Instant): Stamp => ({ at, ownerCreatedAt: entity.createdAt });

const overwriteRule =
  (stamp: Stamp): Rule =>
  (before, fragment) => {
    if (fragment.value !== ngsildNull) return { write: stampInstance(fragment, before, stamp) };
    return before ? { remove: true } : { skip: 'There is no such attribute instance to delete.' };
  };

const union = (a: readonly string[], b: readonly string[]): readonly string[] => [...new Set([...a, ...b])];

/** The entity after a fragment's types, scope and expiry and a draft's attributes are in force (clause 4.16: types only grow). */
function settle(
  current: Entity,
  fragment: EntityFragment,
  { at, draft, notUpdated = [] }: { at: Instant; draft: Draft; notUpdated?: readonly NotUpdated[] },
): Mutated {
  const { scope, expiresAt, ...kept } = current;
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
    !sameJson(base.types, current.types) ||
    !sameJson(base.scope, scope) ||
    base.expiresAt !== expiresAt;
  if (!isTouched) return { outcome: { status: 'unchanged', updated: [], notUpdated: reports } };
  const result = updated(current, base, { at, changes: draft.changes, time: scopeTime(fragment) });
  return { ...result, outcome: { status: 'updated', updated: draft.updated, notUpdated: reports } };
}

interface Updating {
  readonly at: Instant;
  readonly changes: readonly AttributeChange[];
  readonly time?: Pick<Change, 'scopeObservedAt'>;
}

function updated(current: Entity, base: Entity, { at, changes, time }: Updating): Mutated {
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
