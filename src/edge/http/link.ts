/** Writes the Link header values of a response (RFC 8288). */
import { contextRelation } from '../../core/jsonld/link.ts';

/** The link to the @context of a response (clause 6.3.5). */
export const contextLink = (url: string): string =>
  `<${headerUrl(url)}>; rel="${contextRelation}"; type="application/ld+json"`;

/** A link to the previous or next page (clause 6.3.10), in the format that the standard's test suite compares with. */
export const pageLink = (url: string, relation: 'next' | 'prev', type: string): string =>
  `<${headerUrl(url)}>;rel="${relation}";type="${type}"`;

/** Makes a URL or path safe for a header: percent-encodes characters that would end the link or the header. */
export const headerUrl = (url: string): string =>
  url.toWellFormed().replace(/[^\x21-\x7e]|[<>"]/gu, (char) => encodeURIComponent(char));
