/** Describes the data models in words, made from their schemas: what each attribute means, its values, its unit. */
import { join } from 'node:path';
import { isArray, isObject, isStrings, type Json, type JsonObject } from '../../core/model/json.ts';
import { readModelIndex } from './model-index.ts';
import { readJson } from './read-json.ts';
import { unitName } from './unit-names.ts';
import { valueWords } from './value-words.ts';

export interface ModelSummary {
  /** The short name of the type, such as `ParkingSpot`. */
  readonly name: string;
  readonly iri: string;
  readonly family: string;
  /** A sentence about the type. */
  readonly about: string;
}

interface DescribedModel extends ModelSummary {
  readonly schema: JsonObject;
  readonly contextUrl: string;
}

/** The types with a model, family by family. Throws an Error when a file is missing or invalid. */
export const describeModels = (directory: string): readonly ModelSummary[] => readAll(directory);

function readAll(directory: string): readonly DescribedModel[] {
  return readModelIndex(directory).families.flatMap((family) =>
    family.types.map(({ name, iri, schema: { file } }) => {
      const schema = readJson(join(directory, file));
      if (!isObject(schema)) throw new Error(`The file ${file} holds no JSON object.`);
      return {
        name,
        iri,
        family: family.name,
        about: textOf(schema['description']),
        schema,
        contextUrl: family.context.url,
      };
    }),
  );
}

/** The page of a type as Markdown; undefined: it has no model. */
export function modelPage(directory: string, type: string): string | undefined {
  const model = readAll(directory).find(({ name }) => name === type);
  if (model === undefined) return undefined;
  const { name, iri, about, contextUrl, schema } = model;
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const rows = Object.entries(properties)
    .filter(([term]) => term !== 'id' && term !== 'type')
    .map(([term, rules]) => rowOf(term, isObject(rules) ? rules : {}, schema));
  return [
    `# ${name}`,
    '',
    about,
    '',
    `- IRI of the type: \`${iri}\``,
    `- @context: \`${contextUrl}\``,
    `- Must be given: ${requiredWords(schema)}`,
    '',
    '| attribute | meaning | values | unit | kind |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

/** The documents about the models, by their paths among the other documents: a list of the types, and a page of each. */
export const modelPages = (directory: string): ReadonlyMap<string, () => string> =>
  new Map([
    ['docs/models/types.md', () => listPage(directory)],
    ...describeModels(directory).map(({ name }): [string, () => string] => [
      `docs/models/${name}.md`,
      () => modelPage(directory, name) ?? '',
    ]),
  ]);

/** Families, their types, and what these are for. */
function listPage(directory: string): string {
  const models = readAll(directory);
  const families = [...new Set(models.map(({ family }) => family))].flatMap((family) => [
    `## ${family}`,
    '',
    '| type | what it describes |',
    '|---|---|',
    ...models
      .filter((model) => model.family === family)
      .map(({ name, about }) => `| [${name}](${name}.md) | ${cell(about)} |`),
    '',
  ]);
  return ['# The data models, type by type', '', ...families].join('\n');
}

const textOf = (json: Json | undefined): string => (typeof json === 'string' ? json : '');

/** Text in a table cell. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function rowOf(term: string, rules: JsonObject, schema: JsonObject): string {
  const marks = isObject(rules['x-ngsi']) ? rules['x-ngsi'] : {};
  const units = isStrings(marks['unitCodes']) ? marks['unitCodes'].map(unitName).join(' or ') : '';
  const required = marks['unitCodeRequired'] === true ? ', must be given' : '';
  const cells = [
    `\`${term}\``,
    textOf(rules['description']),
    valueWords(rules, schema),
    `${units}${required}`,
    textOf(marks['kind']) || 'Property or LanguageProperty',
  ];
  return `| ${cells.map(cell).join(' | ')} |`;
}

/** The attributes that an entity must have: those of `required`, and a choice of `anyOf`. */
function requiredWords({ required, anyOf }: JsonObject): string {
  const names = (json: Json | undefined): readonly string[] =>
    isStrings(json) ? json.filter((name) => name !== 'id' && name !== 'type').map((name) => `\`${name}\``) : [];
  const choices = isArray(anyOf)
    ? anyOf
        .map((choice) => (isObject(choice) ? names(choice['required']).join(' with ') : ''))
        .filter((text) => text !== '')
    : [];
  const all = [...names(required), ...(choices.length === 0 ? [] : [choices.join(' or ')])];
  return all.length === 0 ? 'nothing but id and type' : all.join(', ');
}
