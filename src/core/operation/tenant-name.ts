/** The tenant that a request names, whatever binding it comes by (CIM 009 clauses 4.14, 6.3.14). */
import { badData } from '../model/problem.ts';
import { percentDecoded } from '../model/read/percent.ts';

/** Headers by their names in small letters, with one character per byte, as they come. */
type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * The name of the tenant, from the header NGSILD-Tenant or Fiware-Service; undefined when neither is there. Throws
 * BadRequestData for what is no name, and for headers that name different tenants.
 */
export function tenantIn(headers: Headers): string | undefined {
  const sent = sentTenant(headers);
  if (sent === undefined) return undefined;
  const service = headers['fiware-service'];
  if (service !== undefined && service !== sent)
    throw badData('The headers NGSILD-Tenant and Fiware-Service name different tenants.');
  return readTenantName(textOf(sent), sent);
}

/** What the header says, when that is the name of a tenant; else undefined. */
export function tenantToRepeat(headers: Headers): string | undefined {
  const sent = sentTenant(headers);
  const name = sent === undefined ? undefined : textOf(sent);
  return name !== undefined && isName(name) ? sent : undefined;
}

/** A text that is the name of a tenant. `sent` is what the message quotes. Throws BadRequestData. */
export function readTenantName(text: string | undefined, sent = text): string {
  if (text !== undefined && isName(text)) return text;
  throw badData(`A tenant is named by 1 to 255 visible characters, not by ${JSON.stringify(sent)}.`);
}

const isName = (text: string): boolean => /^[^\p{C}\p{Z}]{1,255}$/u.test(text);

function sentTenant(headers: Headers): string | undefined {
  const sent = headers['ngsild-tenant'] ?? headers['fiware-service'];
  return typeof sent === 'string' || sent === undefined ? sent : sent.join(', ');
}

/** The text that bytes, one in each character, are in UTF-8; undefined when they are none. */
const textOf = (bytes: string): string | undefined =>
  /^[\x20-\x7e]*$/.test(bytes)
    ? bytes
    : percentDecoded(
        bytes.replace(/[^\x20-\x7e]|%/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`),
      );
