/** Reads `subject` of a v2 subscription: which entities it concerns, and which of their changes. */
import { compilePattern, refuseManyPatterns } from '../../language/pattern/pattern.ts';
import { isObject, type Json, type JsonObject } from '../../model/json.ts';
import { Problem } from '../../model/problem.ts';
import { checkIdentifier } from '../characters.ts';
import { badRequest } from '../problem.ts';
import { readArray, readFlag, readObject, readString, readStrings } from './read-member.ts';
import {
  type AlterationType,
  alterationTypes,
  type SubjectCondition,
  type SubjectEntity,
  type SubjectExpression,
  type V2Subscription,
} from './subscription.ts';

/** Throws BadRequest with the wording of Orion. */
export function readSubject(json: JsonObject): Pick<V2Subscription, 'entities' | 'condition'> {
  const subject = readObject(json, 'subject');
  if (!subject) throw badRequest('no subject for subscription specified');
  const entities = readArray(subject, 'entities');
  if (!entities) throw badRequest('no subject entities specified');
  if (entities.length === 0) throw badRequest('subject entities is empty');
  const read = entities.map(readEntity);
  refuseManyPatterns(read.flatMap(({ idPattern = [], typePattern = [] }) => [idPattern, typePattern].flat()));
  const condition = readObject(subject, 'condition');
  if (condition && Object.keys(condition).length === 0) throw badRequest('condition is empty');
  return { entities: read, condition: readCondition(condition) };
}

function readEntity(json: Json): SubjectEntity {
  if (!isObject(json)) throw badRequest('subject entities element is not an object');
  const entity = { ...readName(json, 'id'), ...readName(json, 'type') };
  if (entity.id === undefined && entity.idPattern === undefined)
    throw badRequest('/entities/ vector item does not have /id/ nor /idPattern/');
  return entity;
}

/** The id or type of an entity, or a pattern for it. An empty type stands for any type. */
function readName(json: JsonObject, name: 'id' | 'type'): SubjectEntity {
  const [text, source] = [readString(json, name), readString(json, `${name}Pattern`)];
  if (text !== undefined && source !== undefined)
    throw badRequest(`/entities/ vector item has both /${name}/ and /${name}Pattern/`);
  if (source !== undefined) {
    refuseBadPattern(source, `${name}Pattern`);
    return { [`${name}Pattern`]: source };
  }
  if (text === undefined || (text === '' && name === 'type')) return {};
  return { [name]: checkIdentifier(text, `entity ${name}`) };
}

function refuseBadPattern(source: string, name: string): void {
  if (source === '') throw badRequest(`/${name}/ is empty`);
  try {
    compilePattern(source);
  } catch (error) {
    if (error instanceof Problem && error.type === 'BadRequestData')
      throw badRequest(`Invalid regex for entity ${name}`);
    throw error;
  }
}

function readCondition(json: JsonObject = {}): SubjectCondition {
  const expression = readExpression(json);
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

const expressionMembers = ['q', 'mq', 'georel', 'geometry', 'coords'] as const;

function readExpression(json: JsonObject): SubjectExpression | undefined {
  const given = readObject(json, 'expression');
  if (!given) return undefined;
  const expression: SubjectExpression = Object.fromEntries(
    expressionMembers.flatMap((name) => {
      const text = readString(given, name);
      if (text === '') throw badRequest(`${name} is empty`);
      return text === undefined ? [] : [[name, text]];
    }),
  );
  const { georel, geometry, coords } = expression;
  const geo = [georel, geometry, coords].filter((text) => text !== undefined);
  if (geo.length !== 0 && geo.length !== 3)
    throw badRequest('partial geo expression: geometry, georel and coords have to be provided together');
  return Object.keys(expression).length === 0 ? undefined : expression;
}
