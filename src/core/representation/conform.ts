/** Converts an entity to an older version of the standard, for consumers that do not support a newer one (CIM 009 clause 4.3.6.8). */
import type { Attributes, Instance, Kind } from '../model/attribute.ts';
import type { AttributeChange, Change } from '../model/change.ts';
import type { Entity, Terms } from '../model/entity.ts';
import { isStrings, type Json } from '../model/json.ts';

/** The minor number of a version 1.x. */
export type MinorVersion = number;

/** The version of the standard that the broker implements. */
export const ownVersion: MinorVersion = 9;

/**
 * The version in a text such as `1.3` or `1.3.1`; the broker's own version when it is newer than that. Undefined when the text is not a
 * version of the standard.
 */
export function readVersion(text: string): MinorVersion | undefined {
  const [, major, minor] = /^([1-9]\d{0,2})\.(\d{1,3})(?:\.\d{1,3})?$/.exec(text) ?? [];
  if (major === undefined) return undefined;
  return Number(major) > 1 ? ownVersion : Math.min(Number(minor), ownVersion);
}

/** The version that introduced each kind, and the closest older kind. */
const newerKinds: Readonly<Partial<Record<Kind, { readonly since: MinorVersion; readonly plainer: Kind }>>> = {
  LanguageProperty: { since: 4, plainer: 'Property' },
  JsonProperty: { since: 8, plainer: 'Property' },
  VocabProperty: { since: 8, plainer: 'Property' },
  ListProperty: { since: 8, plainer: 'Property' },
  ListRelationship: { since: 8, plainer: 'Relationship' },
};

/** The version that introduced each member. */
const newerMembers = [
  ['datasetId', 3],
  ['observedAt', 3],
  ['unitCode', 3],
  ['objectType', 8],
  ['valueType', 9],
  ['expiresAt', 9],
] as const satisfies readonly (readonly [keyof Instance, MinorVersion])[];

/** The entity for a consumer of this version. The same object when nothing has to change. */
export function conform(entity: Entity, version: MinorVersion, terms: Terms): Entity {
  if (version >= ownVersion) return entity;
  const { scope, expiresAt, types, attrs, ...rest } = entity;
  const conformed: Entity = {
    ...rest,
    types: version < 3 ? types.slice(0, 1) : types,
    ...(scope === undefined || version < 4 ? undefined : { scope }),
    attrs: conformAttributes(attrs, version, terms),
  };
  const isSame =
    conformed.attrs === attrs &&
    conformed.types.length === types.length &&
    conformed.scope === scope &&
    expiresAt === undefined;
  return isSame ? entity : conformed;
}

/** The change for a consumer of this version, including removed values. */
export function conformChange<Told extends Change>(change: Told, version: MinorVersion, terms: Terms): Told {
  if (version >= ownVersion) return change;
  const plain = (instance: Instance): Instance => conformInstance(instance, version, terms);
  const attrs = change.attrs.flatMap(({ datasetId, before, after, ...rest }): readonly AttributeChange[] => {
    if (version < 3 && datasetId !== undefined) return [];
    const kept = { ...rest, ...(datasetId === undefined ? undefined : { datasetId }) };
    return [{ ...kept, ...(before && { before: plain(before) }), ...(after && { after: plain(after) }) }];
  });
  return { ...change, entity: conform(change.entity, version, terms), attrs };
}

function conformAttributes(attrs: Attributes, version: MinorVersion, terms: Terms): Attributes {
  const conformed = Object.entries(attrs).map(([name, instances]) => {
    const kept = version < 3 ? [instances.find(({ datasetId }) => datasetId === undefined) ?? instances[0]] : instances;
    return [name, kept.flatMap((instance) => (instance ? [conformInstance(instance, version, terms)] : []))] as const;
  });
  const isSame = conformed.every(
    ([name, plain]) =>
      plain.length === attrs[name]?.length && plain.every((one, index) => one === attrs[name]?.[index]),
  );
  return isSame ? attrs : Object.fromEntries(conformed);
}

function conformInstance(instance: Instance, version: MinorVersion, terms: Terms): Instance {
  const newer = newerKinds[instance.kind];
  const isTooNew = newer !== undefined && version < newer.since;
  const dropped = newerMembers
    .filter(([member, since]) => version < since && instance[member] !== undefined)
    .map(([member]) => member);
  const attrs = instance.attrs && conformAttributes(instance.attrs, version, terms);
  if (!isTooNew && dropped.length === 0 && attrs === instance.attrs) return instance;
  const kept: Partial<Instance> = Object.fromEntries(
    Object.entries(instance).filter(([member]) => !dropped.some((name) => name === member)),
  );
  return {
    ...kept,
    kind: isTooNew ? newer.plainer : instance.kind,
    value: isTooNew && instance.kind === 'VocabProperty' ? compacted(instance.value, terms) : instance.value,
    ...(attrs ? { attrs } : undefined),
  };
}

function compacted(value: Json, terms: Terms): Json {
  if (typeof value === 'string') return terms.compactVocab(value);
  return isStrings(value) ? value.map((term) => terms.compactVocab(term)) : value;
}
