/** Handles the header Fiware-Correlator, by which FIWARE components find the log entries of one request. */
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Headers } from './reply.ts';

/** The header that repeats the correlator in the response. A value with other characters or more than 256 of them is omitted. */
export function echoCorrelator(headers: IncomingHttpHeaders): Headers | undefined {
  const sent = headers['fiware-correlator'];
  return typeof sent === 'string' && /^[\x21-\x7e]{1,256}$/.test(sent) ? { 'Fiware-Correlator': sent } : undefined;
}

/** The header of a response whose request has no correlator. */
export const newCorrelator = (): Headers => ({ 'Fiware-Correlator': randomUUID() });
