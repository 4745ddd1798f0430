/**
 * The names that the watch reads and writes: those of the data models of the family `alert`, and of the quality mark. Clients that send no
 * @context have the same names in the default vocabulary. The watch answers in the vocabulary in which it was addressed.
 */
import type { Attributes, Instance } from '../../core/model/attribute.ts';

export type Vocabulary = 'models' | 'default';

const defaultVocabulary = 'https://uri.etsi.org/ngsi-ld/default-context/';
const publicBase = 'https://smartdatamodels.org/';
const ownBase = 'https://smart-data-models.mlaka.si/';

/** Terms of the core @context have the same IRI in both vocabularies. */
const coreTerms: Readonly<Record<string, string>> = {
  attributeName: 'https://uri.etsi.org/ngsi-ld/attributeName',
  description: 'http://purl.org/dc/terms/description',
  location: 'https://uri.etsi.org/ngsi-ld/location',
  status: 'https://uri.etsi.org/ngsi-ld/status',
};

const ofPublicAlerts = [
  'Alert',
  'alertSource',
  'category',
  'dateIssued',
  'severity',
  'subCategory',
  'validTo',
] as const;
const shared = ['name', 'validFrom'] as const;
const ofOwnAlerts = [
  'AlertSummary',
  'WatchRule',
  'checks',
  'closedNumber',
  'dateClosed',
  'deviations',
  'expectedHigh',
  'expectedLow',
  'faultyValues',
  'flatPeriod',
  'interval',
  'maximum',
  'maximumFrom',
  'maximumRate',
  'minimum',
  'neighbourDistance',
  'observedValue',
  'openedByRule',
  'openedNumber',
  'openAlerts',
  'openNumber',
  'ruleName',
  'timeZone',
  'watchedAttribute',
  'watchedType',
  'watchRule',
] as const;
const ofMarks = ['accuracy', 'brokenRule', 'freshness', 'plausibility', 'quality'] as const;
const ofDevices = ['Device', 'deviceState'] as const;
const others = ['attributeName', 'description', 'location', 'status'] as const;

/** All names. */
export const names = [...ofPublicAlerts, ...shared, ...ofOwnAlerts, ...ofMarks, ...ofDevices, ...others] as const;
export type Name = (typeof names)[number];

const modelIris: Readonly<Record<string, string>> = Object.fromEntries<string>([
  ...ofPublicAlerts.map((name): [string, string] => [name, `${publicBase}dataModel.Alert/${name}`]),
  ...shared.map((name): [string, string] => [name, `${publicBase}${name}`]),
  ...ofOwnAlerts.map((name): [string, string] => [name, `${ownBase}alert/${name}`]),
  ...ofMarks.map((name): [string, string] => [name, `${ownBase}${name}`]),
  ...ofDevices.map((name): [string, string] => [name, `${publicBase}dataModel.Device/${name}`]),
]);

/** The IRI of a name in a vocabulary. */
export const iriOf = (name: Name, vocabulary: Vocabulary): string =>
  coreTerms[name] ?? (vocabulary === 'default' ? `${defaultVocabulary}${name}` : (modelIris[name] ?? name));

/** Both IRIs of a name. */
export const irisOf = (name: Name): readonly string[] => [iriOf(name, 'models'), iriOf(name, 'default')];

/** The vocabulary of an IRI. */
export const vocabularyOf = (iri: string): Vocabulary => (iri.startsWith(defaultVocabulary) ? 'default' : 'models');

/** The last part of an IRI, which is the name that people use. */
export const localName = (iri: string): string => iri.slice(1 + Math.max(iri.lastIndexOf('/'), iri.lastIndexOf('#')));

/** The default instance of an attribute, in either vocabulary. */
export function instanceNamed(attrs: Attributes | undefined, name: Name): Instance | undefined {
  if (!attrs) return undefined;
  for (const iri of irisOf(name)) {
    const found = Object.hasOwn(attrs, iri) ? attrs[iri]?.find(({ datasetId }) => datasetId === undefined) : undefined;
    if (found) return found;
  }
  return undefined;
}
