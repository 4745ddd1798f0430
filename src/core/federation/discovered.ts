/** Collects which types and attributes are known, here and at context sources (clauses 5.7.5 to 5.7.10). Pure. */
import type { Terms } from '../model/entity.ts';
import { isArray, isObject, type Json } from '../model/json.ts';
import type { TypeSummary } from '../port/store.ts';
import type { Registration } from './registration.ts';

interface KnownType {
  count: number;
  readonly attrs: Map<string, Set<string>>;
}

interface KnownAttribute {
  count: number;
  readonly kinds: Set<string>;
  readonly types: Set<string>;
}

/** Types with the kinds of their attributes, and attributes with their types. Names are expanded. */
export interface Discovered {
  readonly types: Map<string, KnownType>;
  readonly attrs: Map<string, KnownAttribute>;
}

/** What this broker has. */
export function discoveredIn(types: readonly TypeSummary[]): Discovered {
  const known: Discovered = { types: new Map(), attrs: new Map() };
  for (const { type, entities, attrs } of types) {
    typeIn(known, type).count += entities;
    for (const { name, kinds, entities: count } of attrs) {
      note(known, { type, name, kinds });
      attributeIn(known, name).count += count;
    }
  }
  return known;
}

function typeIn({ types }: Discovered, type: string): KnownType {
  const known = types.get(type) ?? { count: 0, attrs: new Map<string, Set<string>>() };
  types.set(type, known);
  return known;
}

function attributeIn({ attrs }: Discovered, name: string): KnownAttribute {
  const known = attrs.get(name) ?? { count: 0, kinds: new Set<string>(), types: new Set<string>() };
  attrs.set(name, known);
  return known;
}

interface Use {
  readonly type: string;
  readonly name: string;
  readonly kinds?: readonly string[];
}

/** Entities of the type have the attribute. */
function note(known: Discovered, { type, name, kinds = [] }: Use): void {
  const { attrs } = typeIn(known, type);
  const ofType = attrs.get(name) ?? new Set<string>();
  attrs.set(name, ofType);
  const attribute = attributeIn(known, name);
  attribute.types.add(type);
  for (const kind of kinds) {
    ofType.add(kind);
    attribute.kinds.add(kind);
  }
}

/** Whether the registration is about a type or an attribute. */
interface Limits {
  readonly hasType: (type: string) => boolean;
  readonly hasAttribute: (name: string) => boolean;
}

function limitsOf({ information }: Registration): Limits {
  const types = information.map(({ entities }) =>
    entities?.flatMap((one) => (one.types.length > 0 ? one.types : ['*'])),
  );
  const isOfAnyType = types.some((names) => names === undefined || names.includes('*'));
  const named = new Set(types.flatMap((names) => names ?? []));
  const isOfAnyAttribute = information.some(({ attrs }) => attrs === undefined);
  const attrs = new Set(information.flatMap((one) => one.attrs ?? []));
  return {
    hasType: (type) => isOfAnyType || named.has(type),
    hasAttribute: (name) => isOfAnyAttribute || attrs.has(name),
  };
}

/** Adds what a registration says that its source may have. */
export function addDeclared(known: Discovered, { information }: Registration): void {
  for (const { entities = [], attrs = [] } of information) {
    const types = new Set(entities.flatMap((one) => one.types));
    for (const type of types) typeIn(known, type);
    for (const name of attrs) {
      attributeIn(known, name);
      for (const type of types) note(known, { type, name });
    }
  }
}

/** Adds what a source answered, as far as it has registered it. `terms` are those of the answer. */
export function addAnswer(known: Discovered, answer: Json, { registration, terms }: Answering): void {
  const limits = limitsOf(registration);
  for (const document of isArray(answer) ? answer : [answer])
    if (isObject(document)) addDocument(known, document, { limits, terms });
}

interface Answering {
  readonly registration: Registration;
  readonly terms: Terms;
}

interface Reading {
  readonly limits: Limits;
  readonly terms: Terms;
}

function addDocument(known: Discovered, document: { readonly [name: string]: Json }, reading: Reading): void {
  const { typeList, attributeList, typeName, attributeName } = document;
  for (const type of typesOf(typeList, reading)) typeIn(known, type);
  for (const name of attributesOf(attributeList, reading)) attributeIn(known, name);
  if (typeName !== undefined) addType(known, document, reading);
  if (attributeName !== undefined) addAttribute(known, document, reading);
}

function addType(known: Discovered, document: { readonly [name: string]: Json }, reading: Reading): void {
  const { typeName = null, attributeNames, attributeDetails, entityCount } = document;
  const [type] = typesOf([typeName], reading);
  if (type === undefined) return;
  typeIn(known, type).count += countIn(entityCount);
  for (const name of attributesOf(attributeNames, reading)) note(known, { type, name });
  for (const detail of isArray(attributeDetails) ? attributeDetails.filter(isObject) : []) {
    const [name] = attributesOf([detail['attributeName'] ?? null], reading);
    if (name !== undefined) note(known, { type, name, kinds: textsIn(detail['attributeTypes']) });
  }
}

function addAttribute(known: Discovered, document: { readonly [name: string]: Json }, reading: Reading): void {
  const { attributeName = null, attributeTypes, attributeCount, typeNames } = document;
  const [name] = attributesOf([attributeName], reading);
  if (name === undefined) return;
  const attribute = attributeIn(known, name);
  attribute.count += countIn(attributeCount);
  for (const kind of textsIn(attributeTypes)) attribute.kinds.add(kind);
  for (const type of typesOf(typeNames, reading)) note(known, { type, name });
}

const countIn = (json: Json | undefined): number => (typeof json === 'number' && json > 0 ? Math.floor(json) : 0);

const textsIn = (json: Json | undefined): readonly string[] =>
  isArray(json) ? json.filter((one) => typeof one === 'string') : [];

const typesOf = (json: Json | undefined, { limits, terms }: Reading): readonly string[] =>
  textsIn(json)
    .map((name) => terms.expand(name))
    .filter(limits.hasType);

const attributesOf = (json: Json | undefined, { limits, terms }: Reading): readonly string[] =>
  textsIn(json)
    .map((name) => terms.expand(name))
    .filter(limits.hasAttribute);
