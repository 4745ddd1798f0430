/** Writes the links in the head of an answer (RFC 8288). */
import { contextRelation } from '../../core/jsonld/link.ts';

/** The link to the @context of an answer (clause 6.3.5). */
export const contextLink = (url: string): string =>
  `<${headerUrl(url)}>; rel="${contextRelation}"; type="application/ld+json"`;

/** A link to the page before or after (clause 6.3.10), in the form that the standard's test suite compares with. */
export const pageLink = (url: string, relation: 'next' | 'prev', type: string): string =>
  `<${headerUrl(url)}>;rel="${relation}";type="${type}"`;

/** A URL or path as a header may hold it: characters that would end the link or the header are percent-encoded. */
export const headerUrl = (url: string): string =>
  url.toWellFormed().replace(/[^\x21-\x7e]|[<>"]/gu, (char) => encodeURIComponent(char));
