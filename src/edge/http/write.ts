/** Converts the result of an operation to an HTTP reply: status, headers, links (CIM 009 clauses 6.3.6, 6.3.10). */
import type { OperationResult, Caller, Media, Page } from '../../core/operation/operation.ts';
import { mediaTypes } from './accept.ts';
import { contextLink, headerUrl, pageLink } from './link.ts';
import { type Headers, jsonReply, type Reply } from './reply.ts';
import type { Target } from './target.ts';

/** The request data from which links are built. */
export interface ReplyContext {
  readonly caller: Caller;
  readonly target: Target;
  readonly params: Readonly<Record<string, string>>;
  /** The URL of the @context of the response. Absent: the response has no @context, or contains it. */
  readonly contextUrl?: string;
  /** For a list of the registry (clauses 5.10, 5.11): the media type of its other pages. */
  readonly registryMedia?: Media;
}

/** Tells proxies not to cache or buffer events. */
const unbuffered: Headers = { 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' };

type Found = Extract<OperationResult, { kind: 'found' }>;

export const answerReply = (answer: OperationResult, asked: ReplyContext): Reply =>
  answer.kind === 'found'
    ? { status: foundStatus(answer), headers: foundHeaders(answer, asked), body: answer.text }
    : plainReply(answer);

/** The reply to a result whose content does not depend on the caller's media type or @context. */
export function plainReply(answer: Exclude<OperationResult, Found>): Reply {
  switch (answer.kind) {
    case 'created':
      return createdReply(answer);
    case 'createdMany':
      return jsonReply(201, answer.ids);
    case 'done':
      return { status: 204, headers: answer.location === undefined ? {} : { Location: headerUrl(answer.location) } };
    case 'plain':
      return { status: 200, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: answer.text };
    case 'warned':
      return jsonReply(200, answer.body);
    case 'partly':
      return jsonReply(207, answer.body);
    case 'document':
      return documentReply(answer);
    case 'events':
      return {
        status: 200,
        headers: { 'Content-Type': mediaTypes['event-stream'], ...unbuffered },
        follow: answer.open,
      };
  }
}

/** Bytes become a Buffer over the same memory. */
function documentReply({ status, headers, content }: Extract<OperationResult, { kind: 'document' }>): Reply {
  if (content === undefined) return { status, headers };
  const body =
    content instanceof Uint8Array ? Buffer.from(content.buffer, content.byteOffset, content.byteLength) : content;
  return { status, headers, body };
}

function createdReply({ location, body, isAccepted = false }: Extract<OperationResult, { kind: 'created' }>): Reply {
  const headers = {
    Location: headerUrl(location),
    ...(isAccepted ? { 'Preference-Applied': 'ngsi-ld=2.0' } : undefined),
  };
  return body === undefined ? { status: isAccepted ? 202 : 201, headers } : jsonReply(201, body, headers);
}

/**
 * 206 for a partial time range, 201 when an entity map was made, 203 for a result in the format of an older version (clauses 6.3.10, 6.3.21,
 * 6.4.3.2).
 */
function foundStatus({ range, isReformatted, entityMap }: Found): number {
  if (range) return 206;
  if (entityMap?.isCreated === true) return 201;
  return isReformatted === true ? 203 : 200;
}

function foundHeaders(answer: Found, asked: ReplyContext): Headers {
  const { page, position, range, warnings, entityMap } = answer;
  const { media, version } = asked.caller;
  const links = pageLinks(answer, asked);
  if (asked.contextUrl !== undefined) links.unshift(contextLink(asked.contextUrl));
  return {
    'Content-Type': mediaTypes[media],
    ...(links.length > 0 ? { Link: links.join(', ') } : undefined),
    ...(page?.count === undefined ? undefined : { 'NGSILD-Results-Count': String(page.count) }),
    ...(position === undefined ? undefined : { 'Mlaka-Position': position }),
    ...(warnings && warnings.length > 0 ? { 'NGSILD-Warning': warnings.join(', ') } : undefined),
    ...(entityMap ? { 'NGSILD-EntityMap': headerUrl(entityMap.location) } : undefined),
    ...rangeHeader(range),
    ...(version === undefined ? undefined : { 'Preference-Applied': `ngsi-ld=1.${version}` }),
  };
}

const rangeHeader = (range: Found['range']): Headers | undefined =>
  range && { 'Content-Range': `date-time ${range.start}-${range.end}/${range.size}` };

/**
 * Links to the previous and next page. A page with limit 0, requested only for the count, has none. When the result is a partial
 * time range, the next link is the next range of the same page.
 */
function pageLinks({ page, nextPage, range }: Found, asked: ReplyContext): string[] {
  const { partAfter: _, ...params } = asked.params;
  const linkTo = (relation: 'next' | 'prev', other: Readonly<Record<string, string>>): string =>
    pageLink(pageUrl(asked, { ...params, ...other }), relation, mediaTypes[asked.registryMedia ?? asked.caller.media]);
  const places = page ? pageOffsets(page) : {};
  const next = range ? { ...places.here, partAfter: range.end } : (nextPage ?? places.next);
  return [...(next ? [linkTo('next', next)] : []), ...(places.prev ? [linkTo('prev', places.prev)] : [])];
}

type PagePosition = Readonly<Record<'limit' | 'offset', string>>;

function pageOffsets({ limit, offset, hasMore }: Page): {
  here?: PagePosition;
  next?: PagePosition;
  prev?: PagePosition;
} {
  if (limit === 0) return {};
  const placeAt = (start: number): PagePosition => ({ limit: String(limit), offset: String(start) });
  return {
    here: placeAt(offset),
    ...(hasMore ? { next: placeAt(offset + limit) } : undefined),
    ...(offset > 0 ? { prev: placeAt(Math.max(0, offset - limit)) } : undefined),
  };
}

/** The URL of another page, with its parameters sorted by name; in the registry, as the client ordered them. */
function pageUrl({ target, registryMedia }: ReplyContext, params: Readonly<Record<string, string>>): string {
  const all = Object.entries(params);
  const ordered = registryMedia ? all : all.sort(([a], [b]) => (a < b ? -1 : 1));
  const query = ordered.map(([name, value]) => `${name}=${encodeQueryValue(value)}`);
  return `${target.path.replace(/\/$/, '')}?${query.join('&')}`;
}

/** Percent-encodes only what has a meaning in a query, and keeps plain punctuation readable (RFC 3986, section 3.4). */
const encodeQueryValue = (value: string): string =>
  encodeURIComponent(value).replace(/%(?:3A|2C|3B|2F|40|24|28|29)/g, (code) => decodeURIComponent(code));
