/** Implements every write: takes the current entity and a mutation, returns the next entity and the change. Stores only save the result. */
import { type Attributes, type Fragments, ngsildNull } from './attribute.ts';
import type { Change } from './change.ts';
import { instanceOf } from './dataset.ts';
import { changeOf, deletionsOf, draftAttributes, type Rule } from './draft.ts';
import type { Entity, EntityFragment } from './entity.ts';
import type { Instant } from './instant.ts';
import { stringsOf } from './json.ts';
import { addedInstance, mergeInstance } from './merge.ts';
import { deleteAttribute, partialUpdate, removeAttributes, replaceAttribute, setValue } from './mutate-attribute.ts';
import { assign, unassign } from './v2/assign.ts';
import type { Mutation, NotUpdated } from './mutation.ts';
import { badData, Problem } from './problem.ts';
import { given, type Mutated, overwriteRule, scopeTime, applyDraft, stampOf, union, updated } from './apply-draft.ts';
import { isOlder } from './stamp.ts';

/**
 * Applies a mutation to the current entity (undefined: the entity does not exist). Pure; `at` is the time of the write.
 * An invalid mutation gives the outcome `refused` and no change.
 */
export function mutate(current: Entity | undefined, mutation: Mutation, at: Instant): Mutated {
  try {
    return applyMutation(current, mutation, at);
  } catch (error) {
    if (error instanceof Problem) return { outcome: { status: 'refused', problem: error.report } };
    throw error;
  }
}

function applyMutation(current: Entity | undefined, mutation: Mutation, at: Instant): Mutated {
  if (mutation.op === 'create') return create(current, mutation, at);
  if (mutation.op === 'copy') return copy(current, mutation.entity, at);
  if (mutation.op === 'observe') return observe(current, mutation, at);
  if (current) return changePresent(current, mutation, at);
  const entity = mutation.op === 'upsert' ? mutation.entity : mutation.op === 'assign' ? mutation.creates : undefined;
  if (entity) return create(undefined, { id: mutation.id, entity }, at);
  throw notFound(mutation.id);
}

type OfPresent = Exclude<Mutation, { readonly op: 'create' | 'copy' | 'observe' }>;

function changePresent(current: Entity, mutation: OfPresent, at: Instant): Mutated {
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
    case 'update':
      return overwrite(current, mutation.fragment, { at, scope: 'if there' });
    case 'merge':
      return merge(current, mutation, at);
    case 'delete':
      return remove(current, at);
    default:
      return changeAttributes(current, mutation, at);
  }
}

type OfAttributes = Extract<
  Mutation,
  { readonly op: 'partialUpdate' | 'replaceAttr' | 'setValue' | 'deleteAttr' | 'removeAttrs' | 'assign' | 'unassign' }
>;

function changeAttributes(current: Entity, mutation: OfAttributes, at: Instant): Mutated {
  switch (mutation.op) {
    case 'partialUpdate':
      return partialUpdate(current, mutation, at);
    case 'replaceAttr':
      return replaceAttribute(current, mutation, at);
    case 'setValue':
      return setValue(current, mutation, at);
    case 'deleteAttr':
      return deleteAttribute(current, mutation, at);
    case 'removeAttrs':
      return removeAttributes(current, mutation, at);
    case 'assign':
      return assign(current, mutation, at);
    case 'unassign':
      return unassign(current, mutation, at);
  }
}

/** The problem of a creation: an entity with this id exists. */
export const alreadyExists = (id: string): Problem =>
  new Problem('AlreadyExists', `An entity with the id ${id} exists already.`);

const notFound = (id: string): Problem => new Problem('ResourceNotFound', `No entity has the id ${id}.`);

