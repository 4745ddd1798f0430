/** Reads what an Indicator defines: inputs from the data of the city, a formula over them, and what the result is called. */
import { readTenantName } from '../../core/access/tenant-name.ts';
import { JexlFailure } from '../../core/v2/jexl/syntax.ts';
import { parseJexl } from '../../core/v2/jexl/parse.ts';
import type { Filter } from '../../core/language/filter.ts';
import { isArray, isObject, isStrings, type Json, type JsonObject } from '../../core/model/json.ts';
import type { Problem } from '../../core/model/problem.ts';
import type { DefinitionServices, Periodic } from '../definition/approved-work.ts';
import type { Definition } from '../definition/definition.ts';
import { readSource } from '../definition/names.ts';
import { readMicros, readPeriods } from '../definition/periods.ts';
import { lastPart } from '../definition/result-name.ts';
import { asNumber } from '../definition/read-values.ts';
import { type Reduction, reductions } from '../definition/reduce.ts';

const combinations = ['sum', 'average', 'lowest', 'highest', 'count', 'values'] as const;
/** How the numbers of the entities become one input: `count` is how many there are, `values` a list of them. */
type Combination = (typeof combinations)[number];

/** A named number, or list of numbers, that the formula uses. */
export interface Input {
  readonly name: string;
  readonly tenant: string;
  readonly filter: Filter;
  readonly attributeIris: readonly string[];
  readonly reduction: Reduction;
  readonly combination: Combination;
  readonly numberOf: (value: Json) => number | undefined;
}

export interface Indicator extends Periodic {
  readonly id: string;
  readonly inputs: readonly Input[];
  /** A JEXL expression over the names of inputs and constants. */
  readonly formula: string;
  readonly constants: Readonly<Record<string, number>>;
  /** The least share of entities that have a value. */
  readonly coverageMin: number;
  readonly isLive: boolean;
  readonly unit: string | undefined;
  /** The attribute `name` of the result. */
  readonly name: JsonObject;
  /** The attributes of the KeyPerformanceIndicator that the definition gives, by term. */
  readonly described: JsonObject;
}

const describing = [
  'standardNumber',
  'theme',
  'category',
  'area',
  'organization',
  'businessTarget',
  'direction',
] as const;

/** The attributes that make the definition. A change of one of them needs a new approval. */
export const definingTerms = [
  'name',
  'inputs',
  'constants',
  'calculationFormula',
  'period',
  'timeZone',
  'delay',
  'startAt',
  'minimumCoverage',
  'isLive',
  'unit',
  'targetValue',
  ...describing,
] as const;

type Reading = DefinitionServices & { readonly tenant: string };

/** Throws BadRequestData that names the attribute. */
export async function readIndicator(definition: Definition, reading: Reading): Promise<Indicator> {
  const inputs = await readInputs(definition, reading);
  const target = definition.number('targetValue', { min: -Number.MAX_VALUE, max: Number.MAX_VALUE });
  return {
    id: definition.id,
    inputs,
    formula: readFormula(definition),
    constants: readConstants(definition),
    periods: readPeriods(definition, { period: 'P1D' }),
    delay: readMicros(definition, 'delay') ?? 0,
    startAt: definition.moment('startAt'),
    coverageMin: definition.number('minimumCoverage', { min: 0, max: 1 }) ?? 0.5,
    isLive: definition.value('isLive') === true,
    unit: definition.text('unit'),
    reads: [...new Set(inputs.map(({ tenant }) => tenant))].filter((tenant) => tenant !== reading.tenant),
    writes: reading.tenant,
    name: nameOf(definition),
    described: {
      ...Object.fromEntries(describing.flatMap((term) => given(term, definition.value(term)))),
      ...(target === undefined ? undefined : { targetValue: target }),
    },
  };
}

function nameOf(definition: Definition): JsonObject {
  const name = definition.value('name') ?? lastPart(definition.id);
  return isObject(name) ? { type: 'LanguageProperty', languageMap: name } : { type: 'Property', value: name };
}

const given = (term: string, value: Json | undefined): readonly (readonly [string, Json])[] =>
  value === undefined ? [] : [[term, value]];

