/** Answers with documents that clients and caches may keep: ETag, 304, Cache-Control (RFC 9110, section 13; RFC 9111). */
import { createHash } from 'node:crypto';
import type { CallContext, DocumentContent, OperationResult } from '../../core/operation/operation.ts';

/** How long a cache may use a document without asking, in seconds. */
const freshSeconds = 60;

interface Document {
  /** With its parameters, such as `text/turtle; charset=utf-8`. */
  readonly mediaType: string;
  /** What the content depends on within the tenant. Equal texts stand for equal content. */
  readonly version: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Makes the content. It is not called when the client has it already. */
  readonly content: () => Promise<DocumentContent>;
}

/** Anonymous clients share caches. What others get is for them alone. */
export async function answerDocument(
  call: CallContext,
  { mediaType, version, headers, content }: Document,
): Promise<OperationResult> {
  // One URL has the documents of all tenants: a cache may ask with the tags of all of them.
  const tag = `"${createHash('sha256').update(`${call.storeName} ${version}`).digest('base64url').slice(0, 27)}"`;
  const isShared = call.principal.identity.kind === 'anonymous';
  const common = {
    ...headers,
    ETag: tag,
    'Cache-Control': isShared ? `public, max-age=${freshSeconds}` : 'private, no-cache',
    Vary: 'Accept, Origin, Authorization, X-Auth-Token, NGSILD-Tenant, Fiware-Service',
  };
  if (isKnown(call.headers?.['if-none-match']?.toString(), tag))
    return { kind: 'document', status: 304, headers: common };
  return { kind: 'document', status: 200, headers: { 'Content-Type': mediaType, ...common }, content: await content() };
}

/** True when the client has the version with this tag (RFC 9110, section 13.1.2: weak comparison). */
const isKnown = (sent: string | undefined, tag: string): boolean =>
  sent !== undefined && sent.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === tag);
