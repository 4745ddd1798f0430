/** Replaces macros: `${expression}` in texts and JSON values (NGSI v2, custom notifications). */
import { isArray, isObject, type Json, type JsonObject } from '../../model/json.ts';
import { evaluateJexl, type JexlContext } from './evaluate.ts';

/** The start of a macro. Its end is the next brace that its own do not close. */
const start = '${';

/** Most characters that take the place of the macros of one message. */
const charactersMax = 16_000_000;

/**
 * The value of an expression. A name that JEXL would read as a computation, such as `lower-temp`, is found as it is written. Null when the
 * macros of the message have become too long.
 */
function valueOf(expression: string, context: JexlContext): Json {
  const { names, used } = context;
  if (used && used.characters > charactersMax) return null;
  const name = expression.trim();
  const value = Object.hasOwn(names, name) ? (names[name] ?? null) : evaluateJexl(expression, context);
  if (used) used.characters += textOf(value).length;
  return used && used.characters > charactersMax ? null : value;
}

const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** The text with macros replaced by texts. */
export function replaceInText(text: string, context: JexlContext): string {
  let done = '';
  let rest = text;
  for (;;) {
    const from = rest.indexOf(start);
    const to = from < 0 ? -1 : endOf(rest, from + start.length);
    if (to < 0) return done + rest;
    done += rest.slice(0, from) + textOf(valueOf(rest.slice(from + start.length, to), context));
    rest = rest.slice(to + 1);
  }
}

/** The index of the brace that closes the macro. Negative: it is not closed. */
function endOf(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '{') depth += 1;
    if (text[at] !== '}') continue;
    if (depth === 0) return at;
    depth -= 1;
  }
  return -1;
}

/** A text that is one macro becomes the value, of any type. */
function replaceWhole(text: string, context: JexlContext): Json {
  const isOne = text.startsWith(start) && endOf(text, start.length) === text.length - 1;
  return isOne ? valueOf(text.slice(start.length, -1), context) : replaceInText(text, context);
}

/** The JSON with macros replaced in its values, and not in its keys. */
export function replaceInJson(json: Json, context: JexlContext): Json {
  if (typeof json === 'string') return replaceWhole(json, context);
  if (isArray(json)) return json.map((element) => replaceInJson(element, context));
  return isObject(json) ? replaceInMembers(json, context) : json;
}

const replaceInMembers = (json: JsonObject, context: JexlContext): JsonObject =>
  Object.fromEntries(Object.entries(json).map(([key, value]) => [key, replaceInJson(value, context)]));

/** The text with a letter in place of each macro, to check the rest of it before the values are known. */
export const withoutMacros = (text: string): string => text.replace(/\$\{[^}]*\}/g, 'x');

/** True when something in the text would be replaced. */
export const hasMacro = (text: string): boolean => text.includes(start);
