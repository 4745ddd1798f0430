/** Writes entities in the representations of NGSI v2: normalized, keyValues, values, unique. */
import type { Entity } from '../model/entity.ts';
import { isObject, type Json, type JsonObject, stringsOf } from '../model/json.ts';
import { entityStamps } from '../model/stamps.ts';
import { v2IdOf } from '../model/v2/id.ts';
import { createJsonSet } from '../model/v2/json-set.ts';
import { allOfUsers } from './builtins.ts';
import { dateText } from './date.ts';
import { attributeName, typeName } from './names.ts';
import { type MetadataView, renderAttribute, shownInstance, typedValue } from './render-attribute.ts';

export interface V2View extends MetadataView {
  readonly format: 'normalized' | 'keyValues' | 'values' | 'unique';
  /** Names, built-in ones too; `*` stands for all that users gave. Absent or empty: those. */
  readonly attrs?: readonly string[] | undefined;
  /** The expanded types that the request asks for: an entity with several types is shown with one of these. */
  readonly types?: readonly string[] | undefined;
  /** Built-in attributes that are known only in a notification, in normalized form. */
  readonly changeAttrs?: JsonObject;
}

/** The entity: an object, or a list of values in the formats `values` and `unique`. */
export const renderV2Entity = (entity: Entity, view: V2View): Json =>
  inFormat(chosenAttributes(entity, view), view, { id: v2IdOf(entity.id), type: shownType(entity, view) });

/** The attributes without id and type, in the format of the view. */
export const renderV2Attributes = (entity: Entity, view: V2View): Json =>
  inFormat(chosenAttributes(entity, view), view, {});

function inFormat(shown: readonly Shown[], { format }: V2View, head: JsonObject): Json {
  switch (format) {
    case 'normalized':
    case 'keyValues':
      return { ...head, ...Object.fromEntries(shown) };
    case 'values':
      return shown.map(([, value]) => value);
    case 'unique':
      return distinct(shown.map(([, value]) => value));
  }
}

function distinct(values: readonly Json[]): readonly Json[] {
  const seen = createJsonSet();
  return values.filter((value) => seen.add(value));
}

/** The type that v2 shows: one that was asked for, else the first. */
function shownType({ types }: Entity, { terms, types: asked }: Pick<V2View, 'terms' | 'types'>): string {
  const type = types.find((one) => asked?.includes(one)) ?? types[0] ?? '';
  return typeName(type, terms);
}

type Shown = readonly [name: string, value: Json];

/** The attributes in the order in which the request names them. */
function chosenAttributes(entity: Entity, view: V2View): readonly Shown[] {
  const own = ownNames(entity, view);
  const all = [...own].map(([name, iri]): Shown => [name, shownAttribute(entity, iri, view)]);
  const { attrs } = view;
  if (attrs === undefined || attrs.length === 0) return all;
  const byName = new Map(all);
  const shown = new Map<string, Json>();
  for (const name of attrs) {
    if (name === allOfUsers) for (const [other, value] of all) shown.set(other, value);
    const value = byName.get(name) ?? builtinValue(name, entity, view);
    if (value !== undefined) shown.set(name, value);
  }
  return [...shown];
}

/** The expanded names of the attributes by their v2 names. */
function ownNames({ attrs }: Entity, { terms }: V2View): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const iri of Object.keys(attrs)) {
    const name = attributeName(iri, terms);
    // Only `location` and its like can name two attributes: the second one is shown by its IRI.
    names.set(names.has(name) ? iri : name, iri);
  }
  return names;
}

function shownAttribute({ attrs, createdAt }: Entity, iri: string, view: V2View): Json {
  const instance = shownInstance(attrs[iri] ?? []);
  if (!instance) return null;
  return view.format === 'normalized'
    ? renderAttribute({ iri, instance, ownerCreatedAt: createdAt }, view)
    : typedValue(instance, view.terms).value;
}

function builtinValue(name: string, entity: Entity, { format, changeAttrs = {} }: V2View): Json | undefined {
  const attribute = builtins.get(name)?.(entity) ?? (Object.hasOwn(changeAttrs, name) ? changeAttrs[name] : undefined);
  if (attribute === undefined || format === 'normalized') return attribute;
  return isObject(attribute) ? attribute['value'] : undefined;
}

type Builtin = (entity: Entity) => JsonObject | undefined;

const builtins: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ['dateCreated', (entity) => dateAttribute(entityStamps(entity).createdAt)],
  ['dateModified', (entity) => dateAttribute(entityStamps(entity).modifiedAt)],
  ['dateExpires', ({ expiresAt }) => (expiresAt === undefined ? undefined : dateAttribute(expiresAt))],
  ['servicePath', (entity) => ({ type: 'Text', value: servicePathOf(entity), metadata: {} })],
]);

const dateAttribute = (instant: string): JsonObject => ({ type: 'DateTime', value: dateText(instant), metadata: {} });

/** The service path of an entity: its first scope, or `/` when it has none. */
export function servicePathOf({ scope }: Pick<Entity, 'scope'>): string {
  const [path = '/'] = stringsOf(scope ?? []);
  return path.startsWith('/') ? path : `/${path}`;
}
