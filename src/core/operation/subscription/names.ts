/** Writes the names in a subscription otherwise: expanded to be kept, short to be shown. What is no name where one should be stays as it is. */
import { isArray, isObject, type Json, type JsonObject } from '../../model/json.ts';
import { inMember } from '../../model/read/member.ts';

/** How names are written. */
export interface Spelling {
  readonly type: (name: string) => string;
  readonly attr: (name: string) => string;
}

type Rewrite = (json: Json, spelling: Spelling) => Json;

/** The members with names, `q` and `csf` aside, whose names are in a language of their own. */
const rewrites = new Map(
  Object.entries<Rewrite>({
    entities: (json, { type }) => (isArray(json) ? json.map((selector) => spellSelector(selector, type)) : json),
    watchedAttributes: (json, { attr }) => spellEach(json, attr),
    geoQ: (json, { attr }) => spellMember(json, 'geoproperty', attr),
    expandValues: (json, { attr }) => spellText(json, attr),
    jsonKeys: (json, { attr }) => spellText(json, attr),
    notification: (json, { attr }) =>
      ['attributes', 'pick', 'omit'].reduce((spelt, name) => spellMember(spelt, name, attr), json),
  }),
);

/** The members of a subscription with their names spelt otherwise. */
export const spellMembers = (members: JsonObject, spelling: Spelling): JsonObject =>
  Object.fromEntries(
    Object.entries(members).map(([name, json]) => [
      name,
      inMember(name, () => rewrites.get(name)?.(json, spelling) ?? json),
    ]),
  );

type Spell = (name: string) => string;

function spellSelector(json: Json, spell: Spell): Json {
  if (!isObject(json) || typeof json['type'] !== 'string') return json;
  const type = json['type'].replace(/[^\s,;|()]+/g, (name) => (name === '*' ? name : spell(name)));
  return { ...json, type };
}

function spellMember(json: Json, member: string, spell: Spell): Json {
  if (!isObject(json) || json[member] === undefined) return json;
  return { ...json, [member]: inMember(member, () => spellEach(json[member] ?? null, spell)) };
}

const spellEach = (json: Json, spell: Spell): Json =>
  isArray(json) ? json.map((element) => spellText(element, spell)) : spellText(json, spell);

/** Members that stand for themselves in lists of what is shown. */
const entityMembers = new Set(['id', 'type', 'scope', 'createdAt', 'modifiedAt', 'deletedAt', 'expiresAt']);

/** Names with commas, bars and braces between them. */
const spellText = (json: Json, spell: Spell): Json =>
  typeof json === 'string'
    ? json.replace(/[^\s,|{}]+/g, (name) => (entityMembers.has(name) ? name : spell(name)))
    : json;
