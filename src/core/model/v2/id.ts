/**
 * Maps entity ids between NGSI v2 and NGSI-LD: a URI is the same on both, any other v2 id is percent-encoded below a prefix. The mapping is a
 * bijection and needs no state.
 */
import { isUri } from '../read/id.ts';
import { percentDecoded } from '../read/percent.ts';

/** The beginning of the URIs of v2 ids that are no URIs. */
const prefix = 'urn:ngsi-v2:';

/** The URI of a v2 id. Undefined when no URI can stand for the text: it is empty, too long, or has half of a surrogate pair. */
export function uriOfV2Id(id: string): string | undefined {
  if (!id.isWellFormed()) return undefined;
  const uri = isUri(id) && v2IdOf(id) === id ? id : prefix + encodeURIComponent(id);
  return isUri(uri) ? uri : undefined;
}

/** The v2 id of a URI: what was encoded, or the URI itself. */
export function v2IdOf(uri: string): string {
  if (!uri.startsWith(prefix)) return uri;
  const id = percentDecoded(uri.slice(prefix.length));
  return id !== undefined && uriOfV2Id(id) === uri ? id : uri;
}
