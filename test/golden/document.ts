/** Reads documents as a reader does: their code blocks, and answers without the parts that vary between runs. */
import { readFileSync } from 'node:fs';

export interface Block {
  /** What a fence says that it holds; empty for an indented block. */
  readonly language: string;
  readonly text: string;
}

const fences = /(?<=\n)```(\w*)\n([^]*?)```\n/g;
const indented = /(?<=\n\n)(?: {4}.*\n|\n(?= {4}))+/g;

/** The indented blocks and the fences of a document, in order, without what makes them blocks. */
export function blocksIn(document: string): readonly Block[] {
  const text = readFileSync(new URL(`../../${document}`, import.meta.url), 'utf8');
  const fenced = [...text.matchAll(fences)].map(({ index, 1: language = '', 2: body = '' }) => ({
    index,
    language,
    text: body,
  }));
  // What is within fences is blanked, so that it is not taken for an indented block.
  const rest = text.replace(fences, (fence) => fence.replaceAll(/[^\n]/g, '.'));
  const plain = [...rest.matchAll(indented)].map(({ index, 0: body }) => ({
    index,
    language: '',
    text: body.replaceAll(/^ {4}/gm, ''),
  }));
  return [...fenced, ...plain].sort((one, other) => one.index - other.index);
}

export const isCommand = ({ language, text }: Block): boolean =>
  language === '' && /^(curl|npm|npx|mlaka|docker|[A-Z_]+=)/.test(text);

/** The value of a text that is JSON; undefined when it is none. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const masks: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{8}-…/g, 'UUID'],
  [/\b[0-9a-f]{12}\.\d+/g, 'POSITION'],
  [/"epoch":"[0-9a-f]{12}"/g, '"epoch":"EPOCH"'],
  [/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME'],
];

/** A text without the times, positions and ids that the broker makes. */
export const masked = (text: string): string =>
  masks.reduce((left, [pattern, name]) => left.replaceAll(pattern, name), text);

/** The documents of JSON in a text, masked: all of it, or one in each line. */
export function answersIn(text: string): readonly unknown[] {
  const whole = jsonIn(masked(text));
  return whole === undefined ? masked(text).trim().split('\n').map(jsonIn) : [whole];
}
