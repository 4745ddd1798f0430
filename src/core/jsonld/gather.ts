/** Loads everything that a @context refers to, and flattens it to a list of parts (JSON-LD 1.1 API clause 4.1). */
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import { badData } from '../model/problem.ts';
import { quoted } from '../model/read/id.ts';
import type { Part } from './compile.ts';
import { dataIntegrityUrl } from './known/data-integrity.ts';
import { resolveReference } from './reference.ts';

/**
 * Limits of one @context: number of documents, where each reference counts; number of parts, which are the elements of its lists; and depth
 * of nesting. Each part costs far more than a term, and a @context that people write has a handful.
 */
const documentsMax = 100;
const partsMax = 1000;
const depthMax = 8;

/** The document at an http or https URL. */
export type GetDocument = (url: string) => Promise<Json>;

interface Loading {
  readonly getDocument: GetDocument;
  readonly parts: Part[];
  documents: number;
  /** The elements of lists so far. */
  elements: number;
}

/** The location of a value: in the document at `base` (undefined: in the request itself), which the documents in `within` led to. */
interface Location {
  readonly base: string | undefined;
  readonly within: readonly string[];
  readonly depth: number;
}

/** True for the URL of the core context in any version. */
export const isCoreUrl = (url: string): boolean =>
  /^https?:\/\/uri\.etsi\.org\/ngsi-ld\/v1\/ngsi-ld-core-context(?:-v\d+(?:\.\d+)*)?\.jsonld$/.test(url);

/** The parts of a @context in order. Throws BadRequestData when it is not valid, and what `getDocument` throws. */
export async function gatherParts(value: Json, getDocument: GetDocument): Promise<readonly Part[]> {
  const loading: Loading = { getDocument, parts: [], documents: 0, elements: 0 };
  await gather(loading, value, { base: undefined, within: [], depth: 0 });
  return loading.parts;
}

/** True when the core context is among the parts, and no null after it removes it. */
export const includesCore = (parts: readonly Part[]): boolean =>
  parts.findLast(({ kind }) => kind !== 'definitions')?.kind === 'core';

async function gather(loading: Loading, value: Json, location: Location): Promise<void> {
  if (location.depth > depthMax) throw badData(`The @context${placed(location)} is nested more than ${depthMax} deep.`);
  if (value === null) loading.parts.push({ kind: 'reset' });
  else if (typeof value === 'string') await gatherUrl(loading, value, location);
  else if (isArray(value)) await gatherList(loading, value, location);
  else if (isObject(value)) await gatherObject(loading, value, location);
  else
    throw badData(`A @context must be a URL, an object or an array of these, not ${quoted(value)}${placed(location)}.`);
}

async function gatherList(loading: Loading, list: readonly Json[], location: Location): Promise<void> {
  loading.elements += list.length;
  if (loading.elements > partsMax) throw badData(`The @context has more than ${partsMax} parts.`);
  for (const element of list) await gather(loading, element, deeper(location));
}

const deeper = (location: Location): Location => ({ ...location, depth: location.depth + 1 });

const placed = ({ base }: Location): string => (base === undefined ? '' : ` in ${base}`);

async function gatherUrl(loading: Loading, reference: string, location: Location): Promise<void> {
  const url = urlOf(reference, location);
  if (isCoreUrl(url)) loading.parts.push({ kind: 'core' });
  else
    await gather(loading, await load(loading, url, location), {
      base: url,
      within: [...location.within, url],
      depth: location.depth + 1,
    });
}

const urlOf = (reference: string, { base }: Location): string =>
  base === undefined ? reference : resolveReference(base, reference);

/** The value of `@context` in the document at a URL (CIM 009 clause 5.5.6). */
async function load(loading: Loading, url: string, location: Location): Promise<Json> {
  if (!/^https?:\/\/[^/]/i.test(url))
    throw badData(`A @context must be at an http or https URL, not at ${quoted(url)}${placed(location)}.`);
  if (location.within.includes(url)) throw badData(`The @context at ${url} refers to itself${placed(location)}.`);
  loading.documents += 1;
  if (loading.documents > documentsMax) throw badData(`The @context needs more than ${documentsMax} documents.`);
  const document = await loading.getDocument(url);
  const context = isObject(document) ? document['@context'] : undefined;
  if (typeof context === 'string' || isArray(context) || isObject(context)) return context;
  throw badData(
    `The document at ${url} holds no @context that can be used: ${context === undefined ? 'there is none' : `it is ${quoted(context)}`}.`,
  );
}

async function gatherObject(loading: Loading, object: JsonObject, location: Location): Promise<void> {
  const inner = object['@context'];
  if (inner !== undefined) return gather(loading, inner, deeper(location));
  const reference = object['@import'];
  const isCore = typeof reference === 'string' && isCoreUrl(urlOf(reference, location));
  if (isCore) loading.parts.push({ kind: 'core' });
  const imported = reference === undefined || isCore ? undefined : await loadImport(loading, reference, location);
  refuseScoped(object, location);
  loading.parts.push({ kind: 'definitions', definitions: imported ? { ...imported, ...object } : object });
}

/** A user's @context must not contain contexts of single terms (CIM 009 clause 5.5.7). The document that the core refers to does. */
function refuseScoped(definitions: JsonObject, location: Location): void {
  if (location.base === dataIntegrityUrl) return;
  for (const name in definitions) {
    const definition = definitions[name];
    if (isObject(definition) && '@context' in definition)
      throw badData(
        `The term ${quoted(name)} of the @context has an @context of its own, which NGSI-LD does not allow${placed(location)}.`,
      );
  }
}

/** The target of `@import`. The definitions next to `@import` extend and override it. */
async function loadImport(loading: Loading, reference: Json, location: Location): Promise<JsonObject> {
  if (typeof reference !== 'string')
    throw badData(`The @import of a @context must be a URL, not ${quoted(reference)}${placed(location)}.`);
  const url = urlOf(reference, location);
  const imported = await load(loading, url, location);
  if (isObject(imported) && imported['@import'] === undefined) return imported;
  throw badData(`The @context at ${url} cannot be imported${placed(location)}: it must be one object without @import.`);
}
