/** Reads the kinds of fault that can be reported: entities of the type `services`, each with its operator and area. */
import { anyOfTypes, type Filter } from '../../core/language/filter.ts';
import { compileFilter } from '../../core/language/matches/matches.ts';
import type { Entity } from '../../core/model/entity.ts';
import type { Coordinate } from '../../core/model/geometry.ts';
import { isArray, isObject, isStrings, type Json, type JsonObject } from '../../core/model/json.ts';
import { Problem } from '../../core/model/problem.ts';
import type { CallContext } from '../../core/operation/operation.ts';
import type { ModelNames } from '../definition/names.ts';
import { entitiesOf, valueIn } from '../definition/read-values.ts';
import { textIn } from './report-terms.ts';

/** A question that the reporter answers: an attribute in the words of Open311. */
export interface Question {
  readonly code: string;
  readonly isRequired: boolean;
  readonly datatype: Datatype;
  /** The keys of a list, with their names. */
  readonly values: readonly { readonly key: string; readonly name: string }[];
  readonly description: string;
  readonly datatypeDescription: string;
  /** False: the text is information only, and has no answer. */
  readonly isAnswered: boolean;
}

const datatypes = ['string', 'number', 'datetime', 'text', 'singlevaluelist', 'multivaluelist'] as const;
type Datatype = (typeof datatypes)[number];

export interface ReportKind {
  readonly entity: Entity;
  readonly code: string;
  readonly text: (term: string) => string | undefined;
  readonly questions: readonly Question[];
  /** Names of types of entities, the nearest of which is linked with a report. */
  readonly linkedTypes: readonly string[];
  readonly linkedMetres: number;
  /** How long contact data are kept. */
  readonly contactDays: number;
  /** The IRI of its area. Undefined: it has none, and applies everywhere. */
  readonly areaIri: string | undefined;
}

const [linkedMetresInitial, linkedMetresMax, contactDaysInitial, contactDaysMax] = [50, 1000, 180, 3650];

/**
 * All kinds of a jurisdiction that the caller may read, in the order of their creation. One code may have several, for areas of different
 * operators. Throws ResourceNotFound for a jurisdiction without any.
 */
export async function readKinds(
  call: CallContext,
  names: ModelNames,
  jurisdiction: string | undefined,
): Promise<readonly ReportKind[]> {
  const filter: Filter = { selectors: [{ types: anyOfTypes(names.typesOf('services').iris) }] };
  const found: ReportKind[] = [];
  for await (const entity of entitiesOf(filter, call)) {
    const kind = kindOf(entity, names);
    const own = kind?.text('jurisdiction_id');
    if (kind && (jurisdiction === undefined || own === undefined || own === jurisdiction)) found.push(kind);
  }
  if (found.length > 0 || jurisdiction === undefined) return found;
  throw new Problem('ResourceNotFound', `There is no jurisdiction ${JSON.stringify(jurisdiction.slice(0, 100))} here.`);
}

function kindOf(entity: Entity, names: ModelNames): ReportKind | undefined {
  const irisOf = names.termsOf('report');
  const text = (term: string): string | undefined => textIn(entity, irisOf(term));
  const value = (term: string): Json | undefined => valueIn(entity, irisOf(term));
  const code = text('service_code');
  if (code === undefined) return undefined;
  const [linked = [], questions = []] = [value('linkedTypes'), value('attributes')];
  return {
    entity,
    code,
    text,
    questions: (isArray(questions) ? questions : [questions]).filter(isObject).flatMap(questionOf),
    linkedTypes: typeof linked === 'string' ? [linked] : isStrings(linked) ? linked : [],
    linkedMetres: numberUpTo(linkedMetresMax, value('linkedDistance')) ?? linkedMetresInitial,
    contactDays: numberUpTo(contactDaysMax, value('contactDays')) ?? contactDaysInitial,
    areaIri: irisOf('location').find((iri) => entity.attrs[iri] !== undefined),
  };
}

const numberUpTo = (most: number, value: Json | undefined): number | undefined =>
  typeof value === 'number' && value > 0 && value <= most ? value : undefined;

function questionOf(given: JsonObject): readonly Question[] {
  const text = (name: string): string => (typeof given[name] === 'string' ? given[name] : '');
  const code = text('code');
  if (code === '') return [];
  const values = isArray(given['values']) ? given['values'].filter(isObject) : [];
  return [
    {
      code,
      isRequired: given['required'] === true || given['required'] === 'true',
      datatype: datatypes.find((one) => one === given['datatype']) ?? 'string',
      values: values.flatMap(({ key, name }) =>
        typeof key === 'string' ? [{ key, name: typeof name === 'string' ? name : key }] : [],
      ),
      description: text('description'),
      datatypeDescription: text('datatype_description'),
      isAnswered: given['variable'] !== false && given['variable'] !== 'false',
    },
  ];
}

/** One kind for each code: the first. */
export const byCode = (kinds: readonly ReportKind[]): readonly ReportKind[] =>
  [...new Map(kinds.toReversed().map((kind) => [kind.code, kind])).values()].reverse();

/**
 * The kind whose operator takes care of a place: one whose area contains the point, else one without an area. Undefined: nobody takes care of
 * the point. Without a point: one without an area, else the first, whose operator finds out from the address.
 */
export function kindAt(kinds: readonly ReportKind[], point: Coordinate | undefined): ReportKind | undefined {
  const everywhere = kinds.find(({ areaIri }) => areaIri === undefined);
  if (!point) return everywhere ?? kinds[0];
  const geometry = { type: 'Point', coordinates: point } as const;
  const contains = ({ entity, areaIri }: ReportKind): boolean =>
    areaIri !== undefined &&
    compileFilter({ geo: { relation: { georel: 'contains' }, geometry, geoproperty: areaIri } })(entity);
  return kinds.find(contains) ?? everywhere;
}
