/**
 * Implements writes to one attribute of an existing entity, and the removal of several attributes (CIM 009 clauses 5.6.4, 5.6.5, 5.6.19,
 * 5.6.21).
 */
import { type Instance, ngsildNull } from './attribute.ts';
import { draftAttributes, type Rule } from './draft.ts';
import type { Entity } from './entity.ts';
import type { Instant } from './instant.ts';
import { mergeInstance } from './merge.ts';
import type { Mutation } from './mutation.ts';
import { badData, Problem } from './problem.ts';
import { existingInstance, type Mutated, notThere, overwriteRule, applyDraft, stampOf } from './apply-draft.ts';

type OfAttribute = Extract<Mutation, { op: 'partialUpdate' | 'replaceAttr' }>;

/** Clause 5.6.4: given members overwrite, other members stay. Values are replaced, not merged. */
export function partialUpdate(current: Entity, mutation: OfAttribute, at: Instant): Mutated {
  for (const { kind, before } of presentInstances(current, mutation)) {
    if (kind !== undefined && kind !== before.kind)
      throw badData(`The attribute ${mutation.attr} is a ${before.kind}; a partial update cannot make it a ${kind}.`);
  }
  const how = { stamp: stampOf(current, at), options: {}, where: mutation.attr };
  const rule: Rule = (present, one) => {
    if (one.value === ngsildNull || !present) return { remove: true };
    const merged = mergeInstance(present, one, how);
    return { write: one.value === undefined ? merged : { ...merged, value: one.value } };
  };
  return writeAttribute(current, mutation, { at, rule });
}

/** Clause 5.6.19. */
export function replaceAttribute(current: Entity, mutation: OfAttribute, at: Instant): Mutated {
  presentInstances(current, mutation);
  return writeAttribute(current, mutation, { at, rule: overwriteRule(stampOf(current, at)) });
}

function writeAttribute(
  current: Entity,
  { attr, fragments }: OfAttribute,
  { at, rule }: { at: Instant; rule: Rule },
): Mutated {
  const attrs = { [attr]: fragments };
  return applyDraft(current, { attrs }, { at, draft: draftAttributes(current.attrs, attrs, rule) });
}

/**
 * The existing instances that the fragments address, each with the kind that its fragment gives. Throws ResourceNotFound when an instance
 * does not exist.
 */
function presentInstances(current: Entity, { attr, fragments, isWrapped }: OfAttribute): readonly Given[] {
  return fragments.map(({ kind, datasetId }) => {
    const before = existingInstance(current, attr, datasetId);
    if (isWrapped === true && before.attrs?.[attr] === undefined)
      throw badData(`The body must be the attribute ${attr} itself, without a member of that name around it.`);
    return { kind, before };
  });
}

interface Given {
  readonly kind: Instance['kind'] | undefined;
  readonly before: Instance;
}

/** Clause 5.6.5. */
export function deleteAttribute(
  current: Entity,
  { attr, which }: Extract<Mutation, { op: 'deleteAttr' }>,
  at: Instant,
): Mutated {
  if (attr === 'scope') {
    if (current.scope === undefined) throw new Problem('ResourceNotFound', `The entity ${current.id} has no scope.`);
    return applyDraft(
      current,
      { scope: ngsildNull, attrs: {} },
      { at, draft: draftAttributes(current.attrs, {}, () => 'ignore') },
    );
  }
  const chosen = which === 'all' ? (current.attrs[attr] ?? []) : [existingInstance(current, attr, which.datasetId)];
  if (chosen.length === 0) throw notThere(current, attr, undefined);
  const draft = draftAttributes(current.attrs, { [attr]: chosen }, () => ({ remove: true }));
  return applyDraft(current, { attrs: {} }, { at, draft });
}

/** Clause 5.6.21. */
export function removeAttributes(
  current: Entity,
  { attrs, which }: Extract<Mutation, { op: 'removeAttrs' }>,
  at: Instant,
): Mutated {
  const named = new Set(attrs);
  const chosen = Object.fromEntries(
    Object.entries(current.attrs).filter(([name]) => named.has(name) === (which === 'these')),
  );
  return applyDraft(
    current,
    { attrs: {} },
    { at, draft: draftAttributes(current.attrs, chosen, () => ({ remove: true })) },
  );
}
