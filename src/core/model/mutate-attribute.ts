/**
 * Implements writes to one attribute of an existing entity, and the removal of several attributes (CIM 009 clauses 5.6.4, 5.6.5, 5.6.19,
 * 5.6.21).
 */
import { type Fragment, type Instance, ngsildNull } from './attribute.ts';
import { draftAttributes, type Rule } from './draft.ts';
import type { Entity, Terms } from './entity.ts';
import type { Instant } from './instant.ts';
import type { Json } from './json.ts';
import { mergeInstance } from './merge.ts';
import type { Mutation } from './mutation.ts';
import { badData, Problem } from './problem.ts';
import { readValue } from './read/value.ts';
import { existingInstance, type Mutated, notThere, overwriteRule, applyDraft, stampOf } from './apply-draft.ts';

type OfAttribute = Extract<Mutation, { op: 'partialUpdate' | 'replaceAttr' }>;

/** Clause 5.6.4: given members overwrite, other members stay. Values are replaced, not merged. */
export function partialUpdate(current: Entity, mutation: OfAttribute, at: Instant): Mutated {
  for (const { kind, before } of presentInstances(current, mutation)) {
    if (kind !== undefined && kind !== before.kind)
      throw badData(`The attribute ${mutation.attr} is a ${before.kind}; a partial update cannot make it a ${kind}.`);
  }
  return writeAttribute(current, mutation, { at, rule: partialRule(current, mutation.attr, at) });
}

function partialRule(current: Entity, attr: string, at: Instant): Rule {
  const how = { stamp: stampOf(current, at), options: {}, where: attr };
  return (present, one) => {
    if (one.value === ngsildNull || !present) return { remove: true };
    const merged = mergeInstance(present, one, how);
    return { write: one.value === undefined ? merged : { ...merged, value: one.value } };
  };
}

/** Clause 5.6.19. */
export function replaceAttribute(current: Entity, mutation: OfAttribute, at: Instant): Mutated {
  presentInstances(current, mutation);
  return writeAttribute(current, mutation, { at, rule: overwriteRule(stampOf(current, at)) });
}

type SetValue = Extract<Mutation, { op: 'setValue' }>;

/** The value alone is replaced; kind, unit, datasetId and sub-attributes stay. */
export function setValue(current: Entity, mutation: SetValue, at: Instant): Mutated {
  const { id, attr } = mutation;
  const written = { op: 'partialUpdate', id, attr, fragments: [valueFragment(current, mutation)] } as const;
  return writeAttribute(current, written, { at, rule: partialRule(current, attr, at) });
}

/** What a new value writes to an instance of the entity. Throws ResourceNotFound, and BadRequestData for a value that does not fit its kind. */
export function valueFragment(current: Entity, { attr, json, vocab, datasetId, observedAt }: SetValue): Fragment {
  const { kind } = existingInstance(current, attr, datasetId);
  return {
    kind,
    value: valueOf(kind, kind === 'VocabProperty' ? vocab : json, attr),
    observedAt: observedAt ?? ngsildNull,
    ...(datasetId === undefined ? undefined : { datasetId }),
  };
}

/** null is a value of JSON, thus of a JsonProperty, and of no other kind. */
function valueOf(kind: Instance['kind'], json: Json, attr: string): Json {
  if (json === null && kind === 'JsonProperty') return json;
  if (json === null || json === ngsildNull)
    throw new Problem(
      'InvalidRequest',
      `The value of the ${kind} ${attr} cannot be null; delete the attribute instead.`,
    );
  return readValue(kind, json, { terms: expandedTerms, nulls: 'forbidden', where: attr, isSimplified: false });
}

/** Names that are expanded already. */
const expandedTerms: Terms = {
  expand: (term) => term,
  compact: (iri) => iri,
  compactVocab: (iri) => iri,
  defines: () => true,
};

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
