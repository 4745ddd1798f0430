/** Reads which members of entities a response contains: `attrs`, `pick` and `omit` (clause 4.21). */
import type { Terms } from '../model/entity.ts';
import { badData } from '../model/problem.ts';
import { quoted } from '../model/read/id.ts';
import { readAttributeName } from '../model/read/name.ts';

/** Names are expanded; members such as `id` that are not attributes are unexpanded. An empty projection shows everything. */
export interface Projection {
  /** Shows these attributes, and all members that are not attributes. */
  readonly attrs?: ReadonlySet<string>;
  /** Shows only these members. */
  readonly pick?: ReadonlySet<string>;
  /** Hides these members. */
  readonly omit?: ReadonlySet<string>;
  /** The projections of linked entities, by relationship. */
  readonly linked?: ReadonlyMap<string, Projection>;
}

type Params = Readonly<Record<string, string>>;

const members = new Set(['id', 'type', 'scope', 'createdAt', 'modifiedAt', 'deletedAt', 'expiresAt']);

/** The maximum nesting depth of braces. */
const depthMax = 10;

/** The projection in the parameters attrs, pick and omit. Throws BadRequestData that quotes the invalid text. */
export function parseProjection(params: Params, terms: Terms): Projection {
  const { attrs, pick, omit } = params;
  if (attrs === undefined) return projectionOf(parseList('pick', pick, terms), parseList('omit', omit, terms));
  if (pick !== undefined || omit !== undefined) {
    throw badData('The parameter attrs cannot stand beside pick or omit.');
  }
  const shown = parseList('attrs', attrs, terms);
  if (shown && shown.nested.size > 0) {
    throw badData(`The parameter attrs cannot have braces; only pick and omit can: ${quoted(attrs)}.`);
  }
  return shown ? { attrs: shown.names } : {};
}

function projectionOf(picked: NameList | undefined, omitted: NameList | undefined): Projection {
  const pick = picked && new Set([...picked.names, ...picked.nested.keys()]);
  const both = [...(pick ?? [])].find((name) => omitted?.names.has(name));
  if (both !== undefined) throw badData(`The parameters pick and omit both name ${both}.`);
  const linked = linkedBy(picked, omitted);
  return {
    ...(pick ? { pick } : undefined),
    ...(omitted ? { omit: omitted.names } : undefined),
    ...(linked.size > 0 ? { linked } : undefined),
  };
}

function linkedBy(picked: NameList | undefined, omitted: NameList | undefined): ReadonlyMap<string, Projection> {
  const names = [...(picked?.nested.keys() ?? []), ...(omitted?.nested.keys() ?? [])];
  return new Map(names.map((name) => [name, projectionOf(picked?.nested.get(name), omitted?.nested.get(name))]));
}

/** The number of relationships that the projection follows. */
export const projectionDepth = ({ linked }: Projection): number =>
  linked ? 1 + Math.max(...[...linked.values()].map(projectionDepth)) : 0;

/** True for a member or attribute that the projection shows. */
export function isShown({ attrs, pick, omit }: Projection, name: string): boolean {
  if (attrs) return attrs.has(name) || members.has(name);
  return (pick?.has(name) ?? true) && !(omit?.has(name) ?? false);
}

/** `names` have no braces. `nested` are names with braces, which contain another list. */
interface NameList {
  readonly names: ReadonlySet<string>;
  readonly nested: ReadonlyMap<string, NameList>;
}

/** Combines two lists. */
function together(one: NameList | undefined, other: NameList): NameList {
  if (!one) return other;
  const nested = new Map(one.nested);
  for (const [name, list] of other.nested) nested.set(name, together(nested.get(name), list));
  return { names: new Set([...one.names, ...other.names]), nested };
}

interface Cursor {
  readonly parameter: string;
  readonly text: string;
  readonly terms: Terms;
  at: number;
}

function parseList(parameter: string, text: string | undefined, terms: Terms): NameList | undefined {
  if (text === undefined) return undefined;
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
    if (cursor.text[cursor.at] === '{') nested.set(name, together(nested.get(name), parseBraces(cursor, depth + 1)));
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
  badData(`The parameter ${parameter} needs ${wanted} at position ${at}: ${quoted(text)}.`);
