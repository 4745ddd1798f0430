/** Implements the writes of NGSI v2 (`AssignMutation`, `UnassignMutation`) on an existing entity. */
import { type Fragment, type Fragments, type Instance, ngsildNull } from '../attribute.ts';
import { applyDraft, type Mutated, stampOf } from '../apply-draft.ts';
import type { AttributeChange } from '../change.ts';
import type { Assignment, Assignments, AssignMutation, AssignRule, Content, UnassignMutation } from './assignment.ts';
import { instanceOf } from '../dataset.ts';
import { draftAttributes, type Rule } from '../draft.ts';
import type { Entity } from '../entity.ts';
import type { Instant } from '../instant.ts';
import { type Json, sameJson } from '../json.ts';
import { initialType } from './initial-type.ts';
import { type Stamp, stampInstance } from '../stamp.ts';
import { applyOperations } from './update-operation.ts';

/** The reasons of attributes that were not updated. */
const notThereReason = 'The attribute does not exist.';
const thereReason = 'The attribute exists already.';

/** Sets attributes by the rule of the mutation. */
export function assign(current: Entity, { rule, attrs, isForced, ...given }: AssignMutation, at: Instant): Mutated {
  const how = { rule, stamp: stampOf(current, at) };
  const outcomes = new Map(
    Object.entries(attrs).flatMap(([name, assignment]) => outcomesOf(current, { name, assignment }, how)),
  );
  const names = [...(rule === 'replace' ? Object.keys(current.attrs) : []), ...outcomes.keys()];
  const write: Rule = (before, _, name) => outcomes.get(name) ?? (before ? { remove: true } : 'ignore');
  const drafted = draftAttributes(current.attrs, chosen(names), write);
  const draft = isForced ? { ...drafted, changes: drafted.changes.map(forced) } : drafted;
  const expiresAt = given.expiresAt ?? (rule === 'replace' ? ngsildNull : undefined);
  return applyDraft(current, { attrs: {}, ...present({ expiresAt }) }, { at, draft });
}

/** What was written again as a change, although nothing is different. */
const forced = (change: AttributeChange): AttributeChange =>
  change.event === 'rewritten' && change.after ? { ...change, event: 'updated', before: change.after } : change;

interface Named {
  readonly name: string;
  readonly assignment: Assignment;
}

type Outcome = readonly [name: string, outcome: ReturnType<Rule>];

/** What happens to an attribute that the request names, and to the one with the other IRI of this name. */
function outcomesOf(
  current: Entity,
  { name, assignment }: Named,
  { rule, stamp }: { readonly rule: AssignRule; readonly stamp: Stamp },
): readonly Outcome[] {
  const { alias = '' } = assignment;
  const [own, other] = [name, alias].map((iri) => instanceOf(current.attrs[iri], undefined));
  const stored = own ?? other;
  const reason = reasonAgainst(rule, { isStored: stored !== undefined, isShown: isPresent(current, name, assignment) });
  if (reason !== undefined) return [[name, { skip: reason }]];
  // With the rule replace, an operator computes as on creation.
  const isNew = rule === 'replace' && assignment.operations !== undefined;
  const fragment = assigned(assignment, isNew ? undefined : stored);
  if (!fragment) return [];
  const outcome = { write: stampInstance(fragment, stored, stamp) };
  if (own || !other) return [[name, outcome]];
  // An attribute that keeps its kind keeps its IRI.
  return other.kind === fragment.kind
    ? [[alias, outcome]]
    : [
        [name, outcome],
        [alias, { remove: true }],
      ];
}

function reasonAgainst(
  rule: AssignRule,
  { isStored, isShown }: { readonly isStored: boolean; readonly isShown: boolean },
): string | undefined {
  if (rule === 'appendMissing' && isStored) return thereReason;
  return rule === 'update' && !isShown ? notThereReason : undefined;
}

/** An attribute of which only instances of other datasets exist is one that v2 shows. */
const isPresent = ({ attrs }: Entity, name: string, { alias }: Assignment): boolean =>
  Object.hasOwn(attrs, name) || (alias !== undefined && Object.hasOwn(attrs, alias));

/** The default instances of these attributes, in the shape that `draftAttributes` takes. */
const chosen = (names: readonly string[]): Fragments => Object.fromEntries(names.map((name) => [name, [{}]]));

