/** Reads `subject` of a v2 subscription: which entities it concerns, and which of their changes. */
import { compilePattern, refuseManyPatterns, refuseManyWithPattern } from '../../language/pattern/pattern.ts';
import { isArray, isObject, type Json, type JsonObject } from '../../model/json.ts';
import { Problem } from '../../model/problem.ts';
import { isIdentifier } from '../characters.ts';
import { readExpression } from '../expression.ts';
import { badRequest } from '../problem.ts';
import { readFlag, readObject, readString, readStrings } from './read-member.ts';
import {
  type AlterationType,
  alterationTypes,
  type SubjectCondition,
  type SubjectEntity,
  type V2Subscription,
} from './subscription.ts';

/** Throws BadRequest with the wording of Orion. */
export function readSubject(json: JsonObject): Pick<V2Subscription, 'entities' | 'condition'> {
  const subject = readObject(json, 'subject');
  if (!subject) throw badRequest('no subject for subscription specified');
  const { entities } = subject;
  if (entities === undefined) throw badRequest('no subject entities specified');
  const read = readSubjectEntities(entities);
  if (read.length === 0) throw badRequest('subject entities is empty');
  refuseManyPatterns(read.flatMap(({ idPattern = [], typePattern = [] }) => [idPattern, typePattern].flat()));
  const condition = readObject(subject, 'condition');
  if (condition && Object.keys(condition).length === 0) throw badRequest('condition is empty');
  return { entities: read, condition: readCondition(condition) };
}

/** The elements of `entities`, in a subscription or in a registration. Throws BadRequest with the wording of Orion. */
export function readSubjectEntities(json: Json): readonly SubjectEntity[] {
  if (!isArray(json)) throw badRequest('/entities/ is not an array');
  refuseManyWithPattern(json);
  return json.map(readEntity);
}

function readEntity(json: Json): SubjectEntity {
  if (!isObject(json)) throw badRequest('/entities/ vector item is not an object');
  const { id, idPattern, type, typePattern } = json;
  if (id === undefined && idPattern === undefined)
    throw badRequest('/entities/ vector item does not have /id/ nor /idPattern/');
  if (id !== undefined && idPattern !== undefined)
    throw badRequest('/entities/ vector item has both /id/ and /idPattern/');
  if (type !== undefined && typePattern !== undefined)
    throw badRequest('/entities/ element has both /type/ and /typePattern/');
  return { ...readName(json, 'id'), ...readName(json, 'type') };
}

const inVector = '/entities/ vector item';

/** The id or type of an entity, or a pattern for it. */
function readName(json: JsonObject, name: 'id' | 'type'): SubjectEntity {
  const pattern = `${name}Pattern` as const;
  const text = readString(json, name, name === 'id' ? `${inVector} /id/` : `${inVector} type`);
  const source = readString(json, pattern, `${inVector} /${pattern}/`);
  if (source !== undefined) {
    refuseBadPattern(source, pattern);
    return { [pattern]: source };
  }
  return text === undefined ? {} : { [name]: checkName(text, name) };
}

const lengthMax = 256;

/** Throws what Orion says here, which is not what it says of the entities of other requests. */
function checkName(text: string, name: 'id' | 'type'): string {
  if (text === '')
    throw badRequest(
      name === 'id' ? '/entities/ element id is empty' : 'entity type length: 0, min length supported: 1',
    );
  if (text.length > lengthMax) throw badRequest(`max ${name} length exceeded in ${inVector} /${name}/`);
  if (!isIdentifier(text, `entity ${name}`)) throw badRequest(`forbidden characters in ${inVector} /${name}/`);
  return text;
}

function refuseBadPattern(source: string, name: string): void {
  if (source === '') throw badRequest(`${inVector} /${name}/ is empty`);
  try {
    compilePattern(source);
  } catch (error) {
    if (error instanceof Problem && error.type === 'BadRequestData')
      throw badRequest(`Invalid regex for entity ${name}`);
    throw error;
  }
}

function readCondition(json: JsonObject = {}): SubjectCondition {
  const expression = json['expression'] === undefined ? undefined : readExpression(json['expression']);
  const jexlExpression = readString(json, 'jexlExpression');
  return {
    attrs: readStrings(json, 'attrs') ?? [],
    ...(expression ? { expression } : undefined),
    ...(jexlExpression === undefined ? undefined : { jexlExpression }),
    alterationTypes: readAlterationTypes(json),
    notifyOnMetadataChange: readFlag(json, 'notifyOnMetadataChange') ?? true,
  };
}

const usualAlterations: readonly AlterationType[] = ['entityCreate', 'entityChange'];

function readAlterationTypes(json: JsonObject): ReadonlySet<AlterationType> {
  const names = readStrings(json, 'alterationTypes') ?? [];
  const read = names.map((name) => {
    const known = alterationTypes.find((one) => one === name);
    if (known === undefined) throw badRequest(`unknown subscription alterationType: ${name}`);
    return known;
  });
  return new Set(read.length === 0 ? usualAlterations : read);
}
