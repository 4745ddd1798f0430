/** Provides the @contexts for the export: those bundled with Mlaka and those hosted by the broker. It downloads nothing else. */
import { isCoreUrl } from '../../../core/jsonld/gather.ts';
import { coreContext } from '../../../core/jsonld/known/core-context.ts';
import { dataIntegrity, dataIntegrityUrl } from '../../../core/jsonld/known/data-integrity.ts';
import type { Json } from '../../../core/model/json.ts';
import { knownContexts } from '../../../city/models/bundled-contexts.ts';
import { packagedModels } from '../../folders.ts';
import type { Client } from '../client.ts';
import type { ReadContext } from './nquads.ts';

/** The broker does not serve copies of @contexts from other servers. For these, the function throws an Error that suggests a solution. */
export function createReadContext(client: Client): ReadContext {
  let known: Readonly<Record<string, Json>> | undefined;
  return async (url) => {
    if (isCoreUrl(url)) return { '@context': coreContext };
    if (url === dataIntegrityUrl) return { '@context': dataIntegrity };
    known ??= knownContexts(packagedModels);
    const { pathname } = new URL(url);
    const held = known[url] ?? known[pathname];
    if (held !== undefined) return held;
    const { status, body } = await client.send('GET', `/jsonldContexts/${encodeURIComponent(url)}`);
    if (status === 200 && body !== undefined) return body;
    throw new Error(
      `The @context ${url} neither comes with Mlaka nor is hosted by the broker, and is not fetched. Post it to /ngsi-ld/v1/jsonldContexts.`,
    );
  };
}
