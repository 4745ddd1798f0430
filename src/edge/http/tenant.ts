/** Builds the header that repeats the tenant of a request in its response (CIM 009 clause 6.3.14). */
import type { IncomingHttpHeaders } from 'node:http';
import { tenantToRepeat } from '../../core/access/tenant-name.ts';
import type { Headers } from './reply.ts';

export function echoTenant(headers: IncomingHttpHeaders): Headers | undefined {
  const tenant = tenantToRepeat(headers);
  return tenant === undefined ? undefined : { 'NGSILD-Tenant': tenant };
}
