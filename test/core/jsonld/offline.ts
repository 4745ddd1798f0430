/**
 * Provides a document loader for the jsonld library. It only contacts the broker of the test, and knows the core @context and given
 * documents.
 */
import type jsonld from 'jsonld';
import { coreContext, coreContextUrl } from '../../../src/core/jsonld/known/core-context.ts';
import { dataIntegrity, dataIntegrityUrl } from '../../../src/core/jsonld/known/data-integrity.ts';
import type { Json } from '../../../src/core/model/json.ts';

const builtIn: Readonly<Record<string, Json>> = {
  [coreContextUrl]: { '@context': coreContext },
  [dataIntegrityUrl]: { '@context': dataIntegrity },
};

interface Loaded {
  readonly contextUrl: undefined;
  readonly documentUrl: string;
  readonly document: Json;
}

/** Documents are copied, since the library writes into what it is given. `broker`: its URL. */
export const offlineLoader =
  (documents: Readonly<Record<string, Json>>, broker?: () => string) =>
  async (url: string): Promise<Loaded> => {
    const isAtBroker = broker !== undefined && url.startsWith(`${broker()}/`);
    const document = isAtBroker ? ((await (await fetch(url)).json()) as Json) : (documents[url] ?? builtIn[url]);
    if (document === undefined) throw new Error(`There is nothing at ${url}.`);
    return { contextUrl: undefined, documentUrl: url, document: structuredClone(document) };
  };

export const offline = (documents: Readonly<Record<string, Json>>, broker?: () => string): jsonld.Options.Expand =>
  ({ documentLoader: offlineLoader(documents, broker) }) as unknown as jsonld.Options.Expand;
