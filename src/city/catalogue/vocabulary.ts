/** The words of DCAT-AP 3.0.1: prefixes, and the tables of the Publications Office of the European Union that the catalogue refers to. */

/** The prefixes of the catalogue's properties and classes. */
export const prefixes = {
  dcat: 'http://www.w3.org/ns/dcat#',
  dcatap: 'http://data.europa.eu/r5r/',
  dct: 'http://purl.org/dc/terms/',
  foaf: 'http://xmlns.com/foaf/0.1/',
  vcard: 'http://www.w3.org/2006/vcard/ns#',
  adms: 'http://www.w3.org/ns/adms#',
  spdx: 'http://spdx.org/rdf/terms#',
  skos: 'http://www.w3.org/2004/02/skos/core#',
  eli: 'http://data.europa.eu/eli/ontology#',
  gsp: 'http://www.opengis.net/ont/geosparql#',
  locn: 'http://www.w3.org/ns/locn#',
  hydra: 'http://www.w3.org/ns/hydra/core#',
  rdf: 'http://www.w3.org/1999/02/22-rdf-syntax-ns#',
  rdfs: 'http://www.w3.org/2000/01/rdf-schema#',
  xsd: 'http://www.w3.org/2001/XMLSchema#',
} as const;

type Prefix = keyof typeof prefixes;
/** A name such as `dct:title`. */
export type PrefixedName = `${Prefix}:${string}`;

const isPrefix = (text: string): text is Prefix => Object.hasOwn(prefixes, text);

/** The IRI of a name such as `dct:title`. */
export function iriOf(name: PrefixedName): string {
  const colon = name.indexOf(':');
  const prefix = name.slice(0, colon);
  return isPrefix(prefix) ? prefixes[prefix] + name.slice(colon + 1) : name;
}

/** The base of the tables of the Publications Office. Their concepts have `http` IRIs. */
const authority = 'http://publications.europa.eu/resource/authority/';

/** The tables by the part of the IRI that names them. */
type Table =
  | 'access-right'
  | 'data-theme'
  | 'distribution-status'
  | 'file-type'
  | 'frequency'
  | 'language'
  | 'licence'
  | 'planned-availability';

/** The beginning of the IRIs of a table. */
export const tableOf = (table: Table): string => `${authority}${table}/`;

/** The scheme of the themes, for `dcat:themeTaxonomy`. */
export const themeScheme = `${authority}data-theme`;
/** The regulation on high-value datasets. */
export const highValueLaw = 'http://data.europa.eu/eli/reg_impl/2023/138/oj';
/** The beginning of the IRIs of IANA media types. */
export const mediaTypeBase = 'http://www.iana.org/assignments/media-types/';

const iriPattern = /^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>"{}|\\^`]+$/;

/** True for an absolute IRI that every form of RDF can write. */
export const isIri = (text: string): boolean => iriPattern.test(text);

/** A word such as `HOURLY` as the IRI of a table; an IRI as it is. Undefined for any other text. */
export function conceptOf(table: Table, word: string): string | undefined {
  if (isIri(word)) return word;
  return /^[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)*$/.test(word)
    ? tableOf(table) + word.toUpperCase().replaceAll('-', '_')
    : undefined;
}

/** Access rights are written with underscores in the table, as `NON_PUBLIC`. */
export const publicAccess = `${tableOf('access-right')}PUBLIC`;

const languages: Readonly<Record<string, string>> = {
  sl: 'SLV',
  en: 'ENG',
  de: 'DEU',
  it: 'ITA',
  hu: 'HUN',
  hr: 'HRV',
  fr: 'FRA',
  sr: 'SRP',
  bs: 'BOS',
  sq: 'SQI',
};

/** The IRI of a language: of its tag (`sl`), its code of three letters (`SLV`), or its IRI. */
export const languageOf = (text: string): string | undefined =>
  conceptOf('language', languages[text.toLowerCase().split('-')[0] ?? ''] ?? text);

const licences: Readonly<Record<string, string>> = {
  'creativecommons.org/licenses/by/4.0': 'CC_BY_4_0',
  'creativecommons.org/licenses/by-sa/4.0': 'CC_BYSA_4_0',
  'creativecommons.org/publicdomain/zero/1.0': 'CC0',
  'opendatacommons.org/licenses/by/1-0': 'ODC_BY',
};

/** The IRI of a licence in the table, for the licences of Creative Commons and Open Data Commons that are in it; any other IRI as it is. */
export function licenceOf(text: string): string | undefined {
  const known = licences[text.replace(/^https?:\/\/(?:www\.)?/, '').replace(/\/(?:deed\.\w+|legalcode)?$/, '')];
  return conceptOf('licence', known ?? text);
}
