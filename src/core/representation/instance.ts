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

/** The parts of a view that affect an instance. */
export interface InstanceView extends Pick<View, 'terms' | 'format' | 'sysAttrs' | 'lang'> {
  /** Writes the target entity of a relationship; undefined when it is not available. */
  readonly link?: (id: string) => JsonObject | undefined;
}

/** The attribute as shown: a single instance as itself, several as an array, or as a `dataset` in the simplified representation. */
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

/** The instance as an object, even when the concise representation allows a bare value. */
export function renderObject(instance: Instance, view: InstanceView, ownerCreatedAt: Instant): JsonObject {
  const { kind, value } = shownValue(instance, view);
  return {
    ...(view.format === 'concise' && isTold(kind, value) ? undefined : { type: kind }),
    [valueMember[kind]]: value,
    ...membersOf(instance, view, ownerCreatedAt),
  };
}

/** The value and the kind that are shown: a LanguageProperty becomes a Property when a language was requested. */
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

/** True when the value member alone identifies the kind (clause 4.5.3). It does not for a Property that contains a geometry. */
const isTold = (kind: Kind, value: Json): boolean => kind !== 'Property' || !looksLikeGeometry(value);

/**
 * True when the bare value is read back as the same value (clause 4.5.3). An object is not: a merge could read its members as
 * sub-attributes.
 */
const mayStandBare = (kind: Kind, value: Json): boolean =>
  kind === 'GeoProperty' || (kind === 'Property' && !isObject(value) && !areInstances(value, { merge: 'all' }));

/** All members of an instance except kind and value. */
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

/** Members whose value is shown unchanged, and members whose value is a name to compact. */
const plainMembers = ['unitCode', 'datasetId', 'observedAt', 'entityIdSealed'] as const;
const compactedMembers = ['objectType', 'valueType', 'entityTypeSealed'] as const;

export const expiryOf = ({ expiresAt }: { readonly expiresAt?: Instant }): JsonObject =>
  expiresAt === undefined ? {} : { expiresAt };

/** `entity` or `entityList` next to the URIs (clause 4.5.23), with the target entities that are available. */
function linkedEntities({ kind, value }: Instance, link: (id: string) => JsonObject | undefined): JsonObject {
  const entities = targetsOf({ kind, value }).flatMap((id) => link(id) ?? []);
  if (entities.length === 0) return {};
  if (kind === 'ListRelationship') return { entityList: entities };
  return { entity: typeof value === 'string' ? (entities[0] ?? null) : entities };
}

/** Members of an instance that could be confused with a sub-attribute: a sub-attribute with such a name is shown by its IRI. */
const takenNames = new Set(['vocab', 'json', 'entity', 'entityList', 'lang']);

function subName(iri: string, terms: Terms): string {
  const name = terms.compact(iri);
  return takenNames.has(name) ? iri : name;
}

/** Writes sub-attributes. Relationships among them are not followed. */
const renderAttributes = (attrs: Attributes, { link: _, ...view }: InstanceView, ownerCreatedAt: Instant): JsonObject =>
  Object.fromEntries(
    Object.entries(attrs).map(([name, instances]) => [
      subName(name, view.terms),
      renderInstances(instances, view, ownerCreatedAt),
    ]),
  );

/** The simplified representation (clause 4.5.4): a value, wrapped in an object when its kind would otherwise be lost. */
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

/** URIs; each is replaced by its entity when that is available. */
function linkedValue(value: Json, link: (id: string) => JsonObject | undefined): Json {
  if (typeof value === 'string') return link(value) ?? value;
  return isStrings(value) ? value.map((id) => link(id) ?? id) : value;
}
