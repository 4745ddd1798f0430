/** Formats entities for the export formats. */
import { isArray, isObject, type Json, type JsonObject } from '../../../core/model/json.ts';
import type { WriteLine } from '../csv-cell.ts';
import { asWritten } from '../written.ts';

export interface Form {
  /** The text before the first entity, between two entities, and after the last one. */
  readonly head: string;
  readonly between: string;
  readonly tail: (count: number) => string;
  /** Query parameters of the request for entities. */
  readonly query: string;
  readonly textOf: (entity: Json) => string | Promise<string>;
}

/** With system attributes the answer contains everything that a client wrote, including `expiresAt`. */
export const whole = '&options=sysAttrs';

/** One entity per line. With a context, each entity names it, so that every line can be read alone. */
export const ndjsonForm = (context: string | undefined): Form => ({
  head: '',
  between: '\n',
  tail: (count) => (count === 0 ? '' : '\n'),
  query: whole,
  textOf: (entity) =>
    JSON.stringify(
      isObject(entity)
        ? { ...asWritten(entity), ...(context === undefined ? undefined : { '@context': context }) }
        : entity,
    ),
});

/** A FeatureCollection whose properties are the entities' attributes, in the normalized form. */
export const geojsonForm = (context: string | undefined): Form => ({
  ...collection(context),
  query: whole,
  textOf: (entity) => JSON.stringify(isObject(entity) ? featureOf(asWritten(entity)) : entity),
});

/** A FeatureCollection whose properties are plain values, for map and table tools. */
export const flatGeojsonForm = (context: string | undefined): Form => ({
  ...collection(context),
  query: '&format=simplified',
  textOf: (entity) => JSON.stringify(isObject(entity) ? flatFeatureOf(entity) : entity),
});

const collection = (context: string | undefined): Pick<Form, 'head' | 'between' | 'tail'> => ({
  head: `{"type":"FeatureCollection",${context === undefined ? '' : `"@context":${JSON.stringify(context)},`}"features":[\n`,
  between: ',\n',
  tail: () => '\n]}\n',
});

function featureOf({ id = null, ...properties }: JsonObject): Json {
  const { location } = properties;
  const first = isArray(location) ? location[0] : location;
  return { id, type: 'Feature', geometry: isObject(first) ? (first['value'] ?? null) : null, properties };
}

function flatFeatureOf({ id = null, location = null, ...members }: JsonObject): Json {
  const properties = Object.entries(members).map(([name, value]) => [name, flat(value)] as const);
  return { id, type: 'Feature', geometry: geometryIn(location), properties: Object.fromEntries(properties) };
}

/** A location in the simplified representation; the first one of several. */
function geometryIn(location: Json): Json {
  if (!isObject(location)) return null;
  const { dataset } = location;
  return isObject(dataset) ? (Object.values(dataset)[0] ?? null) : location;
}

/** A string, number or boolean unchanged; any other value as JSON text. */
const flat = (value: Json): Json => (typeof value === 'object' && value !== null ? JSON.stringify(value) : value);

/** A table with a header line (RFC 4180); the first columns are id and type. */
export function csvForm(attributes: readonly string[], lineOf: WriteLine): Form {
  const columns = ['id', 'type', ...attributes];
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