function readFormula(definition: Definition): string {
  const formula = definition.requiredText('calculationFormula');
  try {
    parseJexl(formula);
  } catch (cause) {
    if (!(cause instanceof JexlFailure)) throw cause;
    throw definition.problem('calculationFormula', `an expression: ${cause.message}`);
  }
  return formula;
}

function readConstants(definition: Definition): Readonly<Record<string, number>> {
  const constants = definition.value('constants') ?? {};
  if (!isObject(constants)) throw definition.problem('constants', 'an object of numbers');
  return Object.fromEntries(
    Object.entries(constants).map(([name, value]) => {
      if (typeof value !== 'number') throw definition.problem('constants', 'an object of numbers');
      return [name, value] as const;
    }),
  );
}

/** Most inputs of an indicator. */
const inputsMax = 20;

async function readInputs(definition: Definition, reading: Reading): Promise<readonly Input[]> {
  const inputs = definition.value('inputs');
  if (!isObject(inputs) || Object.keys(inputs).length === 0 || Object.keys(inputs).length > inputsMax)
    throw definition.problem('inputs', `an object of 1 to ${inputsMax} inputs by their names`);
  const read: Input[] = [];
  for (const [name, input] of Object.entries(inputs)) read.push(await readInput(name, input, { definition, reading }));
  return read;
}

async function readInput(
  name: string,
  json: Json,
  { definition, reading: { names, services, tenant: own } }: { definition: Definition; reading: Reading },
): Promise<Input> {
  const refuse = (member: string, must: string) => definition.problem(`inputs.${name}.${member}`, must);
  if (!isObject(json)) throw definition.problem(`inputs.${name}`, 'an object');
  const members = readMembers(json, refuse);
  const { text } = members;
  const named = text('tenant');
  const tenant = named === undefined ? own : readTenantName(named);
  const texts = { types: members.types, q: text('q'), scopeQ: text('scopeQ') };
  const source = await readSource(texts, { names, tenant, contexts: services.contexts });
  return {
    name,
    tenant,
    filter: withId(source.filter, text('id')),
    attributeIris: source.irisOf(members.attribute),
    reduction: members.word('valueInPeriod', reductions),
    combination: members.word('combine', combinations),
    numberOf: readNumber(json['equals']),
  };
}

function readMembers(json: JsonObject, refuse: (member: string, must: string) => Problem) {
  const unknown = Object.keys(json).find((member) => !inputMembers.has(member));
  if (unknown !== undefined) throw refuse(unknown, `absent: there are ${[...inputMembers].join(', ')}`);
  const text = (member: string): string | undefined => {
    const value = json[member];
    if (value === undefined || (typeof value === 'string' && value !== '')) return value;
    throw refuse(member, 'a text');
  };
  const types = typeof json['type'] === 'string' ? [json['type']] : json['type'];
  if (!isStrings(types) || types.length === 0) throw refuse('type', 'a type or a list of types');
  const attribute = text('attribute');
  if (attribute === undefined) throw refuse('attribute', 'given');
  const word = <Word extends string>(member: string, words: readonly (Word | 'average')[]): Word | 'average' => {
    const found = words.find((one) => one === (json[member] ?? 'average'));
    if (found === undefined) throw refuse(member, `one of ${words.join(', ')}`);
    return found;
  };
  return { text, types, attribute, word };
}

const inputMembers = new Set([
  ...['type', 'id', 'q', 'scopeQ', 'tenant', 'attribute'],
  ...['valueInPeriod', 'combine', 'equals'],
]);

const withId = (filter: Filter, id: string | undefined): Filter =>
  id === undefined ? filter : { ...filter, selectors: (filter.selectors ?? []).map((one) => ({ ...one, ids: [id] })) };

/** With `equals`, a value counts as 1 when it is one of these, or a list with one of these, and as 0 otherwise. */
function readNumber(equals: Json | undefined): Input['numberOf'] {
  if (equals === undefined) return (value) => (typeof value === 'boolean' ? Number(value) : asNumber(value));
  const wanted = isArray(equals) ? equals : [equals];
  return (value) => Number((isArray(value) ? value : [value]).some((one) => wanted.includes(one)));
}
