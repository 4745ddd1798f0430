/** Says in words which values a JSON Schema of the models allows. */
import { isArray, isObject, type Json, type JsonObject } from '../../core/model/json.ts';

/** The shared definitions that people know by a name. */
const sharedWords: Readonly<Record<string, string>> = {
  text: 'text, also by language',
  entityId: 'id of an entity',
  entityIds: 'id of an entity, or a list of these',
  dateTime: 'moment in UTC',
  instantOrInterval: 'moment in UTC, or two with a slash between them',
  geometry: 'GeoJSON geometry',
  address: 'postal address',
  contactPoint: 'contact: telephone, e-mail or page',
  languageTag: 'language tag, such as sl',
};

const typeWords: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'number',
  integer: 'whole number',
  boolean: 'true or false',
  array: 'list',
  object: 'object',
};

const formatWords: Readonly<Record<string, string>> = {
  'date-time': 'moment',
  date: 'date',
  time: 'time of day',
  duration: 'duration, such as PT2H',
  uri: 'URL',
  email: 'e-mail address',
};

/** The words for a schema. `root` holds the definitions that it refers to by `#/$defs/`. */
export function valueWords(schema: JsonObject, root: JsonObject): string {
  const { $ref: reference, if: condition, then, else: otherwise, const: constant, enum: choices, anyOf } = schema;
  if (typeof reference === 'string') return referenceWords(reference, root);
  if (condition !== undefined && isObject(then) && isObject(otherwise))
    return choiceWords([otherwise, then].map((one) => valueWords(one, root)));
  if (constant !== undefined) return JSON.stringify(constant);
  if (isArray(choices)) return choices.map(plain).join(', ');
  if (isArray(anyOf) && anyOf.every(isObject)) return choiceWords(anyOf.map((one) => valueWords(one, root)));
  return typedWords(schema, root);
}

const plain = (json: Json): string => (typeof json === 'string' ? json : JSON.stringify(json));

/** One or another. A list of the first is said shortly. */
function choiceWords([first = '', ...others]: readonly string[]): string {
  const rest = others.map((text) => (text === `list of: ${first}` ? 'a list of these' : text));
  return [first, ...new Set(rest.filter((text) => text !== first))].join(', or ');
}

function referenceWords(reference: string, root: JsonObject): string {
  const name = reference.slice(reference.lastIndexOf('/') + 1);
  const definitions = isObject(root['$defs']) ? root['$defs'] : {};
  const definition = reference.startsWith('#') ? definitions[name] : undefined;
  return isObject(definition) ? valueWords(definition, root) : (sharedWords[name] ?? name);
}

function typedWords(schema: JsonObject, root: JsonObject): string {
  const { type, format, items } = schema;
  const word = typeof format === 'string' ? (formatWords[format] ?? format) : wordOfType(type);
  if (type === 'array' && isObject(items)) return `list of: ${valueWords(items, root)}`;
  return [word, rangeWords(schema)].filter((text) => text !== '').join(' ');
}

const wordOfType = (type: Json | undefined): string =>
  typeof type === 'string' ? (typeWords[type] ?? type) : isArray(type) ? type.map(wordOfType).join(' or ') : 'any';

function rangeWords({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonObject): string {
  const bounds: readonly (readonly [word: string, bound: Json | undefined])[] = [
    ['from', minimum],
    ['above', exclusiveMinimum],
    [minimum === undefined ? 'up to' : 'to', maximum],
    ['below', exclusiveMaximum],
  ];
  return bounds.flatMap(([word, bound]) => (bound === undefined ? [] : [`${word} ${plain(bound)}`])).join(' ');
}
