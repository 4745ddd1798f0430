/** Brings entities of NGSI v2 into one form, so that those of two brokers can be compared: the forms of dates and places do not count. */
import { isArray, isObject, type Json, type JsonObject } from '../../../core/model/json.ts';

/** The entity with its attributes in one form. */
export const comparable = (entity: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(entity).map(([name, attribute]) => [name, typed(attribute, name)]));

function typed(json: Json, name: string): Json {
  if (!isObject(json)) return json;
  const { type, value = null, metadata } = json;
  return {
    ...json,
    // This broker has the time of a measure as a time, whatever its type was called.
    ...(name === 'TimeInstant' ? { type: 'DateTime' } : undefined),
    value: valueOf(type, value),
    ...(isObject(metadata) ? { metadata: comparable(metadata) } : undefined),
  };
}

function valueOf(type: Json | undefined, value: Json): Json {
  if ((type === 'DateTime' || type === 'ISO8601') && typeof value === 'string') return instantOf(value);
  if (typeof type !== 'string' || !/^geo:(?:point|line|box|polygon)$/.test(type)) return value;
  return isArray(value) ? value.map(placeOf) : placeOf(value);
}

/** Two decimals of old versions of Orion, or three. */
const instantOf = (text: string): string => {
  const milliseconds = Date.parse(text);
  return Number.isNaN(milliseconds) ? text : new Date(milliseconds).toISOString();
};

const placeOf = (json: Json): Json =>
  typeof json === 'string' ? json.split(',').map((text) => Number(text.trim())) : json;
