/** Reads the metadata of an attribute of NGSI v2: members of the instance where NGSI-LD has one of this meaning, else sub-attributes. */
import type { Fragments } from '../model/attribute.ts';
import type { Instant } from '../model/instant.ts';
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import { checkIdentifier, checkValue } from './characters.ts';
import { readDate } from './date.ts';
import { metadataIri } from './names.ts';
import { badRequest } from './problem.ts';
import type { V2Reading } from './reading.ts';
import { isDateType, readContent } from './value.ts';

export interface Metadata {
  readonly observedAt?: Instant;
  readonly unitCode?: string;
  readonly expiresAt?: Instant;
  readonly attrs: Fragments;
}

/** One item, checked. */
interface Item {
  readonly name: string;
  readonly value: Json;
  readonly type: string | undefined;
}

/** What notifications tell is not stored. `dateCreated` and `dateModified` are, as in Orion: they are shown in place of the built-in ones. */
const computed: ReadonlySet<string> = new Set(['previousValue', 'actionType']);

/** The metadata in the member `metadata` of an attribute. Throws BadRequest. */
export function readMetadata(json: Json | undefined, reading: V2Reading): Metadata {
  if (json === undefined) return { attrs: {} };
  if (!isObject(json)) throw badRequest('metadata must be a JSON object');
  const items = Object.entries(json)
    .map(([name, item]) => readItem(name, item, reading))
    .filter(({ name }) => !computed.has(name));
  const others = items.filter((item) => memberOf(item) === undefined);
  const observedAt = others.flatMap((item) => (timeNames.has(item.name) ? (dateOf(item) ?? []) : []))[0];
  return items.reduce<Metadata>((read, item) => ({ ...read, ...memberOf(item) }), {
    attrs: subAttributes(others, reading),
    ...(observedAt === undefined ? undefined : { observedAt }),
  });
}

const subAttributes = (items: readonly Item[], { terms }: V2Reading): Fragments =>
  Object.fromEntries(
    items.map(({ name, value, type }) => [
      metadataIri(name, terms),
      [readContent({ value, type, what: 'metadata value' }, terms)],
    ]),
  );

function readItem(name: string, json: Json, { isStrict }: V2Reading): Item {
  checkIdentifier(name, 'metadata name');
  if (!isObject(json)) throw badRequest('metadata must be a JSON object');
  const { value = null, type } = checkMembers(json);
  if (type !== undefined) checkIdentifier(type, 'metadata type');
  const isFree = type === 'TextUnrestricted';
  checkValue(value, { what: 'metadata value', isStrict: isStrict && !isFree });
  return { name, value, type: typeof type === 'string' ? type : undefined };
}

function checkMembers(json: JsonObject): JsonObject {
  if (Object.keys(json).every((member) => member === 'value' || member === 'type')) return json;
  throw badRequest('invalid JSON field for attribute metadata');
}

/** Metadata that tell the time of a value, in addition to `TimeInstant`. They are stored under their names too. */
const timeNames: ReadonlySet<string> = new Set(['timestamp', 'observedAt']);

/** The member of the instance that an item is; undefined when it is a sub-attribute. */
function memberOf(item: Item): Omit<Metadata, 'attrs'> | undefined {
  const { name, value, type } = item;
  if (name === 'unitCode' && typeof value === 'string' && value !== '' && (type ?? 'Text') === 'Text')
    return { unitCode: value };
  const date = name === 'TimeInstant' || name === 'dateExpires' ? dateOf(item) : undefined;
  if (date === undefined) return undefined;
  return name === 'TimeInstant' ? { observedAt: date } : { expiresAt: date };
}

const dateOf = ({ value, type }: Item): Instant | undefined =>
  typeof value === 'string' && type !== undefined && isDateType(type) ? readDate(value) : undefined;
