/** Takes histories apart: a row for every instance, as tables hold them. */
import { isArray, isObject, type Json, type JsonObject } from '../../core/model/json.ts';

/** An instance. What there is not is null. */
export interface HistoryRow {
  readonly entityId: string;
  /** Several types stand side by side with blanks in between. */
  readonly entityType: string;
  readonly attribute: string;
  readonly datasetId: string | null;
  readonly observedAt: string | null;
  readonly modifiedAt: string | null;
  /** Set where the attribute was deleted; there is no value then. */
  readonly deletedAt: string | null;
  /** Whatever the kind of attribute: the value, the object of a relationship, the texts by language... */
  readonly value: Json;
  readonly unitCode: string | null;
}

/** Columns in the order in which files have them. `value` is in two of them: as a number, or as a text. */
export const columns = [
  'entityId',
  'entityType',
  'attribute',
  'datasetId',
  'observedAt',
  'modifiedAt',
  'deletedAt',
  'number',
  'text',
  'unitCode',
] as const;

export type Cell = string | number | null;

/** The row in columns: numbers are numbers, texts texts, all other values JSON in the column of texts. */
export function cellsOf(row: HistoryRow): readonly Cell[] {
  const { value } = row;
  const number = typeof value === 'number' ? value : null;
  const text = value === null || number !== null ? null : typeof value === 'string' ? value : JSON.stringify(value);
  const { entityId, entityType, attribute, datasetId, observedAt, modifiedAt, deletedAt, unitCode } = row;
  return [entityId, entityType, attribute, datasetId, observedAt, modifiedAt, deletedAt, number, text, unitCode];
}

const members = new Set(['id', 'type', '@context', 'createdAt', 'modifiedAt', 'deletedAt', 'expiresAt']);
const values = ['value', 'object', 'languageMap', 'json', 'vocab', 'valueList', 'objectList'];

/** The rows of a history in the normalized temporal form. */
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
