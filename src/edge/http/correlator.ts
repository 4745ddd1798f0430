/** Handles the header Fiware-Correlator, by which FIWARE components find the log entries of one request. */
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Caller } from '../../core/operation/operation.ts';
import type { Exchange, Headers } from './reply.ts';

/** Printable ASCII: notifications append `; cbnotif=1`, with a blank. */
const isCorrelator = /^[\x21-\x7e](?:[\x20-\x7e]{0,254}[\x21-\x7e])?$/;

/** The header that repeats the correlator in the response. A value with other characters or more than 256 of them is omitted. */
export function echoCorrelator(headers: IncomingHttpHeaders): Headers | undefined {
  const sent = headers['fiware-correlator'];
  return typeof sent === 'string' && isCorrelator.test(sent) ? { 'Fiware-Correlator': sent } : undefined;
}

/** Gives a request without a valid correlator one, which its response and everything that is sent because of it have too. */
export function requireCorrelator(exchange: Exchange): void {
  const { headers } = exchange.request;
  if (echoCorrelator(headers)) return;
  headers['fiware-correlator'] = randomUUID();
  exchange.isCorrelatorOwn = true;
}

/** The correlator that the client sent, which the notifications of its writes have too. */
export const sentCorrelator = ({ request, isCorrelatorOwn = false }: Exchange): Pick<Caller, 'correlator'> =>
  isCorrelatorOwn ? {} : { correlator: echoCorrelator(request.headers)?.['Fiware-Correlator'] };
