/** Builds the headers of every response that tell browsers and caches what they may not do. They are constant, so they are built once. */
import type { Headers } from './reply.ts';

export interface SecurityHeaderOptions {
  /** True when answers depend on who asks, so that no cache may store them. */
  readonly isCallerKnown: boolean;
  /** How long a browser that reached the broker by TLS must use TLS for its host name, in seconds. 0: nothing is said. */
  readonly hstsSeconds: number;
}

/** The headers by the scheme of the request. A browser must ignore `Strict-Transport-Security` without TLS (RFC 6797, section 7.2). */
export function createSecurityHeaders({
  isCallerKnown,
  hstsSeconds,
}: SecurityHeaderOptions): Readonly<Record<'http' | 'https', Headers>> {
  const always = {
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    ...(isCallerKnown ? { 'Cache-Control': 'no-store' } : undefined),
  };
  const hsts = hstsSeconds > 0 ? { 'Strict-Transport-Security': `max-age=${hstsSeconds}` } : undefined;
  return { http: always, https: { ...always, ...hsts } };
}
