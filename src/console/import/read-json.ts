/** Reads JSON: a list of objects, an object that has one, lines of objects (NDJSON), or a GeoJSON FeatureCollection. */
import { isObject, type Json, type JsonObject, listOf, parseJson } from '../data/json.ts';
import { say } from '../words/words.ts';
import { columnsMax, rowsMax, SourceError, type SourceTable } from './table.ts';

/** Members of members are columns down to this depth, as `a.b`. */
const depthMax = 3;

/** Throws a SourceError. */
export function readJson(text: string): SourceTable {
  const objects = recordsIn(text).map((one) => (isObject(one) ? one : { value: one }));
  if (objects.length > rowsMax) throw new SourceError(say('import.tooManyRows'));
  const flat = objects.map((one) => flatten(one));
  const columns = [...new Set(flat.flatMap((one) => [...one.keys()]))];
  if (columns.length > columnsMax) throw new SourceError(say('import.tooManyColumns'));
  if (columns.length === 0) throw new SourceError(say('import.noRows'));
  return { columns, rows: flat.map((one) => columns.map((name) => one.get(name) ?? '')) };
}

function recordsIn(text: string): readonly Json[] {
  const whole = parsed(text);
  if (whole === undefined)
    return text
      .split(/[\r\n]+/)
      .filter((line) => line.trim() !== '')
      .map(lineOf);
  if (!isObject(whole)) return listed(whole);
  if (Array.isArray(whole['features'])) return listed(whole['features']).map(featureRow);
  const lists = Object.values(whole).filter((value) => Array.isArray(value) && value.some(isObject));
  return lists.length === 1 ? listed(lists[0]) : [whole];
}

const isJson = (value: unknown): value is Json => value !== undefined;
const listed = (value: unknown): readonly Json[] => listOf(value).filter(isJson);

function parsed(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function lineOf(line: string, index: number): Json {
  const value = parsed(line);
  if (value === undefined) throw new SourceError(`${say('import.noJson')} (${index + 1})`);
  return value;
}

/** The properties of a feature are columns, and so are `$id` and `$geometry`, as in `mlaka import`. */
function featureRow(feature: Json): Json {
  if (!isObject(feature)) return feature;
  const { id, geometry, properties } = feature;
  return {
    ...(isObject(properties) ? properties : undefined),
    ...(id === undefined ? undefined : { $id: id }),
    ...(geometry === undefined ? undefined : { $geometry: geometry }),
  };
}

/** Lists and geometries stay whole. */
function flatten(object: JsonObject, depth = 1): Map<string, Json> {
  const flat = new Map<string, Json>();
  for (const [name, value] of Object.entries(object)) {
    if (!isObject(value) || depth === depthMax || 'coordinates' in value) flat.set(name, value);
    else for (const [inner, one] of flatten(value, depth + 1)) flat.set(`${name}.${inner}`, one);
  }
  return flat;
}
