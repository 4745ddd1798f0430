/** Reads the member `expression` of queries and subscriptions: the texts of its queries. */
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import { badRequest } from './problem.ts';

/** Queries of entities as texts. The three of the geographical query are together or absent. */
export interface V2Expression {
  readonly q?: string;
  readonly mq?: string;
  readonly georel?: string;
  readonly geometry?: string;
  readonly coords?: string;
}

const members = ['q', 'mq', 'geometry', 'coords', 'georel'] as const;

/** Throws BadRequest with the text of Orion. */
export function readExpression(json: Json): V2Expression {
  if (!isObject(json)) throw badRequest('expression is not an object');
  if (Object.keys(json).length === 0) throw badRequest('expression is empty');
  const expression: V2Expression = Object.fromEntries(members.flatMap((name) => textOf(json, name)));
  const geo = [expression.georel, expression.geometry, expression.coords].filter((text) => text !== undefined);
  if (geo.length !== 0 && geo.length !== 3)
    throw badRequest('partial geo expression: geometry, georel and coords have to be provided together');
  return expression;
}

function textOf(json: JsonObject, name: (typeof members)[number]): readonly (readonly [string, string])[] {
  const text = json[name];
  if (text === undefined) return [];
  if (typeof text !== 'string') throw badRequest(`${name} is not a string`);
  if (text === '') throw badRequest(`${name} is empty`);
  return [[name, text]];
}
