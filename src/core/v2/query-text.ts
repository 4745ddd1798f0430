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

/** The statements of a query; all of them must be true. Throws BadRequest with the text of Orion. */
export const readStatements = (text: string): readonly Statement[] => splitOutside(text, ';').map(readStatement);

function readStatement(text: string): Statement {
  const item = text.trim();
  if (item === '') throw badRequest('empty q-item');
  const found = operatorIn(item);
  return found ? readComparison(item, found) : readExistence(item);
}

function readExistence(item: string): Statement {
  const isNegated = item.startsWith('!');
  return { path: readPath(isNegated ? item.slice(1) : item), isNegated, operand: '' };
}

function readComparison(item: string, { at, op }: FoundOperator): Statement {
  const path = readPath(item.slice(0, at));
  const operand = item.slice(at + op.length).trim();
  if (operand === '') throw badRequest('empty right-hand-side in q-item');
  if (op !== '~=' && /[<>"=()]/.test(operand)) throw forbidden();
  return { path, isNegated: false, operand, op: op === ':' ? '==' : op };
}

function readPath(text: string): readonly string[] {
  const left = text.trim();
  if (left === '') throw badRequest('empty left-hand-side in q-item');
  const path = splitOutside(left, '.').map(unquoted);
  if (path.some((token) => token === '' || /[<>"'=;()]/.test(token))) throw forbidden();
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

const words: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/** A literal by its form: a quoted text is always a text. */
export function readLiteral(text: string): Literal {
  if (text === '') throw badRequest('empty right-hand-side in q-item');
  if (isQuotedText(text)) return { kind: 'text', value: unquoted(text) };
  const word = words.get(text);
  if (word !== undefined) return { kind: 'plain', value: word };
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return { kind: 'plain', value: Number(text) };
  const date = readDate(text);
  return date === undefined ? { kind: 'text', value: text } : { kind: 'date', value: date };
}
