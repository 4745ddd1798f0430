/** Builds the header that repeats the snapshot of a request in its response (CIM 009 clause 4.3.7). */
import type { IncomingHttpHeaders } from 'node:http';
import type { Headers } from './reply.ts';

/** A value with other characters or more than 1,000 of them is omitted. */
export function echoSnapshot(headers: IncomingHttpHeaders): Headers | undefined {
  const sent = headers['ngsild-snapshot'];
  return typeof sent === 'string' && /^[\x21-\x7e]{1,1000}$/.test(sent) ? { 'NGSILD-Snapshot': sent } : undefined;
}
