/** Describes the options for `--help`, as a JSON Schema, and as the table of docs/configuration.md. */
import type { JsonObject } from '../../core/model/json.ts';
import { flagOf, options, variableOf } from './options.ts';

const entries = Object.entries(options).map(([name, { about, form, initial, schema }]) => ({
  name,
  about,
  form,
  initial,
  schema,
}));

/** The options as lines of help, each with its default value. */
export const helpText = (): string =>
  entries
    .map(({ name, about, form, initial }) => {
      const value = typeof initial === 'boolean' || initial === '' ? '' : ` [${initial}]`;
      return `  --${flagOf(name)}${form === '' ? '' : ` ${form}`}\n      ${about}${value}`;
    })
    .join('\n');

/** The JSON Schema of a configuration file. */
export const configSchema = (): JsonObject => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Configuration of Mlaka',
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(
    entries.map(({ name, about, initial, schema }) => [name, { description: about, default: initial, ...schema }]),
  ),
});

/** The options as a Markdown table. */
export const configTable = (): string =>
  [
    '| flag | environment | initially | what it does |',
    '|---|---|---|---|',
    ...entries.map(({ name, about, form, initial }) => {
      const flag = `\`--${flagOf(name)}${form === '' ? '' : ` ${form.replaceAll('|', '\\|')}`}\``;
      return `| ${flag} | \`${variableOf(name)}\` | ${initial === '' ? '' : `\`${String(initial)}\``} | ${about} |`;
    }),
  ].join('\n');
