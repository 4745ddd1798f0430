/** The header by which FIWARE components find in their logs what belongs to one request. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Headers } from './reply.ts';

/** The header that repeats the correlator in the answer; one that is longer than any is left out. */
export function echoCorrelator(headers: IncomingHttpHeaders): Headers | undefined {
  const sent = headers['fiware-correlator'];
  return typeof sent === 'string' && /^[\x21-\x7e]{1,256}$/.test(sent) ? { 'Fiware-Correlator': sent } : undefined;
}
