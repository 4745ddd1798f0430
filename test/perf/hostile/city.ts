/** Defines requests for open data, the catalogue and indicators that are made to be expensive. */
import { attributes, each, type HostileInput, type HostileRequest, many, post } from './input.ts';

const link = (family: string): Readonly<Record<string, string>> => ({
  Link: `<https://smart-data-models.mlaka.si/${family}/context.jsonld>; rel="http://www.w3.org/ns/json-ld#context"`,
});
const described = (request: HostileRequest): HostileRequest => ({ ...request, headers: link('catalogue') });
const read = (path: string): HostileRequest => ({ method: 'GET', path });

const dataset = (n: number, more = ''): string =>
  `{"id":"urn:dataset:${n}","type":"Dataset","slug":"set-${n}","title":{"languageMap":{"en":"Set ${n}","sl":"Zbirka ${n}"}},` +
  `"description":{"languageMap":{"en":"All of it","sl":"Vse"}},"entityTypes":["X"],"accessRights":"PUBLIC","personalData":"none",` +
  `"publicationStatus":"published","license":"https://creativecommons.org/licenses/by/4.0/","theme":["ENVI"]${more}}`;

const published = (count: number): HostileRequest =>
  described(post('/entityOperations/create', `[${each(count, (n) => dataset(n))}]`));

const file = (ending: string): HostileInput => ({
  what: `open data as ${ending}`,
  size: 4000,
  isLargest: true,
  prepare: (n) => [published(1), ...many(n, (one) => `"b":${one},"c":"text ${one}",${attributes(98)}`)],
  request: () => read(`/data/set-0.${ending}`),
});

const catalogue = (what: string, path: string, headers: Readonly<Record<string, string>> = {}): HostileInput => ({
  what: `catalogue ${what}`,
  size: 1000,
  isLargest: true,
  prepare: (n) => [published(n)],
  request: () => ({ ...read(path), headers }),
});

export const city: readonly HostileInput[] = [
  ...['csv', 'geojson', 'ndjson', 'parquet'].map(file),
  {
    what: 'open data with long texts',
    size: 7_900_000,
    isLargest: true,
    prepare: (n) => [published(1), ...many(1, () => `"c":"${'x'.repeat(n)}"`)],
    request: () => read('/data/set-0.csv'),
  },
  catalogue('in Turtle', '/dcat/catalog', { Accept: 'text/turtle' }),
  catalogue('in JSON-LD', '/dcat/catalog', { Accept: 'application/ld+json' }),
  catalogue('in RDF/XML', '/dcat/catalog', { Accept: 'application/rdf+xml' }),
  catalogue('facts', '/dcat/facts'),
  catalogue('of CKAN', '/api/3/action/current_package_list_with_resources?limit=1000'),
  catalogue(
    'searched',
    `/api/3/action/package_search?rows=1000&q=${'(title:a*b*c*d*%20OR%20'.repeat(19)}x${')'.repeat(19)}`,
  ),
];
