/** Reads the Link header of a request (RFC 8288), of which only the link to a JSON-LD @context counts. */
import { badData } from '../model/problem.ts';

/** The relation of a link to a @context (clause 6.3.5). */
export const contextRelation = 'http://www.w3.org/ns/json-ld#context';

/** One link: its target in angle brackets, then parameters whose values may be quoted. */
const linkForm = /[\s,]*<([^<>]*)>((?:\s*;\s*[^\s"=;,<>]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s";,<>]*))?)*)\s*(?:,|$)/y;
const relationForm = /;\s*rel\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s";,]*))/i;

/** The URL of the @context that a Link header names; undefined when it names none. Throws BadRequestData. */
export function readContextLink(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const urls = readLinks(header)
    .filter(({ relations }) => relations.includes(contextRelation))
    .map(({ url }) => url);
  if (urls.length > 1) throw badData(`The Link header names more than one @context: ${urls.join(', ')}.`);
  return urls[0];
}

interface Link {
  readonly url: string;
  readonly relations: readonly string[];
}

function readLinks(header: string): readonly Link[] {
  const links: Link[] = [];
  let at = 0;
  while (/[^\s,]/.test(header.slice(at))) {
    linkForm.lastIndex = at;
    const match = linkForm.exec(header);
    if (!match) throw badData(`The Link header cannot be read from ${JSON.stringify(header.slice(at, at + 100))} on.`);
    const [whole, url = '', parameters = ''] = match;
    const relation = relationForm.exec(parameters);
    links.push({ url: url.trim(), relations: (relation?.[1] ?? relation?.[2] ?? '').split(/\s+/) });
    at += whole.length;
  }
  return links;
}
