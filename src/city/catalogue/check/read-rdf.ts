/** Reads RDF in Turtle, N-Triples, JSON-LD or RDF/XML into statements. */
import jsonld from 'jsonld';
import { Parser, type Quad } from 'n3';
import { RdfXmlParser } from 'rdfxml-streaming-parser';

/** The forms by media type. */
const byMediaType: Readonly<Record<string, 'turtle' | 'json' | 'xml'>> = {
  'text/turtle': 'turtle',
  'application/n-triples': 'turtle',
  'application/ld+json': 'json',
  'application/json': 'json',
  'application/rdf+xml': 'xml',
  'application/xml': 'xml',
  'text/xml': 'xml',
};

const byEnding: Readonly<Record<string, string>> = {
  ttl: 'text/turtle',
  nt: 'application/n-triples',
  jsonld: 'application/ld+json',
  json: 'application/json',
  rdf: 'application/rdf+xml',
  xml: 'application/xml',
};

/** The media type of a file, by the ending of its name. */
export const mediaTypeOf = (name: string): string | undefined => byEnding[name.split('.').at(-1)?.toLowerCase() ?? ''];

/** The media types that can be read, as a client asks for them. */
export const readable = 'text/turtle, application/rdf+xml;q=0.9, application/ld+json;q=0.8';

/** Throws an Error that says where the text cannot be read. `base` resolves relative IRIs. */
export async function readRdf(text: string, mediaType: string, base: string): Promise<readonly Quad[]> {
  switch (byMediaType[mediaType.split(';')[0]?.trim().toLowerCase() ?? '']) {
    case 'turtle':
      return new Parser({ baseIRI: base }).parse(text);
    case 'json':
      return readJsonLd(text, base);
    case 'xml':
      return readRdfXml(text, base);
    default:
      throw new Error(`What has the media type ${mediaType} cannot be read as RDF.`);
  }
}

/** Contexts elsewhere are not loaded: a catalogue holds its own. */
async function readJsonLd(text: string, base: string): Promise<readonly Quad[]> {
  const document: unknown = JSON.parse(text);
  if (typeof document !== 'object' || document === null)
    throw new Error('A JSON-LD document must be an object or a list.');
  const documentLoader = (url: string) => Promise.reject(new Error(`The @context ${url} is not in the document.`));
  const lines: unknown = await jsonld.toRDF(document, { base, format: 'application/n-quads', documentLoader });
  return new Parser({ format: 'N-Quads' }).parse(String(lines));
}

function readRdfXml(text: string, baseIRI: string): Promise<readonly Quad[]> {
  return new Promise((resolve, reject) => {
    const quads: Quad[] = [];
    const parser = new RdfXmlParser({ baseIRI });
    parser.on('data', (quad: Quad) => quads.push(quad));
    parser.on('end', () => resolve(quads));
    parser.on('error', reject);
    parser.end(text);
  });
}
