/** Checks entities of files against the data models, in the forms that public examples have. */
import type { Context } from '../../core/jsonld/context.ts';
import { type Contexts, createContexts } from '../../core/jsonld/resolve.ts';
import { kinds, valueMember } from '../../core/model/attribute.ts';
import { isArray, isObject, type Json, type JsonObject } from '../../core/model/json.ts';
import { Problem } from '../../core/model/problem.ts';
import { uriOfV2Id } from '../../core/model/v2/id.ts';
import { readEntity } from '../../core/model/read/entity.ts';
import { isInstance } from '../../core/model/read/kind.ts';
import type { ModelViolation } from '../../core/port/models.ts';
import { knownContexts } from './bundled-contexts.ts';
import { type IndexedFamily, readModelIndex } from './model-index.ts';
import { type CityModels, createModels } from './models.ts';

/**
 * `normalized`: NGSI-LD, normalized or concise; `simplified`: values only, as the simplified representation of NGSI-LD and keyValues of
 * NGSI v2; `v2`: NGSI v2, normalized.
 */
type EntityForm = 'normalized' | 'simplified' | 'v2';

export interface EntityVerdict {
  /** Id and type as the file spells them; empty: not given. */
  readonly id: string;
  readonly type: string;
  readonly form: EntityForm;
  /** False: no type of the entity has a model, so there was nothing to check. */
  readonly hasModel: boolean;
  /** What is wrong, one sentence each. Empty: nothing. */
  readonly faults: readonly string[];
}

/** Checks one entity. Rejects only when a file of the models cannot be read. */
export type CheckEntity = (entity: Json) => Promise<EntityVerdict>;

interface Parts {
  readonly contexts: Contexts;
  readonly models: CityModels;
  readonly families: readonly IndexedFamily[];
}

/** Creates a check with the models of a folder. It downloads nothing. */
export function createEntityCheck(directory: string): CheckEntity {
  const parts: Parts = {
    contexts: createContexts({
      load: (url) => Promise.reject(new Problem('LdContextNotAvailable', `${url} is not bundled.`)),
      known: knownContexts(directory),
    }),
    models: createModels({ directory, modes: { default: 'reject' } }),
    families: readModelIndex(directory).families,
  };
  return (entity) => checkEntity(entity, parts);
}

const textOf = (json: Json | undefined): string =>
  json === undefined ? '' : typeof json === 'string' ? json : JSON.stringify(json);

async function checkEntity(entity: Json, parts: Parts): Promise<EntityVerdict> {
  if (!isObject(entity))
    return { id: '', type: '', form: 'normalized', hasModel: false, faults: ['An entity must be a JSON object.'] };
  const form = formOf(entity);
  const about = { id: textOf(entity['id']), type: textOf(entity['type']), form };
  const terms = await contextOf(entity, parts);
  try {
    const found = form === 'normalized' ? checkNormalized(entity, terms, parts) : checkValues(entity, terms, parts);
    return { ...about, hasModel: found !== undefined, faults: (found ?? []).map(faultText) };
  } catch (error) {
    if (error instanceof Problem) return { ...about, hasModel: true, faults: [error.message] };
    throw error;
  }
}

const notAttributes = new Set(['id', 'type', '@id', '@type', '@context', 'scope']);

const attributesOf = (entity: JsonObject): readonly (readonly [string, Json])[] =>
  Object.entries(entity).filter(([name]) => !notAttributes.has(name));

function formOf(entity: JsonObject): EntityForm {
  const values = attributesOf(entity).flatMap(([, value]) => (isArray(value) ? value : [value]));
  if (!('@context' in entity) && values.some(isOfV2)) return 'v2';
  return values.some((value) => isInstance(value) && !isSimplifiedMap(value)) ? 'normalized' : 'simplified';
}

const simplifiedMaps = ['languageMap', 'vocab', 'json', 'objectList', 'valueList'];

/** True for `{"languageMap": …}` and the like, which look the same in the simplified and in the concise representation. */
function isSimplifiedMap(json: JsonObject): boolean {
  const [name = '', ...others] = Object.keys(json);
  return others.length === 0 && simplifiedMaps.includes(name);
}

/** True for an attribute of NGSI v2: its type is no kind of NGSI-LD, or a kind whose value has another name there. */
function isOfV2(json: Json): json is JsonObject {
  if (!isObject(json) || !('value' in json)) return false;
  const { type } = json;
  const kind = kinds.find((one) => one === type);
  return typeof type === 'string' && (kind === undefined || !(valueMember[kind] in json));
}

/** The @context of the file when it is bundled, else that of the family of its type: the same names then have the same IRIs. */
async function contextOf(entity: JsonObject, { contexts, families }: Parts): Promise<Context> {
  const types = typesOf(entity);
  const family = families.find((one) => one.types.some(({ name, iri }) => types.includes(name) || types.includes(iri)));
  for (const given of [entity['@context'], family?.context.url]) {
    if (given === undefined) continue;
    try {
      return await contexts.resolve(given);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    }
  }
  return contexts.core;
}

function typesOf({ type }: JsonObject): readonly string[] {
  const given = type ?? null;
  return (isArray(given) ? given : [given]).filter((one) => typeof one === 'string');
}

function checkNormalized(
  { '@context': _, ...entity }: JsonObject,
  terms: Context,
  { models }: Parts,
): readonly ModelViolation[] | undefined {
  const whole = readEntity(entity, terms);
  if (!whole.types.some((type) => models.hasModel(type))) return undefined;
  return models.check(whole, true).refused;
}

/** Checks values alone: their kinds and units are not in the file. */
function checkValues(entity: JsonObject, terms: Context, { models }: Parts): readonly ModelViolation[] | undefined {
  const attrs = Object.fromEntries(attributesOf(entity).map(([name, value]) => [name, valueOf(value)]));
  const types = typesOf(entity).map((type) => terms.expand(type));
  const known = types.filter((type) => models.hasModel(type));
  return known.length === 0 ? undefined : known.flatMap((type) => models.checkSimplified(type, attrs));
}

function valueOf(json: Json): Json {
  if (!isOfV2(json)) return json;
  const { type, value = null } = json;
  if (type !== 'Relationship') return value;
  return isArray(value) ? value.map(uriOf) : uriOf(value);
}

/** NGSI v2 refers to entities by ids that need not be URIs. The broker makes URIs of them. */
const uriOf = (id: Json): Json => (typeof id === 'string' ? (uriOfV2Id(id) ?? id) : id);

const faultText = ({ attribute, rule, value }: ModelViolation): string =>
  `${attribute === undefined ? 'The entity' : attribute} ${rule}, not ${value}.`;
