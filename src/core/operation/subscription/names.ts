/** Rewrites the names in a subscription: expanded to be stored, compacted to be shown. A value that is not a name stays unchanged. */
import { isArray, isObject, type Json, type JsonObject } from '../../model/json.ts';
import { inMember } from '../../model/read/member.ts';

/** Functions that expand or compact a name. */
export interface NameMapping {
  readonly type: (name: string) => string;
  readonly attr: (name: string) => string;
}

type Rewrite = (json: Json, spelling: NameMapping) => Json;

/** The members that contain names. `q` and `csf` are not among them: their names are part of a query language. */
const rewrites = new Map(
  Object.entries<Rewrite>({
    entities: (json, { type }) => (isArray(json) ? json.map((selector) => spellSelector(selector, type)) : json),
    watchedAttributes: (json, { attr }) => spellEach(json, attr),
    geoQ: (json, { attr }) => spellMember(json, 'geoproperty', attr),
    expandValues: (json, { attr }) => mapText(json, attr),
    jsonKeys: (json, { attr }) => mapText(json, attr),
    notification: (json, { attr }) =>
      ['attributes', 'pick', 'omit'].reduce((spelt, name) => spellMember(spelt, name, attr), json),
  }),
);

/** The members of a subscription with their names rewritten. */
export const mapNames = (members: JsonObject, spelling: NameMapping): JsonObject =>
  Object.fromEntries(
    Object.entries(members).map(([name, json]) => [
      name,
      inMember(name, () => rewrites.get(name)?.(json, spelling) ?? json),
    ]),
  );

type MapName = (name: string) => string;

function spellSelector(json: Json, spell: MapName): Json {
  if (!isObject(json) || typeof json['type'] !== 'string') return json;
  const type = json['type'].replace(/[^\s,;|()]+/g, (name) => (name === '*' ? name : spell(name)));
  return { ...json, type };
}

function spellMember(json: Json, member: string, spell: MapName): Json {
  if (!isObject(json) || json[member] === undefined) return json;
  return { ...json, [member]: inMember(member, () => spellEach(json[member] ?? null, spell)) };
}

const spellEach = (json: Json, spell: MapName): Json =>
  isArray(json) ? json.map((element) => mapText(element, spell)) : mapText(json, spell);

/** Entity members in projection lists, which are not expanded. */
const entityMembers = new Set(['id', 'type', 'scope', 'createdAt', 'modifiedAt', 'deletedAt', 'expiresAt']);

/** Rewrites names separated by commas, bars and braces. */
const mapText = (json: Json, spell: MapName): Json =>
  typeof json === 'string'
    ? json.replace(/[^\s,|{}]+/g, (name) => (entityMembers.has(name) ? name : spell(name)))
    : json;