function create(
  current: Entity | undefined,
  { id, entity }: { id: string; entity: EntityFragment },
  at: Instant,
): Mutated {
  if (current) throw alreadyExists(id);
  if (!entity.types || entity.types.length === 0) throw badData(`The entity ${id} needs a type.`);
  const draft = draftAttributes({}, entity.attrs, overwriteRule({ at, ownerCreatedAt: at }));
  const { owner } = entity;
  const next: Entity = {
    id,
    types: entity.types,
    ...given(entity),
    createdAt: at,
    ...(owner === undefined ? undefined : { owner }),
    attrs: draft.attrs,
  };
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

function copy(current: Entity | undefined, entity: Entity, at: Instant): Mutated {
  if (current) return { outcome: { status: 'unchanged' } };
  const change: Change = { id: entity.id, at, event: 'created', entity, attrs: [], scopeChanged: false };
  return { outcome: { status: 'created' }, change, next: entity };
}

/** Clause 5.6.18. Existing instances keep their `createdAt` (clause 4.8). */
function replace(current: Entity, entity: EntityFragment, at: Instant): Mutated {
  const draft = draftAttributes(current.attrs, entity.attrs, overwriteRule(stampOf(current, at)));
  const written = writtenInstances(draft.attrs, entity.attrs);
  const gone = Object.entries(draft.attrs).flatMap(([name, instances]) =>
    instances
      .filter((instance) => instanceOf(written[name], instance.datasetId) !== instance)
      .flatMap((instance) => changeOf(name, instance, undefined)),
  );
  const base: Entity = {
    id: current.id,
    types: entity.types ?? current.types,
    ...given(entity),
    createdAt: current.createdAt,
    ...(current.owner === undefined ? undefined : { owner: current.owner }),
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

/** Whole instances replace existing instances; the NGSI-LD Null deletes (clauses 5.6.2, 5.6.3). */
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
  return applyDraft(current, lost || newScope === undefined ? rest : fragment, { at, draft, notUpdated: refusedScope });
}

/** Like `overwrite`, but an instance with a later `observedAt` stays. */
function observe(current: Entity | undefined, mutation: Extract<Mutation, { op: 'observe' }>, at: Instant): Mutated {
  const { id, entity, since } = mutation;
  const isFirstScope = current?.scope === undefined && entity.scope !== undefined;
  const fragment = isFirstScope && since !== undefined ? { scopeObservedAt: since, ...entity } : entity;
  if (!current && mutation.create) return create(current, { id, entity: fragment }, at);
  if (!current) throw notFound(id);
  const write = overwriteRule(stampOf(current, at));
  const rule: Rule = (before, one, name) => (before && isOlder(one, before) ? 'ignore' : write(before, one, name));
  return applyDraft(current, fragment, { at, draft: draftAttributes(current.attrs, fragment.attrs, rule) });
}

/** Clause 5.6.3 with noOverwrite: existing instances stay and are reported; scopes are united. */
function appendMissing(current: Entity, fragment: EntityFragment, at: Instant): Mutated {
  const write = overwriteRule(stampOf(current, at));
  const rule: Rule = (before, one, name) =>
    before ? { skip: 'The attribute instance exists already.' } : write(before, one, name);
  const draft = draftAttributes(current.attrs, fragment.attrs, rule);
  const { scope, ...rest } = fragment;
  if (scope === undefined) return applyDraft(current, fragment, { at, draft });
  if (scope === ngsildNull) return applyDraft(current, rest, { at, draft, notUpdated: keptScope });
  const present = stringsOf(current.scope ?? []);
  const united = union(present, stringsOf(scope));
  return applyDraft(current, united.length === present.length ? rest : { ...rest, scope: united }, { at, draft });
}

const keptScope: readonly NotUpdated[] = [
  { attributeName: 'scope', reason: 'What is there is not overwritten, and so not deleted either.' },
];

function merge(current: Entity, { fragment, options = {} }: Extract<Mutation, { op: 'merge' }>, at: Instant): Mutated {
  const stamp = stampOf(current, at);
  const rule: Rule = (before, one, name) => {
    if (one.value === ngsildNull) return before ? { remove: true } : 'ignore';
    return {
      write: before
        ? mergeInstance(before, one, { stamp, options, where: name })
        : addedInstance(one, { stamp, where: name }),
    };
  };
  return applyDraft(current, fragment, { at, draft: draftAttributes(current.attrs, fragment.attrs, rule) });
}

/** Clause 5.6.6. The change carries the entity as it was before the deletion. */
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
