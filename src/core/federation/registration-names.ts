/** Rewrites the names in a registration: expanded to be stored, compacted to be shown. A value that is not a name stays unchanged. */
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import { inMember } from '../model/read/member.ts';
import { registrationOutputs } from './registration.ts';

/** Functions that expand or compact a name. */
export interface NameMapping {
  readonly type: (name: string) => string;
  readonly attr: (name: string) => string;
}

/** The members of a registration in the standard. Any other one is a Context Source Property of the client. */
const standardMembers = new Set(
  [
    ...registrationOutputs,
    'id type @context registrationName description information endpoint mode operations datasetId location tenant scope',
    'observationSpace operationSpace observationInterval managementInterval contextSourceInfo contextSourceAlias',
    'management localOnly refreshRate expiresAt',
  ].flatMap((names) => names.split(' ')),
);

export const isStandardMember = (name: string): boolean => standardMembers.has(name);

/** The members with their names rewritten. Throws what the mapping throws, naming the member. */
export function mapRegistrationNames(members: JsonObject, mapping: NameMapping): JsonObject {
  return Object.fromEntries(
    Object.entries(members).map(([name, json]) => {
      if (name === 'information')
        return [name, inMember(name, () => mapEach(json, (one) => mapInformation(one, mapping)))];
      return [isStandardMember(name) ? name : inMember(name, () => mapping.attr(name)), json];
    }),
  );
}

/** The lists of attribute names in a RegistrationInfo. */
export const attributeLists = ['propertyNames', 'relationshipNames', 'attributeNames'] as const;

function mapInformation(json: Json, { type, attr }: NameMapping): Json {
  if (!isObject(json)) return json;
  const lists = attributeLists.flatMap((list) =>
    json[list] === undefined ? [] : [[list, inMember(list, () => mapTexts(json[list] ?? null, attr))] as const],
  );
  const { entities } = json;
  return {
    ...json,
    ...(entities === undefined ? undefined : { entities: mapEach(entities, (one) => mapEntityInfo(one, type)) }),
    ...Object.fromEntries(lists),
  };
}

const mapEntityInfo = (json: Json, type: NameMapping['type']): Json =>
  isObject(json) && json['type'] !== undefined ? { ...json, type: mapTexts(json['type'], type) } : json;

const mapEach = (json: Json, map: (one: Json) => Json): Json => (isArray(json) ? json.map(map) : json);

function mapTexts(json: Json, map: (name: string) => string): Json {
  if (typeof json === 'string') return map(json);
  return isArray(json) ? json.map((one) => (typeof one === 'string' ? map(one) : one)) : json;
}

/** The names that the lists of a RegistrationInfo had in early versions of the standard. */
const earlierLists: Readonly<Record<string, string>> = {
  properties: 'propertyNames',
  relationships: 'relationshipNames',
};

/** A registration, or a patch of one, with the present names of its lists. A list that has its present name too takes precedence. */
export function withPresentLists(json: JsonObject): JsonObject {
  const { information } = json;
  return isArray(information) ? { ...json, information: information.map(renamed) } : json;
}

function renamed(json: Json): Json {
  if (!isObject(json)) return json;
  const present = (name: string): string => (Object.hasOwn(earlierLists, name) ? (earlierLists[name] ?? name) : name);
  return Object.fromEntries(
    Object.entries(json).flatMap(([name, member]) =>
      present(name) !== name && json[present(name)] !== undefined ? [] : [[present(name), member]],
    ),
  );
}