/** Removes attributes. */
export function unassign(current: Entity, { attrs, removesExpiry }: UnassignMutation, at: Instant): Mutated {
  const rule: Rule = (before) => (before ? { remove: true } : { skip: notThereReason });
  const draft = draftAttributes(current.attrs, chosen(attrs), rule);
  return applyDraft(current, { attrs: {}, ...(removesExpiry ? { expiresAt: ngsildNull } : undefined) }, { at, draft });
}

/** The instance that an assignment makes of the stored one; undefined when an operator makes none. */
function assigned(assignment: Assignment, before: Instance | undefined): Fragment | undefined {
  const content = contentOf(assignment, before);
  if (!content) return undefined;
  const kept =
    before?.kind === content.kind && before.objectType !== undefined ? { objectType: before.objectType } : {};
  const isSame = before !== undefined && before.kind === content.kind && sameJson(before.value, content.value);
  const attrs = metadataOf(assignment, before);
  return {
    ...content,
    ...kept,
    ...membersOf(assignment, before, isSame),
    ...(Object.keys(attrs).length > 0 ? { attrs } : undefined),
  };
}

/** The kind of the stored attribute stays when the value fits it. */
function contentOf(assignment: Assignment, before: Instance | undefined): Content | undefined {
  const { content, alternatives = [], operations, initialTypes } = assignment;
  if (operations) return operatedContent(assignment, before);
  if (!before) return content;
  const { kind, valueType } = before;
  const fitting = alternatives.find(
    (one) => one.kind === kind && (kind !== 'Property' || initialTypes !== undefined) && fitsType(one, before),
  );
  if (fitting) return withType(fitting, valueType);
  if (!initialTypes || kind !== content.kind) return content;
  return withType(content, valueType ?? initialTypeKept(before.value, content.value, initialTypes));
}

/** The type of a value without a `valueType`, when another value would have another type without one. */
function initialTypeKept(
  before: Json,
  after: Json,
  types: NonNullable<Assignment['initialTypes']>,
): string | undefined {
  const type = initialType(before);
  return type === initialType(after) ? undefined : types[type];
}

/** A geometry in an old form is only for an attribute of that type, and so is a date. */
const fitsType = ({ kind, valueType }: Content, before: Instance): boolean =>
  (kind !== 'GeoProperty' && kind !== 'Property') || valueType === before.valueType;

const withType = ({ kind, value }: Content, valueType: string | undefined): Content => ({
  kind,
  value,
  ...(valueType === undefined ? undefined : { valueType }),
});

function operatedContent({ content, operations = [] }: Assignment, before: Instance | undefined): Content | undefined {
  const value = applyOperations(operations, before);
  if (value === undefined) return undefined;
  const { kind = 'Property' } = before ?? {};
  return withType({ kind, value }, content.valueType ?? before?.valueType);
}

/** A new value does not take place at the time at which the old one was observed. */
function membersOf(assignment: Assignment, before: Instance | undefined, isSame: boolean): Fragment {
  const { observedAt, unitCode, expiresAt } = assignment;
  const stored = assignment.metadata === 'keep' ? before : undefined;
  return {
    ...(stored && present({ unitCode: stored.unitCode, expiresAt: stored.expiresAt })),
    ...(stored && isSame ? present({ observedAt: stored.observedAt }) : undefined),
    ...present({ observedAt, unitCode, expiresAt }),
  };
}

type Times = Pick<Fragment, 'observedAt' | 'unitCode' | 'expiresAt'>;

/** The members that have a value. */
const present = (members: { readonly [K in keyof Times]: string | undefined }): Times =>
  Object.fromEntries(Object.entries(members).filter(([, member]) => member !== undefined));

/** The sub-attributes: given ones replace the default instance of stored ones and keep what is below them. */
function metadataOf({ attrs, metadata }: Assignment, before: Instance | undefined): Fragments {
  const stays: Fragments = metadata === 'keep' ? (before?.attrs ?? {}) : {};
  const written = Object.entries(attrs).map(([name, given]) => {
    const stored = before?.attrs?.[name] ?? [];
    const below = instanceOf(stored, undefined)?.attrs;
    const others = stored.filter(({ datasetId }) => datasetId !== undefined);
    return [name, [...given.map((one) => (below ? { ...one, attrs: below } : one)), ...others]] as const;
  });
  return { ...stays, ...Object.fromEntries(written) };
}

/** The attributes of an entity that assignments create. */
export const createdAttributes = (attrs: Assignments): Fragments =>
  Object.fromEntries(
    Object.entries(attrs).flatMap(([name, assignment]) => {
      const fragment = assigned(assignment, undefined);
      return fragment ? [[name, [fragment]] as const] : [];
    }),
  );
