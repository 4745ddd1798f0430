/** Reads the Link header of a request (RFC 8288). Only links to a JSON-LD @context matter. */
import { badData } from '../model/problem.ts';

/** The relation of a link to a @context (clause 6.3.5). */
export const contextRelation = 'http://www.w3.org/ns/json-ld#context';

/**
 * The URL of the @context that a Link header names; undefined when it names none. If no link has the relation of a @context, a link without
 * relation counts. Throws BadRequestData.
 */
export function readContextLink(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const links = readLinks(header);
  const named = links.filter(({ relations }) => relations?.includes(contextRelation));
  const urls = (named.length > 0 ? named : links.filter(({ relations }) => !relations)).map(({ url }) => url);
  if (urls.length > 1) throw badData(`The Link header names more than one @context: ${urls.join(', ')}.`);
  return urls[0];
}

interface Link {
  readonly url: string;
  /** Absent: the link has no relation. */
  readonly relations?: readonly string[];
}

/** A header and the reading position. Each pattern is tried once at a position, so that the time to read is linear in the length. */
interface Cursor {
  readonly header: string;
  at: number;
}

const separators = /[\s,]*/y;
const targetForm = /<([^<>]*)>/y;
const semicolon = /\s*;\s*/y;
const nameForm = /[^\s"=;,<>]+/y;
const equals = /\s*=\s*/y;
const quotedForm = /"((?:[^"\\]|\\.)*)"/y;
const tokenForm = /([^\s";,<>]*)/y;
const linkEnd = /\s*(?:,|$)/y;

/** Matches a pattern at the cursor, and moves the cursor after the match. Undefined when it does not match. */
function take(cursor: Cursor, form: RegExp): RegExpExecArray | undefined {
  form.lastIndex = cursor.at;
  const match = form.exec(cursor.header);
  if (match) cursor.at = form.lastIndex;
  return match ?? undefined;
}

function readLinks(header: string): readonly Link[] {
  const cursor: Cursor = { header, at: 0 };
  const links: Link[] = [];
  for (take(cursor, separators); cursor.at < header.length; take(cursor, separators)) {
    const start = cursor.at;
    const link = readLink(cursor);
    if (!link)
      throw badData(`The Link header cannot be read from ${JSON.stringify(header.slice(start, start + 100))} on.`);
    links.push(link);
  }
  return links;
}

/**
 * Reads one link: its target in angle brackets, then parameters; undefined when it is malformed. If there are two `rel`, the first counts
 * (RFC 8288, 3.3).
 */
function readLink(cursor: Cursor): Link | undefined {
  const target = take(cursor, targetForm);
  if (!target) return undefined;
  let relation: string | undefined;
  while (take(cursor, semicolon)) {
    const parameter = readParameter(cursor);
    if (!parameter) return undefined;
    if (parameter.name === 'rel') relation ??= parameter.value;
  }
  const relations = relation === undefined ? undefined : { relations: relation.split(/\s+/) };
  return take(cursor, linkEnd) && { url: (target[1] ?? '').trim(), ...relations };
}

/** A parameter of a link. Its value may be quoted or absent. */
function readParameter(cursor: Cursor): { readonly name: string; readonly value: string } | undefined {
  const [name] = take(cursor, nameForm) ?? [];
  if (name === undefined) return undefined;
  const value = take(cursor, equals) ? (take(cursor, quotedForm) ?? take(cursor, tokenForm)) : undefined;
  return { name: name.toLowerCase(), value: value?.[1] ?? '' };
}
