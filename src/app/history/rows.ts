/** Converts histories to table rows, one row per instance. */
import { isArray, isObject, type Json, type JsonObject } from '../../core/model/json.ts';

/** One instance of an attribute. Missing values are null. */
export interface HistoryRow {
  readonly entityId: string;
  /** Several types are separated by spaces. */
  readonly entityType: string;
  readonly attribute: string;
  readonly datasetId: string | null;
  readonly observedAt: string | null;
  readonly modifiedAt: string | null;
  /** The time of the deletion when the instance is a deletion; `value` is then null. */
  readonly deletedAt: string | null;
  /** The value for any kind of attribute: the value, the object of a relationship, the languageMap and so on. */
  readonly value: Json;
  readonly unitCode: string | null;
}

export type Cell = string | number | null;

/** The cells of the row in the order of `instanceColumns`. Numbers stay numbers, strings stay strings, and all other values become JSON in the text column. */
export function cellsOf(row: HistoryRow): readonly Cell[] {
  const { value } = row;
  const number = typeof value === 'number' ? value : null;
  const text = value === null || number !== null ? null : typeof value === 'string' ? value : JSON.stringify(value);
  const { entityId, entityType, attribute, datasetId, observedAt, modifiedAt, deletedAt, unitCode } = row;
  return [entityId, entityType, attribute, datasetId, observedAt, modifiedAt, deletedAt, number, text, unitCode];
}

/** Members of an entity that are not attributes. */
const members = new Set(['id', 'type', '@context', 'createdAt', 'modifiedAt', 'deletedAt', 'expiresAt']);
/** The members of an instance that can hold its value. Each kind of attribute has one of them. */
const values = ['value', 'object', 'languageMap', 'json', 'vocab', 'valueList', 'objectList'];

/** The rows of a history in the normalized temporal representation. */
export function rowsOf(entity: Json): readonly HistoryRow[] {
  if (!isObject(entity)) return [];
  const { id, type } = entity;
  const types = (isArray(type) ? type : [type]).filter((one) => typeof one === 'string');
  const base = { entityId: typeof id === 'string' ? id : '', entityType: types.join(' ') };
  return Object.entries(entity)
    .filter(([name]) => !members.has(name))
    .flatMap(([attribute, given]) =>
      (isArray(given) ? given : [given])
        .filter(isObject)
        .map((instance) => ({ ...base, attribute, ...partsOf(instance) })),
    );
}

function partsOf(instance: JsonObject): Omit<HistoryRow, 'entityId' | 'entityType' | 'attribute'> {
  const textOf = (name: string): string | null => {
    const text = instance[name];
    return typeof text === 'string' ? text : null;
  };
  const deletedAt = textOf('deletedAt');
  const member = values.find((name) => name in instance);
  return {
    datasetId: textOf('datasetId'),
    observedAt: textOf('observedAt'),
    modifiedAt: textOf('modifiedAt'),
    deletedAt,
    value: deletedAt !== null || member === undefined ? null : (instance[member] ?? null),
    unitCode: textOf('unitCode'),
  };
}
