/** Converts entities from the normalized representation to RDF 1.1 N-Quads with the jsonld library and local @contexts. */
import jsonld, { type NodeObject } from 'jsonld';
import { coreContextUrl } from '../../../core/jsonld/known/core-context.ts';
import { isObject, type Json, type JsonObject, parseJson } from '../../../core/model/json.ts';
import { asWritten } from '../written.ts';
import { type Form, whole } from './forms.ts';

/** Returns the document of a @context. Throws an Error when it is not available locally. */
export type ReadContext = (url: string) => Promise<Json>;

/**
 * The RDF statements of each entity, one per line. Without a context, terms in values have their meaning in the core @context. `textOf`
 * throws an Error that names the entity when RDF cannot express a name or reference in it, so nothing is omitted silently.
 */
export function nquadsForm(context: string | undefined, read: ReadContext): Form {
  const convert = createConverter(read);
  const contexts = [...(context === undefined ? [] : [context]), coreContextUrl];
  let done = 0;
  return {
    head: '',
    between: '',
    tail: () => '',
    query: whole,
    async textOf(entity) {
      if (!isObject(entity))
        throw new Error(`The broker answered ${JSON.stringify(entity)} in the place of an entity.`);
      const statements = await convert({ ...asWritten(entity), '@context': contexts });
      done += 1;
      return withBlankNodesOf(done, statements);
    },
  };
}

/** Creates the function that returns the statements of one entity, in a stable order. */
function createConverter(read: ReadContext): (entity: JsonObject) => Promise<string> {
  const documents = new Map<string, Promise<Json>>();
  const documentLoader = async (url: string) => {
    const known = documents.get(url) ?? read(url);
    documents.set(url, known);
    // The library modifies its input, so it gets a copy.
    return { documentUrl: url, document: nodeOf(structuredClone(await known)) };
  };
  const options = { documentLoader, safe: true };
  const last = { ...options, skipExpansion: true, format: 'application/n-quads' } as const;
  return async (entity) => {
    try {
      const expanded = await jsonld.expand(nodeOf(entity), options);
      const statements = await jsonld.toRDF(expanded.map(withFractions).map(nodeOf), last);
      return typeof statements === 'string' ? statements : '';
    } catch (cause) {
      throw new Error(`${JSON.stringify(entity['id'])} cannot be written as N-Quads: ${reasonOf(cause)}`, { cause });
    }
  };
}

const isNode = (value: unknown): value is NodeObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function nodeOf(value: unknown): NodeObject {
  if (isNode(value)) return value;
  throw new Error(`A JSON-LD document must be an object, not ${JSON.stringify(value)}.`);
}

/**
 * Converts fractions in expanded JSON-LD to text. The library would turn a number that JavaScript writes without a point (1e-7) into the
 * integer 0.
 */
function withFractions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withFractions);
  if (!isNode(value) || value['@type'] === '@json') return value;
  const { '@value': number, '@type': type = double } = value;
  if (typeof number === 'number' && !Number.isInteger(number))
    return { ...value, '@value': canonicalDouble(number), '@type': type };
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withFractions(member)]));
}

const double = 'http://www.w3.org/2001/XMLSchema#double';

/** The canonical form of a double in JSON-LD 1.1 (JSON-LD API, Data Round Tripping): 16 significant digits. */
const canonicalDouble = (value: number): string => value.toExponential(15).replace(/(\d)0*e\+?/, '$1E');

/** A literal, an IRI or the prefix of a blank node label. Literals and IRIs are matched because `_:` inside them is no label. */
const token = /"[^"\\]*(?:\\.[^"\\]*)*"|<[^>]*>|_:/g;

/** The library numbers labels from 0 in each entity. With the number of the entity, they are unique in the file. */
const withBlankNodesOf = (entity: number, statements: string): string =>
  statements.replace(token, (found) => (found === '_:' ? `_:e${entity}` : found));

/** The error of the library: its event in safe mode, or the cause in its details. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const details: unknown = 'details' in cause ? cause.details : undefined;
  if (typeof details === 'object' && details !== null && 'cause' in details) return reasonOf(details.cause);
  const members = details === undefined ? undefined : parseJson(JSON.stringify(details));
  const event = isObject(members) ? members['event'] : undefined;
  if (!isObject(event)) return cause.message;
  return `${JSON.stringify(event['message'])} ${JSON.stringify(event['details'])}`;
}
