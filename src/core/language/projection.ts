/** Reads which members of entities are shown: `attrs`, `pick` and `omit` (clause 4.21). */
import type { Terms } from '../model/entity.ts';
import { badData } from '../model/problem.ts';
import { readAttributeName } from '../model/read/name.ts';

/** Names are expanded; members that are no attributes, such as `id`, stand as they are. Empty: everything is shown. */
export interface Projection {
  /** These attributes, and all that is no attribute. */
  readonly attrs?: ReadonlySet<string>;
  /** These members and no others. */
  readonly pick?: ReadonlySet<string>;
  /** All but these members. */
  readonly omit?: ReadonlySet<string>;
  /** What holds for the entities that a relationship leads to. */
  readonly linked?: ReadonlyMap<string, Projection>;
}

type Params = Readonly<Record<string, string>>;

const members = new Set(['id', 'type', 'scope', 'createdAt', 'modifiedAt', 'deletedAt', 'expiresAt']);

/** Deepest nesting of braces. */
const depthMax = 10;

/** The projection in the parameters attrs, pick and omit. Throws BadRequestData that quotes what cannot be read. */
export function parseProjection(params: Params, terms: Terms): Projection {
  const { attrs, pick, omit } = params;
  if (attrs !== undefined && (pick ?? omit) !== undefined) throw badData('The parameter attrs cannot stand beside pick or omit.');
  const picked = pick === undefined ? undefined : parseList('pick', pick, terms);
  const omitted = omit === undefined ? undefined : parseList('omit', omit, terms);
  const shown = attrs === undefined ? undefined : parseList('attrs', attrs, terms);
  const both = [...(picked?.names ?? [])].find((name) => omitted?.names.has(name));
  if (both !== undefined) throw badData(`The parameters pick and omit both name ${both}.`);
  const linked = new Map([...linkedBy('pick', picked), ...linkedBy('omit', omitted), ...linkedBy('attrs', shown)]);
  return {
    ...(shown ? { attrs: shown.names } : undefined),
    ...(picked ? { pick: new Set([...picked.names, ...picked.nested.keys()]) } : undefined),
    ...(omitted ? { omit: omitted.names } : undefined),
    ...(linked.size > 0 ? { linked } : undefined),
  };
}

/** How many relationships away the projection speaks of. */
export const projectionDepth = ({ linked }: Projection): number => (linked ? 1 + Math.max(...[...linked.values()].map(projectionDepth)) : 0);

/** True for a member or attribute that is shown. */
export function isShown({ attrs, pick, omit }: Projection, name: string): boolean {
  if (attrs) return attrs.has(name) || members.has(name);
  return (pick?.has(name) ?? true) && !(omit?.has(name) ?? false);
}

/** Names, and those with braces behind them: what the braces hold is a list again. */
interface NameList {
  readonly names: ReadonlySet<string>;
  readonly nested: ReadonlyMap<string, NameList>;
}

function linkedBy(how: 'attrs' | 'pick' | 'omit', list: NameList | undefined): readonly (readonly [string, Projection])[] {
  return [...(list?.nested ?? [])].map(([name, inner]) => {
    const deeper = linkedBy(how, inner);
    const names = how === 'omit' ? inner.names : new Set([...inner.names, ...inner.nested.keys()]);
    return [name, { [how]: names, ...(deeper.length > 0 ? { linked: new Map(deeper) } : undefined) }] as const;
  });
}

interface Cursor {
  readonly parameter: string;
  readonly text: string;
  readonly terms: Terms;
  at: number;
}

function parseList(parameter: string, text: string, terms: Terms): NameList {
  const cursor: Cursor = { parameter, text, terms, at: 0 };
  const list = parseNames(cursor, 0);
  if (cursor.at < text.length) throw faulty(cursor, 'a comma');
  return list;
}

function parseNames(cursor: Cursor, depth: number): NameList {
  const names = new Set<string>();
  const nested = new Map<string, NameList>();
  for (;;) {
    const name = parseName(cursor);
    if (cursor.text[cursor.at] === '{') nested.set(name, parseBraces(cursor, depth + 1));
    else names.add(name);
    if (!',|'.includes(cursor.text[cursor.at] ?? ' ')) return { names, nested };
    cursor.at += 1;
  }
}

function parseBraces(cursor: Cursor, depth: number): NameList {
  if (depth > depthMax) throw badData(`The parameter ${cursor.parameter} is nested more than ${depthMax} deep.`);
  cursor.at += 1;
  const list = parseNames(cursor, depth);
  if (cursor.text[cursor.at] !== '}') throw faulty(cursor, 'a closing brace');
  cursor.at += 1;
  return list;
}

function parseName(cursor: Cursor): string {
  const found = /^[^,|{}]+/.exec(cursor.text.slice(cursor.at))?.[0] ?? '';
  const name = found.trim();
  if (name === '') throw faulty(cursor, 'a name');
  cursor.at += found.length;
  if (members.has(name)) return name;
  return readAttributeName(name, cursor.terms);
}

const faulty = ({ parameter, text, at }: Cursor, wanted: string): Error =>
  badData(`The parameter ${parameter} needs ${wanted} at position ${at}: ${JSON.stringify(text)}.`);
