/** The forms in which entities are written to a file. */
import { isObject, type Json } from '../../../core/model/json.ts';

export interface Form {
  /** What stands before the first entity, between two of them, and after the last. */
  readonly head: string;
  readonly between: string;
  readonly tail: (count: number) => string;
  /** Parameters with which the entities are asked for. */
  readonly query: string;
  readonly textOf: (entity: Json) => string;
}

/** One entity per line. With a context, each names it: a line can be read without the others. */
export const ndjsonForm = (context: string | undefined): Form => ({
  head: '',
  between: '\n',
  tail: (count) => (count === 0 ? '' : '\n'),
  query: '',
  textOf: (entity) =>
    JSON.stringify(isObject(entity) && context !== undefined ? { ...entity, '@context': context } : entity),
});

export const geojsonForm: Form = {
  head: '{"type":"FeatureCollection","features":[\n',
  between: ',\n',
  tail: () => '\n]}\n',
  query: '',
  textOf: (entity) => JSON.stringify(featureOf(entity)),
};

function featureOf(entity: Json): Json {
  if (!isObject(entity)) return entity;
  const { id = null, ...properties } = entity;
  const { location } = properties;
  return { id, type: 'Feature', geometry: isObject(location) ? (location['value'] ?? null) : null, properties };
}

/** A table with a header line (RFC 4180); id and type come first. */
export function csvForm(attributes: readonly string[]): Form {
  const columns = ['id', 'type', ...attributes];
  const lineOf = (cells: readonly string[]): string => cells.map(cellText).join(',');
  return {
    head: `${lineOf(columns)}\r\n`,
    between: '\r\n',
    tail: (count) => (count === 0 ? '' : '\r\n'),
    query: '&format=simplified',
    textOf: (entity) => lineOf(columns.map((column) => (isObject(entity) ? plainText(entity[column]) : ''))),
  };
}

const plainText = (value: Json | undefined): string =>
  value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);

const cellText = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
