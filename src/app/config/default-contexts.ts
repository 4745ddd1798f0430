/** Reads the default @context of requests that name none, for all tenants or per tenant. */
import { listIn } from './list.ts';

/** The URL for a tenant; the name of the default tenant is empty. Undefined: only the core @context. */
type DefaultContexts = (tenant: string) => string | undefined;

/** A tenant name before the equals sign contains neither a colon nor a slash; a URL contains both. */
const entryForm = /^(?:([^=:/]+)=)?(https?:\/\/\S+)$/i;

/**
 * Parses a text such as `https://example.org/a.jsonld,parking=https://example.org/b.jsonld`. Throws an Error that names the invalid part.
 */
export function readDefaultContexts(text: string): DefaultContexts {
  const urls = new Map<string | undefined, string>();
  for (const part of listIn(text)) {
    const [, tenant, url = ''] = entryForm.exec(part) ?? [];
    if (!URL.canParse(url))
      throw new Error(
        `--default-context needs the URL of a @context, or TENANT=URL for a single tenant, not ${JSON.stringify(part)}.`,
      );
    if (urls.has(tenant))
      throw new Error(
        `--default-context names two for ${tenant === undefined ? 'all tenants' : `the tenant ${tenant}`}.`,
      );
    urls.set(tenant, url);
  }
  return (tenant) => urls.get(tenant) ?? urls.get(undefined);
}
