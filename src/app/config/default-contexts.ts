/** Reads which @context counts for requests that name none: for all tenants, and for single ones. */

/** The URL for a tenant; the default tenant's name is empty. Undefined: the core context alone. */
type DefaultContexts = (tenant: string) => string | undefined;

/** A tenant's name has neither a colon nor a slash in front of an equals sign; a URL has both. */
const entryForm = /^(?:([^=:/]+)=)?(https?:\/\/\S+)$/i;

/** Reads a text such as `https://example.org/a.jsonld,parking=https://example.org/b.jsonld`. Throws an Error that names the part it cannot read. */
export function readDefaultContexts(text: string): DefaultContexts {
  const urls = new Map<string | undefined, string>();
  for (const part of text.split(',').flatMap((one) => one.trim() || [])) {
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
