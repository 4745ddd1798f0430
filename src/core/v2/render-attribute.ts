/** Writes attributes of the model as attributes of NGSI v2: type, value and metadata. */
import type { Instance } from '../model/attribute.ts';
import type { Terms } from '../model/entity.ts';
import type { Geometry } from '../model/geometry.ts';
import type { Instant } from '../model/instant.ts';
import { isObject, isStrings, type Json, type JsonObject } from '../model/json.ts';
import { instanceStamps } from '../model/stamps.ts';
import { v2IdOf } from '../model/v2/id.ts';
import { allOfUsers, builtinMetadata } from './builtins.ts';
import { dateText } from './date.ts';
import { isSimpleLocationType, writeSimpleLocation } from './location.ts';
import { metadataName, typeName } from './names.ts';
import { initialType, isNullLiteral } from '../model/v2/initial-type.ts';
import { isDateType } from './value.ts';

/** An attribute or a metadata item as v2 shows it, without metadata. */
export interface TypedValue {
  readonly type: string;
  readonly value: Json;
}

/** The metadata that a request asks for. */
export interface MetadataView {
  readonly terms: Terms;
  /** Names, built-in ones too; `*` stands for all that users gave. Absent: those. */
  readonly metadata?: readonly string[] | undefined;
  /** Built-in metadata that are known only in a notification, such as `previousValue`, by the expanded name of the attribute. */
  readonly ofChange?: (iri: string) => JsonObject;
}

/** The instance that v2 shows: the default one, or that of the smallest `datasetId`. */
export function shownInstance(instances: readonly Instance[]): Instance | undefined {
  const [first] = instances;
  if (instances.length <= 1) return first;
  return instances.reduce((best, one) => ((one.datasetId ?? '') < (best.datasetId ?? '') ? one : best));
}

/** The type and the value of an instance. */
export function typedValue({ kind, value, valueType }: Instance, terms: Terms): TypedValue {
  const type = valueType === undefined ? undefined : typeName(valueType, terms);
  switch (kind) {
    case 'Property':
      return ofProperty(value, type, terms);
    case 'GeoProperty':
      return ofLocation(value, type);
    case 'Relationship':
    case 'ListRelationship':
      return { type: kind, value: v2Ids(value) };
    case 'VocabProperty':
      return { type: type ?? kind, value: vocabulary(value, terms) };
    default:
      return { type: type ?? kind, value };
  }
}

function ofProperty(value: Json, type: string | undefined, terms: Terms): TypedValue {
  if (isNullLiteral(value)) return { type: type ?? 'None', value: null };
  if (isObject(value) && '@value' in value) return ofTyped(value, type, terms);
  const shown = type ?? initialType(value);
  return { type: shown, value: isDateType(shown) && typeof value === 'string' ? dateText(value) : value };
}

/** A value with its type in JSON-LD: a date, or a JSON literal. */
function ofTyped(json: JsonObject, type: string | undefined, terms: Terms): TypedValue {
  const { '@value': value = null, '@type': own } = json;
  const named = typeof own === 'string' && own !== '@json' ? typeName(terms.expand(own), terms) : undefined;
  return ofProperty(value, type ?? named ?? initialType(value), terms);
}

function ofLocation(value: Json, type: string | undefined): TypedValue {
  const simple =
    type !== undefined && isSimpleLocationType(type) && isGeometry(value)
      ? writeSimpleLocation(type, value)
      : undefined;
  return simple === undefined || type === undefined ? { type: 'geo:json', value } : { type, value: simple };
}

/** A type guard for the compiler only: the value of a GeoProperty was validated as a geometry when it was read. */
const isGeometry = (value: Json): value is Geometry => isObject(value) && 'coordinates' in value;

const v2Ids = (value: Json): Json =>
  typeof value === 'string' ? v2IdOf(value) : isStrings(value) ? value.map(v2IdOf) : value;

const vocabulary = (value: Json, terms: Terms): Json =>
  typeof value === 'string'
    ? terms.compactVocab(value)
    : isStrings(value)
      ? value.map((term) => terms.compactVocab(term))
      : value;

/** The attribute with its metadata. `iri` is its expanded name, `ownerCreatedAt` the creation time of the entity. */
export const renderAttribute = (
  { iri, instance, ownerCreatedAt }: { iri: string; instance: Instance; ownerCreatedAt: Instant },
  view: MetadataView,
): JsonObject => ({
  ...typedValue(instance, view.terms),
  metadata: chosenMetadata(iri, { instance, ownerCreatedAt }, view),
});

/** The names of a view as a set. It is made once: each attribute of an entity is compared with all of them. */
const sets = new WeakMap<readonly string[], ReadonlySet<string>>();

function setOf(names: readonly string[]): ReadonlySet<string> {
  const known = sets.get(names) ?? new Set(names);
  sets.set(names, known);
  return known;
}

function chosenMetadata(
  iri: string,
  { instance, ownerCreatedAt }: { readonly instance: Instance; readonly ownerCreatedAt: Instant },
  view: MetadataView,
): JsonObject {
  const own = ownMetadata(instance, view.terms);
  const { metadata } = view;
  if (metadata === undefined || metadata.length === 0) return own;
  const { createdAt, modifiedAt } = instanceStamps(instance, ownerCreatedAt);
  const builtin: JsonObject = {
    dateCreated: { type: 'DateTime', value: dateText(createdAt) },
    dateModified: { type: 'DateTime', value: dateText(modifiedAt) },
    ...view.ofChange?.(iri),
  };
  const asked = setOf(metadata);
  const all = asked.has(allOfUsers) ? own : Object.fromEntries(Object.entries(own).filter(([name]) => asked.has(name)));
  const computed = builtinMetadata.filter((name) => asked.has(name) && Object.hasOwn(builtin, name));
  return { ...Object.fromEntries(computed.map((name) => [name, builtin[name] ?? null])), ...all };
}

/** What users gave: sub-attributes, and the members that v2 knows as metadata. */
function ownMetadata(instance: Instance, terms: Terms): JsonObject {
  const { attrs, observedAt, unitCode, expiresAt, datasetId } = instance;
  const shown: Record<string, Json> = {};
  if (unitCode !== undefined) shown['unitCode'] = { type: 'Text', value: unitCode };
  if (datasetId !== undefined) shown['datasetId'] = { type: 'Text', value: datasetId };
  if (expiresAt !== undefined) shown['dateExpires'] = { type: 'DateTime', value: dateText(expiresAt) };
  for (const [iri, instances] of Object.entries(attrs ?? {})) {
    const one = shownInstance(instances);
    if (one) shown[metadataName(iri, terms)] = { ...typedValue(one, terms) };
  }
  if (observedAt !== undefined && !isShownAsTime(shown, dateText(observedAt)))
    shown['TimeInstant'] ??= { type: 'DateTime', value: dateText(observedAt) };
  return shown;
}

/** True when metadata of another name show the same time. */
const isShownAsTime = (shown: JsonObject, time: Instant): boolean =>
  ['timestamp', 'observedAt'].some((name) => {
    const item = Object.hasOwn(shown, name) ? shown[name] : undefined;
    return isObject(item) && item['value'] === time;
  });
