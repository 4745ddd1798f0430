/** Finds reports, entities of the type `service_requests`, and shows what everybody may know of them. */
import {
  anyOfTypes,
  type EntitySelector,
  type Filter,
  type Query,
  type QValue,
  type TypeSelection,
} from '../../core/language/filter.ts';
import type { Order } from '../../core/language/order.ts';
import type { Entity } from '../../core/model/entity.ts';
import { compareInstants, type Instant, instantOf, type Micros } from '../../core/model/instant.ts';
import { isArray, isObject, type JsonObject } from '../../core/model/json.ts';
import { createContentOf } from '../../core/operation/content.ts';
import type { CallContext } from '../../core/operation/operation.ts';
import { findOrdered } from '../../core/operation/ordered.ts';
import type { ModelNames } from '../definition/names.ts';
import { valueIn } from '../definition/read-values.ts';
import { comparing, pathOf, textIn } from './report-terms.ts';

/** Which reports. */
export interface ReportQuery {
  /** Their numbers; then nothing else restricts them. */
  readonly ids?: readonly string[] | undefined;
  readonly codes?: readonly string[] | undefined;
  readonly statuses?: readonly string[] | undefined;
  readonly from?: Micros | undefined;
  readonly to?: Micros | undefined;
  readonly jurisdiction?: string | undefined;
  readonly limit: number;
  readonly offset: number;
}

/** The newest reports first. */
export async function findReports(
  query: ReportQuery,
  names: ModelNames,
  call: CallContext,
): Promise<readonly JsonObject[]> {
  const { ids } = query;
  const types = anyOfTypes(names.typesOf('service_requests').iris);
  const find = (selector: EntitySelector) => findBy(selector, query, { names, call });
  if (!ids) return find({ types });
  // Those that came by Open311 are found by their ids. Others may have any id.
  const own = ids.map(reportId);
  const found = await find({ ids: own, types });
  if (found.length === ids.length) return found;
  const others = await entitiesNumbered(ids, types, { names, call });
  return others.length === 0 ? found : find({ ids: [...own, ...others], types });
}

/** Most entities that are looked at for the numbers of one request. */
const numberedMax = 1000;

/** The ids of the entities with these numbers. One query for each IRI, because the store has indexes of single attributes. */
async function entitiesNumbered(
  numbers: readonly string[],
  types: TypeSelection,
  { names, call }: Finding,
): Promise<readonly string[]> {
  const term = 'service_request_id';
  const value: QValue = { kind: 'list', values: numbers.map((number) => ({ kind: 'json', value: number })) };
  const found: string[] = [];
  for (const iri of names.termsOf('report')(term)) {
    const filter: Filter = { selectors: [{ types }], q: { op: '==', path: pathOf(iri, term), value } };
    const page = await call.store.find({ filter, limit: numberedMax, now: call.now, isLazy: true });
    found.push(...page.map(({ id }) => id));
  }
  return found;
}

/** The id of the entity of a report that came by Open311. */
const reportId = (number: string): string => `urn:ngsi-ld:service_requests:${number}`;

interface Finding {
  readonly names: ModelNames;
  readonly call: CallContext;
}

async function findBy(
  selector: EntitySelector,
  query: ReportQuery,
  { names, call }: Finding,
): Promise<readonly JsonObject[]> {
  const { limit, offset } = query;
  const filter: Filter = { selectors: [selector], q: conditionOf(query, names) };
  const keys = names
    .termsOf('report')('requested_datetime')
    .map((iri) => ({ path: pathOf(iri, 'requested_datetime'), isDescending: true }));
  const order: Order = { keys, collation: call.services.collation };
  const content = createContentOf(filter, call);
  const shown: JsonObject[] = [];
  for (const stored of await findOrdered({ filter, limit, offset, now: call.now, isLazy: true }, order, call)) {
    const known = await content(stored);
    if (known) shown.push(showReport(known.entity(), names));
  }
  return shown;
}

function conditionOf({ ids, codes, statuses, from, to, jurisdiction }: ReportQuery, names: ModelNames): Query {
  const irisOf = names.termsOf('report');
  const oneOf = (term: string, texts: readonly string[] | undefined): readonly Query[] =>
    texts
      ? [{ op: 'or', parts: texts.map((value) => comparing({ term, irisOf }, '==', { kind: 'json', value })) }]
      : [];
  const requested = (op: '>=' | '<=', micros: Micros | undefined): readonly Query[] =>
    micros === undefined
      ? []
      : [
          comparing({ term: 'requested_datetime', irisOf }, op, {
            ...{ kind: 'time', form: 'dateTime', micros },
            text: instantOf(micros),
          }),
        ];
  const ofJurisdiction = oneOf('jurisdiction_id', jurisdiction === undefined ? undefined : [jurisdiction]);
  if (ids) return { op: 'and', parts: [...oneOf('service_request_id', ids), ...ofJurisdiction] };
  return {
    op: 'and',
    parts: [
      ...oneOf('service_code', codes),
      ...oneOf('status', statuses),
      ...requested('>=', from),
      ...requested('<=', to),
      ...ofJurisdiction,
    ],
  };
}

/** Members that are texts in the entity and in Open311. */
const texts = [
  'service_request_id',
  'status',
  'status_notes',
  'service_name',
  'service_code',
  'description',
  'agency_responsible',
  'service_notice',
  'requested_datetime',
  'updated_datetime',
  'expected_datetime',
] as const;

/** A report in the words of Open311. Nothing else of the entity is shown. */
function showReport(entity: Entity, names: ModelNames): JsonObject {
  const irisOf = names.termsOf('report');
  const text = (term: string): string | null => textIn(entity, irisOf(term)) ?? null;
  const [long, lat] = positionOf(entity, irisOf('location')) ?? [null, null];
  return {
    ...Object.fromEntries(texts.map((term) => [term, text(term)])),
    updated_datetime: updatedAt(entity, text('updated_datetime')),
    address: text('address_string'),
    address_id: text('address_id'),
    zipcode: text('zipcode'),
    lat,
    long,
    media_url: text('media_url'),
  };
}

/** The last change, also one that the operator made without saying so in the attribute. */
function updatedAt({ createdAt, modifiedAt = createdAt }: Entity, told: Instant | null): Instant {
  return told !== null && compareInstants(told, modifiedAt) > 0 ? told : modifiedAt;
}

function positionOf(entity: Entity, iris: readonly string[]): readonly [number, number] | undefined {
  const value = valueIn(entity, iris);
  const coordinates = isObject(value) && value['type'] === 'Point' ? value['coordinates'] : undefined;
  const [long, lat] = isArray(coordinates) ? coordinates : [];
  return typeof long === 'number' && typeof lat === 'number' ? [long, lat] : undefined;
}
