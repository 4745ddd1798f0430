/** The tenant that a request names (CIM 009 clauses 4.14, 6.3.14). */
import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { badData } from '../../core/model/problem.ts';
import type { Headers } from './reply.ts';

/** The name of the tenant; empty for the default tenant. Throws BadRequestData. */
export function readTenant(headers: IncomingHttpHeaders): string {
  const sent = sentTenant(headers);
  if (sent === undefined) return '';
  const service = headers['fiware-service'];
  if (service !== undefined && service !== sent) {
    throw badData('The headers NGSILD-Tenant and Fiware-Service name different tenants.');
  }
  const name = nameOf(sent);
  if (name === undefined)
    throw badData(`A tenant is named by 1 to 255 visible characters, not by ${JSON.stringify(sent)}.`);
  return name;
}

/** The header that repeats the tenant in the answer. */
export function echoTenant(headers: IncomingHttpHeaders): Headers | undefined {
  const sent = sentTenant(headers);
  return sent === undefined || nameOf(sent) === undefined ? undefined : { 'NGSILD-Tenant': sent };
}

function sentTenant(headers: IncomingHttpHeaders): string | undefined {
  const sent = headers['ngsild-tenant'] ?? headers['fiware-service'];
  return Array.isArray(sent) ? sent.join(', ') : sent;
}

/** The name in a header, which comes as one character per byte and is taken as UTF-8; undefined when it is none. */
function nameOf(sent: string): string | undefined {
  const bytes = Buffer.from(sent, 'latin1');
  const name = isUtf8(bytes) ? bytes.toString() : '';
  return /^[^\p{C}\p{Z}]{1,255}$/u.test(name) ? name : undefined;
}
