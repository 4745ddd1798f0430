/** Writes attribute instances in their representations (CIM 009 clauses 4.5.2 to 4.5.4). */
import { type Attributes, type Instance, type Kind, ngsildNull, valueMember } from '../model/attribute.ts';
import type { Terms } from '../model/entity.ts';
import type { Instant } from '../model/instant.ts';
import { looksLikeGeometry } from '../model/geometry.ts';
import { isObject, isStrings, type Json, type JsonObject } from '../model/json.ts';
import { areInstances } from '../model/read/kind.ts';
import { targetsOf } from '../model/relationship.ts';
import { instanceStamps } from '../model/stamps.ts';
import { chooseLanguage } from './language.ts';
import type { View } from './view.ts';

/** What of a view an instance depends on. */
export interface InstanceView extends Pick<View, 'terms' | 'format' | 'sysAttrs' | 'lang'> {
  /** Writes the entity that a relationship leads to; undefined when it is not there. */
  readonly link?: (id: string) => JsonObject | undefined;
}

/** The attribute as it is shown: one instance as itself, several as an array, or in simplified form as a `dataset`. */
export function renderInstances(instances: readonly Instance[], view: InstanceView, ownerCreatedAt: Instant): Json {
  const [first] = instances;
  if (first && instances.length === 1) return renderInstance(first, view, ownerCreatedAt);
  if (view.format !== 'simplified') return instances.map((instance) => renderObject(instance, view, ownerCreatedAt));
  return {
    dataset: Object.fromEntries(
      instances.map((instance) => [instance.datasetId ?? '@none', simplified(instance, view)]),
    ),
  };
}

export function renderInstance(instance: Instance, view: InstanceView, ownerCreatedAt: Instant): Json {
  if (view.format === 'simplified') return simplified(instance, view);
  const object = renderObject(instance, view, ownerCreatedAt);
  if (view.format !== 'concise' || Object.keys(object).length > 1) return object;
  const { kind, value } = shownValue(instance, view);
  return mayStandBare(kind, value) ? value : object;
}

/** The instance as an object, also where a concise one could stand bare. */
export function renderObject(instance: Instance, view: InstanceView, ownerCreatedAt: Instant): JsonObject {
  const { kind, value } = shownValue(instance, view);
  return {
    ...(view.format === 'concise' && isTold(kind, value) ? undefined : { type: kind }),
    [valueMember[kind]]: value,
    ...membersOf(instance, view, ownerCreatedAt),
  };
}

/** The value in the kind in which it is shown: a LanguageProperty becomes a Property where a language was asked for. */
export function shownValue(
  { kind, value }: Instance,
  {
    terms,
    lang,
    format,
  }: Pick<InstanceView, 'terms' | 'format'> & { readonly lang?: InstanceView['lang'] | undefined },
): { kind: Kind; value: Json } {
  if (kind === 'LanguageProperty' && lang) return { kind: 'Property', value: chooseLanguage(value, lang).value };
  if (kind === 'ListRelationship' && format === 'normalized')
    return {
      kind,
      value: isStrings(value) && !value.includes(ngsildNull) ? value.map((object) => ({ object })) : value,
    };
  return { kind, value: kind === 'VocabProperty' ? compacted(value, terms) : value };
}

const compacted = (value: Json, terms: Terms): Json =>
  typeof value === 'string'
    ? terms.compactVocab(value)
    : isStrings(value)
      ? value.map((term) => terms.compactVocab(term))
      : value;

/** True where the value member alone tells the kind (clause 4.5.3): of a Property it does not if it holds a geometry. */
const isTold = (kind: Kind, value: Json): boolean => kind !== 'Property' || !looksLikeGeometry(value);

/**
 * True for a value that, without the object around it, is read back as the same one (clause 4.5.3). An object is not: to a
 * merge it may be sub-attributes.
 */
const mayStandBare = (kind: Kind, value: Json): boolean =>
  kind === 'GeoProperty' || (kind === 'Property' && !isObject(value) && !areInstances(value, { merge: 'all' }));

/** Everything of an instance but kind and value. */
function membersOf(instance: Instance, view: InstanceView, ownerCreatedAt: Instant): JsonObject {
  const { attrs } = instance;
  const members = metadataOf(instance, view.terms);
  if (instance.kind === 'LanguageProperty' && view.lang)
    members['lang'] = chooseLanguage(instance.value, view.lang).lang;
  const stamps = view.sysAttrs || attrs ? instanceStamps(instance, ownerCreatedAt) : undefined;
  if (view.sysAttrs) Object.assign(members, stamps, expiryOf(instance));
  if (view.link) Object.assign(members, linkedEntities(instance, view.link));
  if (attrs && stamps) Object.assign(members, renderAttributes(attrs, view, stamps.createdAt));
  return members;
}

function metadataOf(instance: Instance, terms: Terms): Record<string, Json> {
  const members: Record<string, Json> = {};
  for (const name of plainMembers) {
    const text = instance[name];
    if (text !== undefined) members[name] = text;
  }
  for (const name of compactedMembers) {
    const iri = instance[name];
    if (iri !== undefined) members[name] = compacted(iri, terms);
  }
  return members;
}

/** Members that are shown as they are, and those that hold names. */
const plainMembers = ['unitCode', 'datasetId', 'observedAt', 'entityIdSealed'] as const;
const compactedMembers = ['objectType', 'valueType', 'entityTypeSealed'] as const;

export const expiryOf = ({ expiresAt }: { readonly expiresAt?: Instant }): JsonObject =>
  expiresAt === undefined ? {} : { expiresAt };

/** `entity` or `entityList` beside the URIs (clause 4.5.23): those that are there. */
function linkedEntities({ kind, value }: Instance, link: (id: string) => JsonObject | undefined): JsonObject {
  const entities = targetsOf({ kind, value }).flatMap((id) => link(id) ?? []);
  if (entities.length === 0) return {};
  if (kind === 'ListRelationship') return { entityList: entities };
  return { entity: typeof value === 'string' ? (entities[0] ?? null) : entities };
}

/** Members of an instance that a sub-attribute would be taken for: one whose IRI has such a name is shown by the IRI. */
const takenNames = new Set(['vocab', 'json', 'entity', 'entityList', 'lang']);

function subName(iri: string, terms: Terms): string {
  const name = terms.compact(iri);
  return takenNames.has(name) ? iri : name;
}

/** Sub-attributes; relationships among them are not followed. */
const renderAttributes = (attrs: Attributes, { link: _, ...view }: InstanceView, ownerCreatedAt: Instant): JsonObject =>
  Object.fromEntries(
    Object.entries(attrs).map(([name, instances]) => [
      subName(name, view.terms),
      renderInstances(instances, view, ownerCreatedAt),
    ]),
  );

/** The simplified form (clause 4.5.4): a value, in a wrapper where its kind could not be told otherwise. */
function simplified(instance: Instance, view: InstanceView): Json {
  const { kind, value } = shownValue(instance, view);
  switch (kind) {
    case 'LanguageProperty':
    case 'VocabProperty':
    case 'JsonProperty':
      return { [valueMember[kind]]: value };
    case 'Property':
    case 'GeoProperty':
    case 'ListProperty':
      return value;
    case 'Relationship':
    case 'ListRelationship':
      return view.link ? linkedValue(value, view.link) : value;
  }
}

/** URIs, those of entities that are there replaced by them. */
function linkedValue(value: Json, link: (id: string) => JsonObject | undefined): Json {
  if (typeof value === 'string') return link(value) ?? value;
  return isStrings(value) ? value.map((id) => link(id) ?? id) : value;
}
