/** Reads the parameters of CKAN actions. Numbers and truth values may be texts, because a query has only these. */
import { isArray, type Json, type JsonObject, parseGiven } from '../../../core/model/json.ts';

/** A parameter that is missing or of another form. CKAN answers 409 with the type Validation Error. */
export class ActionValidationError extends Error {
  readonly parameter: string;

  constructor(parameter: string, message: string) {
    super(message);
    this.parameter = parameter;
  }
}

export type Parameters = JsonObject;

export const textIn = (params: Parameters, name: string): string | undefined => {
  const value = params[name];
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
};

/** Throws ActionValidationError when it is missing. */
export function requiredText(params: Parameters, name: string): string {
  const text = textIn(params, name);
  if (text === undefined || text === '') throw new ActionValidationError(name, 'Missing value');
  return text;
}

/** A whole number of at least 0. Throws ActionValidationError for anything else. */
export function wholeIn(params: Parameters, name: string): number | undefined {
  const value = params[name];
  if (value === undefined || value === null || value === '') return undefined;
  const number = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0) return number;
  throw new ActionValidationError(name, 'Must be a natural number');
}

export const isTrue = (value: Json | undefined): boolean =>
  value === true || value === 1 || (typeof value === 'string' && /^(?:true|yes|t|y|1)$/i.test(value));

/** A list; one text is a list of one. A text may be a list in JSON. */
export function listIn(params: Parameters, name: string): readonly string[] {
  const value = params[name];
  const list = typeof value === 'string' && value.startsWith('[') ? parsed(value) : value;
  if (isArray(list)) return list.flatMap((one) => (typeof one === 'string' ? [one] : []));
  return typeof list === 'string' && list !== '' ? [list] : [];
}

function parsed(text: string): Json {
  try {
    return parseGiven(text);
  } catch {
    return [];
  }
}
