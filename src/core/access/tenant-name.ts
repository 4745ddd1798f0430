/** Reads the tenant that a request names, whatever the binding (CIM 009 clauses 4.14, 6.3.14). */
import { badData, Problem } from '../model/problem.ts';
import { percentDecoded } from '../model/read/percent.ts';

/** Headers by their lower-case names, with one character per byte, as received. */
type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * The name of the tenant, from the header NGSILD-Tenant or Fiware-Service; undefined when both are absent. Throws BadRequestData when the
 * name is not valid, or when the two headers name different tenants.
 */
export function tenantIn(headers: Headers): string | undefined {
  const sent = sentTenant(headers);
  if (sent === undefined) return undefined;
  const service = headers['fiware-service'];
  if (service !== undefined && service !== sent)
    throw badData('The headers NGSILD-Tenant and Fiware-Service name different tenants.');
  return readTenantName(textOf(sent), sent);
}

/** The header as sent, when it is a valid tenant name; else undefined. */
export function tenantToRepeat(headers: Headers): string | undefined {
  const sent = sentTenant(headers);
  const name = sent === undefined ? undefined : textOf(sent);
  return name !== undefined && isName(name) ? sent : undefined;
}

/**
 * The tenant of a request. URLs of @contexts name it in the parameter `tenant`, because programs that follow them send no header. `sent`: the
 * tenant of the header; empty when there is none. Throws BadRequestData when the name is not valid. Throws ResourceNotFound when both name
 * different tenants: the tenant of the header has no @context of this URL.
 */
export function tenantOf({ tenant }: Readonly<Record<string, string>>, sent: string): string {
  if (tenant === undefined) return sent;
  const name = readTenantName(tenant);
  if (sent === '' || sent === name) return name;
  throw new Problem(
    'ResourceNotFound',
    `The URL names the tenant ${JSON.stringify(name)}, but the request is for ${JSON.stringify(sent)}, which does not have it.`,
  );
}

/** Checks that a text is a valid tenant name. `sent` is what the error message quotes. Throws BadRequestData. */
export function readTenantName(text: string | undefined, sent = text): string {
  if (text !== undefined && isName(text)) return text;
  throw badData(`A tenant is named by 1 to 255 visible characters, not by ${JSON.stringify(sent)}.`);
}

const isName = (text: string): boolean => /^[^\p{C}\p{Z}]{1,255}$/u.test(text);

function sentTenant(headers: Headers): string | undefined {
  const sent = headers['ngsild-tenant'] ?? headers['fiware-service'];
  return typeof sent === 'string' || sent === undefined ? sent : sent.join(', ');
}

/** Decodes UTF-8 from a string with one character per byte; undefined when the bytes are not UTF-8. */
const textOf = (bytes: string): string | undefined =>
  /^[\x20-\x7e]*$/.test(bytes)
    ? bytes
    : percentDecoded(
        bytes.replace(/[^\x20-\x7e]|%/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`),
      );
