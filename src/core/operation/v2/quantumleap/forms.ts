/** Writes histories in the forms of QuantumLeap's answers: lists of times, and of values beside them. */
import type { Json, JsonObject } from '../../../model/json.ts';
import { v2IdOf } from '../../../model/v2/id.ts';
import type { Micros } from '../../../model/instant.ts';
import { attributeName, typeIri, typeName } from '../../../v2/names.ts';
import type { CallContext, OperationRequest } from '../../operation.ts';
import { indexText } from '../history/interval.ts';
import type { Table } from '../history/rows.ts';
import { readNames } from '../request.ts';
import { noRecords, type QuantumLeapQuery } from './request.ts';

/** The history of one entity, named as v2 names it. */
export interface Shown {
  readonly id: string;
  readonly type: string;
  readonly index: readonly Json[];
  /** Ordered by name. */
  readonly attributes: readonly ShownAttribute[];
}

interface ShownAttribute {
  readonly attrName: string;
  readonly values: readonly Json[];
}

/** An aggregate of the whole interval has no time: its index is empty, or, where entities are listed, the interval. */
export function shownTables(
  tables: readonly Table<Json>[],
  { path, params }: OperationRequest,
  { asked: { aggregation, interval }, call }: { readonly asked: QuantumLeapQuery; readonly call: CallContext },
): readonly Shown[] {
  const isWhole = aggregation !== undefined && aggregation.period === undefined;
  const wholeIndex = path['id'] === undefined ? interval : [];
  const types = path['type'] === undefined ? readNames(params, 'type') : [path['type']];
  const asksFor = new Set(types?.map((type) => typeIri(type, call.context)));
  return tables
    .map(({ entity, times, columns }) => ({
      id: v2IdOf(entity.id),
      type: typeName(entity.types.find((type) => asksFor.has(type)) ?? entity.types[0] ?? '', call.context),
      index: isWhole ? wholeIndex : times.map(indexText),
      attributes: attributesOf(times, columns, call),
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

function attributesOf(
  times: readonly Micros[],
  columns: Table<Json>['columns'],
  { context }: CallContext,
): readonly ShownAttribute[] {
  return [...columns]
    .map(([iri, column]) => ({
      attrName: attributeName(iri, context),
      values: times.map((at) => column.get(at) ?? null),
    }))
    .sort((a, b) => (a.attrName < b.attrName ? -1 : 1));
}

/** The form of an answer. The name of the attribute is given where the path has one. */
export type Form = (shown: readonly Shown[], request: OperationRequest) => JsonObject;

const only = ([first]: readonly Shown[]): Shown => {
  if (first) return first;
  throw noRecords();
};

const valuesOf = ({ attributes }: Shown): readonly Json[] => attributes[0]?.values ?? [];

export const entityForm: Form = (shown) => ({ ...only(shown), attributes: lists(only(shown)) });

/** The description of QuantumLeap calls the list `values`, and what it answers `attributes`. */
export const entityValuesForm: Form = (shown) => {
  const { index } = only(shown);
  return { index, attributes: lists(only(shown)), values: lists(only(shown)) };
};

const lists = ({ attributes }: Shown): readonly JsonObject[] => attributes.map((attribute) => ({ ...attribute }));

export const attributeForm: Form = (shown, { path }) => {
  const { id, type, index } = only(shown);
  return { id, type, attrName: path['attr'] ?? '', index, values: valuesOf(only(shown)) };
};

export const attributeValuesForm: Form = (shown) => ({ index: only(shown).index, values: valuesOf(only(shown)) });

export const typeForm: Form = (shown, { path }) => ({ type: path['type'] ?? '', entities: shown.map(withAttributes) });

export const typeValuesForm: Form = (shown) => ({ values: shown.map(withAttributes) });

const withAttributes = (one: Shown): JsonObject => ({ id: one.id, index: one.index, attributes: lists(one) });

export const typeAttributeForm: Form = (shown, { path }) => ({
  type: path['type'] ?? '',
  attrName: path['attr'] ?? '',
  entities: shown.map(withValues),
});

export const typeAttributeValuesForm: Form = (shown) => ({ values: shown.map(withValues) });

/** `entityId` is the name of the id up to version 1.0. Clients such as filip read it. */
const withValues = (one: Shown): JsonObject => ({
  id: one.id,
  entityId: one.id,
  index: one.index,
  values: valuesOf(one),
});

export const attributeOfAllForm: Form = (shown, { path }) => ({
  attrName: path['attr'] ?? '',
  types: byType(shown),
});

export const attributeOfAllValuesForm: Form = (shown) => ({ values: byType(shown) });

/** `entityType` is the name of the type up to version 1.0. */
function byType(shown: readonly Shown[]): readonly JsonObject[] {
  const types = [...Map.groupBy(shown, ({ type }) => type)].sort(([a], [b]) => (a < b ? -1 : 1));
  return types.map(([type, entities]) => ({ type, entityType: type, entities: entities.map(withValues) }));
}

export const attributesForm: Form = (shown) => ({ attrs: byAttribute(shown) });

export const attributesValuesForm: Form = (shown) => ({ values: byAttribute(shown) });

function byAttribute(shown: readonly Shown[]): readonly JsonObject[] {
  const single = shown.flatMap((one) => one.attributes.map((attribute) => ({ ...one, attributes: [attribute] })));
  const names = [...Map.groupBy(single, ({ attributes: [attribute] }) => attribute?.attrName ?? '')];
  return names
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([attrName, entities]) => ({ attrName, types: byType(entities) }));
}
