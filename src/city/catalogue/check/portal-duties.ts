/**
 * The duties of a dataset that the Slovenian open data portal (OPSI, podatki.gov.si) harvests, as far as its description tells: what the
 * manual of the portal asks of publishers on sites of their own, and of datasets that it accepts. In our own words.
 */
import { publicAccess, type PrefixedName, tableOf } from '../vocabulary.ts';
import { type GraphView, keyOf } from './graph-view.ts';

export interface Duty {
  /** `must`: the portal does not accept the dataset without it. `should`: it recommends it. */
  readonly severity: 'must' | 'should';
  /** A sentence that says what is missing. */
  readonly message: string;
}

/** Where a dataset can be had, for checks of the addresses. */
export interface Offered {
  readonly url: string;
  /** The name of the format in the table of file types, or the media type. */
  readonly format: string;
}

const openFormats =
  /(?:CSV|JSON|JSON_LD|GEOJSON|PARQUET|GPKG|XML|KML|GML|RDF_TURTLE|RDF_XML|RDF_N_TRIPLES|ODS|ICS|TSV|text\/csv|application\/(?:[\w.]+\+)?(?:json|xml)|text\/turtle)$/;
const openLicences =
  /(?:\/licence\/(?:CC_BY|CC_BY_4_0|CC0|CC_BYSA_4_0|ODC_BY|ODC_BL)$)|creativecommons\.org\/(?:licenses\/by(?:-sa)?|publicdomain\/zero)\/|opendatacommons\.org\/licenses\/(?:by|odbl|pddl)\//;

/** Longest time between two changes by the promised frequency, in hours. Irregular ones promise none. */
const hours: Readonly<Record<string, number>> = {
  ...{ '1MIN': 1, '5MIN': 1, '10MIN': 1, '15MIN': 1, '30MIN': 1, CONT: 1, UPDATE_CONT: 1, HOURLY: 1, BIHOURLY: 2 },
  ...{ TRIHOURLY: 3, '12HRS': 12, DAILY_2: 12, DAILY: 24, WEEKLY_3: 72, WEEKLY_2: 96, WEEKLY: 168, BIWEEKLY: 336 },
  ...{ MONTHLY_3: 240, MONTHLY_2: 360, MONTHLY: 744, BIMONTHLY: 1488, QUARTERLY: 2232, ANNUAL_3: 2928 },
  ...{ ANNUAL_2: 4416, ANNUAL: 8784, BIENNIAL: 17_568, TRIENNIAL: 26_304 },
};

/** The datasets of a graph by the IRIs of their nodes. */
export const datasetsIn = (view: GraphView): readonly string[] => view.nodesOf('dcat:Dataset');

/** What a portal shows a dataset by: its Slovenian title, else any. */
export function titleOf(dataset: string, view: GraphView): string {
  const titles = view.valuesOf(dataset, 'dct:title');
  return (titles.find((one) => 'language' in one && one.language.startsWith('sl')) ?? titles[0])?.value ?? dataset;
}

/** The files and queries of a dataset. */
export const offersOf = (dataset: string, view: GraphView): readonly Offered[] =>
  distributionsOf(dataset, view).flatMap((one) => {
    const [url] = [...view.valuesOf(one, 'dcat:downloadURL'), ...view.valuesOf(one, 'dcat:accessURL')];
    return url?.termType === 'NamedNode' ? [{ url: url.value, format: formatOf(one, view) }] : [];
  });

/** The distributions of a dataset by the texts that identify their nodes. */
export const distributionsOf = (dataset: string, view: GraphView): readonly string[] =>
  view.valuesOf(dataset, 'dcat:distribution').map(keyOf);

function formatOf(distribution: string, view: GraphView): string {
  const values = [...view.valuesOf(distribution, 'dct:format'), ...view.valuesOf(distribution, 'dcat:mediaType')];
  return values[0]?.value.replace(tableOf('file-type'), '') ?? '';
}

/** What is missing in the description of a dataset. `now` is the present time in milliseconds. */
export function missingDuties(dataset: string, view: GraphView, now: number): readonly Duty[] {
  const has = (property: PrefixedName): boolean => view.valuesOf(dataset, property).length > 0;
  const must = (isMet: boolean, message: string): readonly Duty[] => (isMet ? [] : [{ severity: 'must', message }]);
  const should = (isMet: boolean, message: string): readonly Duty[] => (isMet ? [] : [{ severity: 'should', message }]);
  const offers = offersOf(dataset, view);
  const open = offers.filter(({ format }) => openFormats.test(format));
  return [
    ...must(isSlovenian(dataset, 'dct:title', view), 'There is no title in Slovenian (language tag sl).'),
    ...must(isSlovenian(dataset, 'dct:description', view), 'There is no description in Slovenian (language tag sl).'),
    ...must(has('dct:publisher'), 'There is no publisher.'),
    ...must(isReachable(dataset, view), 'There is no contact with an e-mail address or a page.'),
    ...must(isOpen(dataset, view), 'A distribution has no open licence, such as CC BY 4.0.'),
    ...must(isPublic(dataset, view), 'It is not public: the access right is another one.'),
    ...must(offers.length > 0, 'There is no distribution with an address.'),
    ...must(open.length > 0 || offers.length === 0, 'There is no open format, such as CSV, JSON or XML.'),
    ...should(open.length > 1, 'There is only one open format, or none.'),
    ...should(has('dcat:keyword'), 'There are no keywords.'),
    ...should(has('dcat:theme'), 'There is no theme.'),
    ...staleness(dataset, view, now),
  ];
}

const isSlovenian = (dataset: string, property: PrefixedName, view: GraphView): boolean =>
  view
    .valuesOf(dataset, property)
    .some((one) => 'language' in one && /^sl(?:-|$)/i.test(one.language) && one.value.trim() !== '');

const isReachable = (dataset: string, view: GraphView): boolean =>
  view
    .valuesOf(dataset, 'dcat:contactPoint')
    .map(keyOf)
    .some((contact) =>
      (['vcard:hasEmail', 'vcard:hasURL'] as const).some((property) => view.valuesOf(contact, property).length > 0),
    );

/** Each distribution has a licence of its own, or the dataset has one for all. */
function isOpen(dataset: string, view: GraphView): boolean {
  const isLicensed = (node: string): boolean =>
    view.valuesOf(node, 'dct:license').some(({ value }) => openLicences.test(value));
  const distributions = distributionsOf(dataset, view);
  return isLicensed(dataset) || (distributions.length > 0 && distributions.every(isLicensed));
}

const isPublic = (dataset: string, view: GraphView): boolean =>
  view.valuesOf(dataset, 'dct:accessRights').every(({ value }) => value === publicAccess);

/** A dataset is current when it changed within twice the promised time. */
function staleness(dataset: string, view: GraphView, now: number): readonly Duty[] {
  const word = view.valuesOf(dataset, 'dct:accrualPeriodicity')[0]?.value.replace(tableOf('frequency'), '');
  if (word === undefined) return [{ severity: 'must', message: 'It does not say how often it is updated.' }];
  const modified = view.valuesOf(dataset, 'dct:modified')[0]?.value;
  if (modified === undefined) return [{ severity: 'should', message: 'It does not say when it changed last.' }];
  const age = (now - Date.parse(modified)) / 3_600_000;
  const most = 2 * (hours[word] ?? Number.POSITIVE_INFINITY);
  if (!(age > most)) return [];
  const message = `It changed last at ${modified}, more than twice as long ago as ${word} promises.`;
  return [{ severity: 'must', message }];
}
