/** Describes the broken rule and the offending value in a text of limited length. */
import type { ErrorObject } from 'ajv/dist/2020.js';

const valueCharactersMax = 200;
const ruleCharactersMax = 300;

const truncate = (text: string, max: number): string => (text.length > max ? `${text.slice(0, max - 1)}…` : text);

/** A value as JSON text of at most 200 characters. */
export const valueText = (value: unknown): string => truncate(JSON.stringify(value), valueCharactersMax);

/** The most specific error. `if` only reports that a branch failed, and the error of the branch precedes it. */
export const mostSpecificError = (errors: readonly ErrorObject[]): ErrorObject | undefined =>
  errors.find(({ keyword }) => keyword !== 'if') ?? errors[0];

/** The broken rule, such as `must be <= 1` or `must be >= -90 at coordinates/1`. */
export function ruleText(error: ErrorObject): string {
  const place = error.instancePath === '' ? '' : ` at ${error.instancePath.slice(1)}`;
  return truncate(`${wordsOf(error)}${place}`, ruleCharactersMax);
}

function wordsOf({ keyword, params, message = `must meet ${keyword}`, parentSchema }: ErrorObject): string {
  switch (keyword) {
    case 'enum':
      return `must be one of ${listed(params['allowedValues'])}`;
    case 'const':
      return `must be ${JSON.stringify(params['allowedValue'])}`;
    case 'pattern':
    case 'format':
      return described(parentSchema?.['description']) ?? message;
    default:
      return message;
  }
}

const listed = (values: unknown): string =>
  truncate(
    Array.isArray(values)
      ? values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(', ')
      : '',
    200,
  );

/** The description of a schema says in words what its pattern says in signs. */
const described = (description: unknown): string | undefined =>
  typeof description === 'string' && description !== '' ? `must be: ${description.replace(/\.$/, '')}` : undefined;
