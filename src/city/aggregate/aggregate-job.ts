/** Reads what an AggregateJob defines: whose numbers are aggregated, in which groups and periods, and how single subjects are protected. */
import { readTenantName } from '../../core/access/tenant-name.ts';
import { compileFilter } from '../../core/language/matches/matches.ts';
import type { Entity } from '../../core/model/entity.ts';
import { readGeometry } from '../../core/model/geometry.ts';
import { isArray, isObject, type Json } from '../../core/model/json.ts';
import type { DefinitionServices, Periodic } from '../definition/approved-work.ts';
import { type Definition, memberOf } from '../definition/definition.ts';
import { type ModelNames, readSource, type Source, sourceTexts } from '../definition/names.ts';
import { readMicros, readPeriods } from '../definition/periods.ts';
import { valueIn } from '../definition/read-values.ts';
import { type Reduction, reductions } from '../definition/reduce.ts';
import { type MeasureName, measureNames } from './protection/measure.ts';
import type { ReleaseRequest } from './protection/release.ts';

/** A level of groups. */
interface Group {
  /** The IRI of the attribute that results have. */
  readonly iri: string;
  /** The group of an entity. Undefined: it belongs to none. */
  readonly of: (entity: Entity) => string | undefined;
}

export interface AggregateJob extends Periodic {
  readonly id: string;
  readonly source: Source;
  /** The name of the attribute as the job writes it, and the IRIs that may stand for it. */
  readonly attribute: string;
  readonly attributeIris: readonly string[];
  readonly reduction: Reduction;
  /** The subject that an entity belongs to. */
  readonly subjectOf: (entity: Entity) => string;
  readonly groups: readonly Group[];
  readonly measures: readonly MeasureName[];
  readonly rules: ReleaseRequest['rules'];
  readonly target: { readonly type: string; readonly unit?: string | undefined };
}

/** The attributes that make the definition. A change of one of them needs a new approval. */
export const definingTerms = [
  'sourceType',
  'sourceQuery',
  'sourceScope',
  'aggregatedAttribute',
  'valueInPeriod',
  'subjectAttribute',
  'groupBy',
  'areas',
  'period',
  'timeZone',
  'delay',
  'startAt',
  'measures',
  'protection',
  'minimumGroupSize',
  'dominanceRule',
  'significantDigits',
  'targetTenant',
  'targetType',
  'unit',
] as const;

/** Throws BadRequestData that names the attribute. */
export async function readAggregateJob(
  definition: Definition,
  { names, services, tenant }: DefinitionServices & { readonly tenant: string },
): Promise<AggregateJob> {
  const texts = sourceTexts(definition);
  if (texts.types.length === 0) throw definition.problem('sourceType', 'given');
  const source = await readSource(texts, { names, tenant, contexts: services.contexts });
  const attribute = definition.requiredText('aggregatedAttribute');
  return {
    id: definition.id,
    source,
    attribute,
    attributeIris: source.irisOf(attribute),
    reduction: definition.oneOf('valueInPeriod', reductions) ?? 'average',
    subjectOf: readSubject(definition, source),
    groups: [...readAreas(definition, source, names), ...readGroups(definition, source)],
    periods: readPeriods(definition),
    delay: readMicros(definition, 'delay') ?? 0,
    startAt: definition.moment('startAt'),
    measures: readMeasures(definition),
    rules: readRules(definition),
    reads: [],
    writes: definition.parsed('targetTenant', readTenantName) ?? definition.requiredText('targetTenant'),
    target: {
      type: names.typesOf(definition.text('targetType') ?? 'AggregateObserved').iris[0] ?? '',
      unit: definition.text('unit'),
    },
  };
}

const textOf = (value: Json | undefined): string | undefined =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;

function readSubject(definition: Definition, { irisOf }: Source): AggregateJob['subjectOf'] {
  const name = definition.text('subjectAttribute');
  if (name === undefined) return ({ id }) => id;
  const iris = irisOf(name);
  // An entity that names no subject is one itself.
  return (entity) => textOf(memberOf(valueIn(entity, iris), [])) ?? entity.id;
}

/** Most levels of groups. */
const levelsMax = 4;

function readGroups(definition: Definition, { irisOf }: Source): readonly Group[] {
  const names = definition.texts('groupBy');
  if (names.length > levelsMax) throw definition.problem('groupBy', `a list of at most ${levelsMax} attributes`);
  return names.map((name) => {
    const [own = name, ...path] = /^[A-Za-z][A-Za-z0-9+.-]*:/.test(name) ? [name] : name.split('.');
    const iris = irisOf(own);
    const last = path.at(-1);
    return {
      iri: last === undefined ? (iris[0] ?? own) : (irisOf(last)[0] ?? last),
      of: (entity) => textOf(memberOf(valueIn(entity, iris), path)),
    };
  });
}

function readAreas(definition: Definition, { irisOf }: Source, { termsOf }: ModelNames): readonly Group[] {
  const given = definition.value('areas');
  if (given === undefined) return [];
  if (!isArray(given)) throw definition.problem('areas', 'a list of areas with name and geometry');
  const [geoproperty = ''] = irisOf('location');
  const areas = given.map((one, index) => {
    const name = isObject(one) ? one['name'] : undefined;
    if (!isObject(one) || typeof name !== 'string' || name === '')
      throw definition.problem('areas', 'a list of areas with name and geometry');
    const geometry = readGeometry(one['geometry'], `areas[${index}].geometry`);
    return { name, contains: compileFilter({ geo: { relation: { georel: 'within' }, geometry, geoproperty } }) };
  });
  return [
    {
      iri: termsOf('aggregate')('area')[0] ?? 'area',
      of: (entity) => areas.find(({ contains }) => contains(entity))?.name,
    },
  ];
}

function readMeasures(definition: Definition): readonly MeasureName[] {
  const given = definition.texts('measures');
  const wanted = measureNames.filter((name) => given.includes(name));
  const unknown = given.find((name) => !measureNames.some((one) => one === name));
  if (unknown !== undefined) throw definition.problem('measures', `a list of ${measureNames.join(', ')}`);
  return wanted.length === 0 ? ['count', 'total', 'average'] : wanted;
}

function readRules(definition: Definition): ReleaseRequest['rules'] {
  const isProtected = definition.oneOf('protection', ['standard', 'none']) !== 'none';
  const k = definition.number('minimumGroupSize', { min: 3, max: 10_000, isWhole: true }) ?? 10;
  const digits = definition.number('significantDigits', { min: 1, max: 15, isWhole: true });
  const dominance = readDominance(definition);
  return isProtected
    ? { isProtected, k, dominance, digits: digits ?? 3 }
    : { isProtected, k: 1, dominance: { n: 1, percent: 100, p: 0 }, digits: digits ?? 15 };
}

function readDominance(definition: Definition): ReleaseRequest['rules']['dominance'] {
  const given = definition.value('dominanceRule');
  if (given === undefined) return { n: 1, percent: 50, p: 10 };
  const [n, percent, p] = ['n', 'percent', 'p'].map((name) => (isObject(given) ? given[name] : undefined));
  const isFit =
    typeof n === 'number' && typeof percent === 'number' && typeof p === 'number' && n >= 1 && percent > 0 && p >= 0;
  if (!isFit) throw definition.problem('dominanceRule', 'an object with the numbers n, percent and p');
  return { n, percent, p };
}
