/** Splits the texts of the query language of NGSI v2 (`q`, `mq`) into statements, paths and literals. Single quotes protect separators. */
import { readDate } from './date.ts';
import { badRequest, type V2Problem } from './problem.ts';

type V2Operator = '==' | '!=' | '>=' | '<=' | '~=' | '>' | '<';

/** One statement of a query. `op` is absent for a test of existence. */
export interface Statement {
  readonly path: readonly string[];
  readonly isNegated: boolean;
  readonly op?: V2Operator;
  /** The text after the operator. */
  readonly operand: string;
}

/** A literal with its type. A date keeps its time in UTC. */
export type Literal =
  | { readonly kind: 'plain'; readonly value: number | boolean | null }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'date'; readonly value: string };

/** Which language: paths of `q` lead into values, those of `mq` to metadata first. */
export type QueryLanguage = 'q' | 'mq';

/** The statements of a query; all of them must be true. Throws BadRequest with the text of Orion. */
export function readStatements(text: string, language: QueryLanguage): readonly Statement[] {
  if (text === '' || text === ';') throw badRequest('empty q');
  return splitOutside(text.replace(/;$/, ''), ';').map((item) => readStatement(item, language));
}

function readStatement(text: string, language: QueryLanguage): Statement {
  const item = text.trim();
  if (item === '') throw badRequest(text === '' ? 'empty q-item' : 'empty q-item (only whitespace)');
  const found = item.startsWith('!') ? undefined : operatorIn(item);
  return found ? readComparison(item, found, language) : readExistence(item, language);
}

function readExistence(item: string, language: QueryLanguage): Statement {
  const isNegated = item.startsWith('!');
  const left = (isNegated ? item.slice(1) : item).trim();
  if (left === '') throw badRequest('empty right-hand-side in q-item');
  return { path: readPath(left, language), isNegated, operand: '' };
}

function readComparison(item: string, { at, op }: FoundOperator, language: QueryLanguage): Statement {
  const left = item.slice(0, at).trim();
  if (left === '') throw badRequest('empty left-hand-side in q-item');
  const path = readPath(left, language);
  const operand = item.slice(at + op.length).trim();
  if (operand === '') throw badRequest('empty right-hand-side in q-item');
  if (op === '~=' ? operand.includes("'") : /[<>"=()]/.test(operand)) throw forbidden();
  return { path, isNegated: false, operand, op: op === ':' ? '==' : op };
}

function readPath(left: string, language: QueryLanguage): readonly string[] {
  const path = splitOutside(left, '.').map(unquoted);
  if (path.some((token) => token.includes("'"))) throw forbidden();
  if (path.some((token) => token === '' || /[<>"=;()]/.test(token)))
    throw badRequest(`invalid character found in URI param /${language}/`);
  return path;
}

const forbidden = (): V2Problem => badRequest('forbidden characters in String Filter');

interface FoundOperator {
  readonly at: number;
  readonly op: V2Operator | ':';
}

const operators = ['==', '!=', '>=', '<=', '~=', '>', '<'] as const;

/** The first operator outside quotes. A colon is one only where there is no other, because names may have colons. */
function operatorIn(text: string): FoundOperator | undefined {
  let isQuoted = false;
  let colon: number | undefined;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === "'") isQuoted = !isQuoted;
    if (isQuoted) continue;
    const op = operators.find((one) => text.startsWith(one, at));
    if (op) return { at, op };
    if (text[at] === ':') colon ??= at;
  }
  return colon === undefined ? undefined : { at: colon, op: ':' };
}

/** The parts between separators that are not in quotes. */
export function splitOutside(text: string, separator: string): readonly string[] {
  const parts: string[] = [];
  let isQuoted = false;
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === "'") isQuoted = !isQuoted;
    if (isQuoted || text[at] !== separator) continue;
    parts.push(text.slice(from, at));
    from = at + 1;
  }
  parts.push(text.slice(from));
  return parts;
}

const isQuotedText = (text: string): boolean => text.length > 1 && text.startsWith("'") && text.endsWith("'");

/** The text without the quotes around it. */
export const unquoted = (text: string): string => (isQuotedText(text) ? text.slice(1, -1) : text);

function readQuoted(text: string): string {
  if (!isQuotedText(text)) throw badRequest('non-terminated forced string');
  const value = unquoted(text);
  if (value.includes("'")) throw badRequest('quote in forced string');
  return value;
}

const words: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/** A literal by its form: a quoted text is always a text. */
export function readLiteral(text: string): Literal {
  if (text.startsWith("'")) return { kind: 'text', value: readQuoted(text) };
  const word = words.get(text);
  if (word !== undefined) return { kind: 'plain', value: word };
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return { kind: 'plain', value: Number(text) };
  const date = readDate(text);
  if (date !== undefined) return { kind: 'date', value: date };
  if (text.includes("'")) throw forbidden();
  return { kind: 'text', value: text };
}
