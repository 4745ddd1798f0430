/** MIM3, exchanging data, MIM6, securing data, MIM7, geospatial data, and MIM8, digital twins, of MIMs Plus 9.0. */
import { checkCatalogue } from '../../../../city/catalogue/check/check-catalogue.ts';
import { createView, type GraphView } from '../../../../city/catalogue/check/graph-view.ts';
import { datasetsIn, distributionsOf } from '../../../../city/catalogue/check/portal-duties.ts';
import { readRdf } from '../../../../city/catalogue/check/read-rdf.ts';
import { Problem } from '../../../../core/model/problem.ts';
import type { Json } from '../../../../core/model/json.ts';
import { readGeometry } from '../../../../core/model/geometry.ts';
import {
  attributesOf,
  byHand,
  documented,
  entitiesIn,
  entityPath,
  type Evidence,
  listIn,
  met,
  notApplicable,
  notMet,
  partly,
  type Probe,
  type Reply,
  type Requirement,
  share,
  textIn,
  typeQuery,
} from './requirement.ts';

const catalogueOf = ({ ask }: Probe): Promise<Reply> =>
  ask('/dcat/catalog', { headers: { Accept: 'text/turtle' }, isAnonymous: true });

/** The graph of the public catalogue. A text: why there is none. */
async function readCatalogue(probe: Probe): Promise<{ readonly view: GraphView; readonly faults: number } | string> {
  const { status, text } = await catalogueOf(probe);
  if (status !== 200) return `/dcat/catalog answers ${status} without a key.`;
  try {
    const quads = await readRdf(text, 'text/turtle', `${probe.url}/dcat/catalog`);
    const faults = checkCatalogue(quads, Date.now()).filter(({ severity }) => severity === 'fault').length;
    return { view: createView(quads), faults };
  } catch {
    return '/dcat/catalog is not readable as Turtle.';
  }
}

/** A requirement about the public catalogue. */
const ofCatalogue = (
  about: Pick<Requirement, 'id' | 'word' | 'title'>,
  judge: (view: GraphView, faults: number) => Evidence,
): Requirement => ({
  ...about,
  async check(probe) {
    const read = await readCatalogue(probe);
    return typeof read === 'string' ? notMet(read) : judge(read.view, read.faults);
  },
});

const audit = '/ngsi-ld/v1/access/audit?limit=5';

/** A requirement about what administrators see. */
const ofAdministrator = (
  about: Pick<Requirement, 'id' | 'word' | 'title'>,
  path: string,
  judge: (json: Json | undefined) => Evidence,
): Requirement => ({
  ...about,
  async check({ ask }) {
    const { status, json } = await ask(path);
    if (status === 401 || status === 403)
      return byHand('Run the check with --key of an administrator, who may see it.');
    return status === 200 ? judge(json) : notMet(`${path} answers ${status}.`);
  },
});

const datasetsWith = (view: GraphView, what: string, has: (dataset: string) => boolean): Evidence => {
  const datasets = datasetsIn(view);
  return share(
    what,
    datasets,
    datasets.filter((one) => !has(one)),
  );
};

const isLicensed = (view: GraphView, node: string): boolean => view.valuesOf(node, 'dct:license').length > 0;

export const exchanging: readonly Requirement[] = [
  documented(
    { id: 'MIM3 RC1', word: 'SHOULD', title: 'the rules of exchange are published' },
    'Where are the rules of sharing data, with date and version?',
  ),
  ofCatalogue({ id: 'MIM3 RC2.2', word: 'SHOULD', title: 'terms of use are clear' }, (view) =>
    datasetsWith(view, 'datasets have a licence', (one) =>
      [one, ...distributionsOf(one, view)].some((node) => isLicensed(view, node)),
    ),
  ),
  ofAdministrator({ id: 'MIM3 RC3', word: 'SHALL', title: 'who used what can be shown' }, audit, () =>
    met('The audit answers 200.'),
  ),
  ofCatalogue({ id: 'MIM3 RC4.1', word: 'SHOULD', title: 'data are found without knowing of them' }, (view) => {
    const count = datasetsIn(view).length;
    return count === 0
      ? partly('The catalogue is open to everybody, and empty.')
      : met(`The catalogue, open to everybody, has ${count} datasets.`);
  }),
  ofCatalogue(
    { id: 'MIM3 RC4.2', word: 'SHOULD', title: 'descriptions are complete, for people and machines' },
    (_, faults) =>
      faults === 0
        ? met('The catalogue has no fault by DCAT-AP 3.0.1.')
        : notMet(`The catalogue has ${faults} faults by DCAT-AP 3.0.1: mlaka check dcat tells them.`),
  ),
  ofCatalogue({ id: 'MIM3 RC5.1', word: 'SHOULD', title: 'who takes part is known' }, (view) =>
    datasetsWith(view, 'datasets name their publisher', (one) => view.valuesOf(one, 'dct:publisher').length > 0),
  ),
  ofAdministrator(
    { id: 'MIM3 RC6', word: 'SHOULD', title: 'an exchange is agreed and ended electronically' },
    '/ngsi-ld/v1/access/grants',
    () => met('Grants are made and removed by the API (200).'),
  ),
  documented(
    { id: 'MIM3 RC7', word: 'SHOULD', title: 'missing data can be asked for' },
    'Where do users ask for data that they miss, and who sees it?',
  ),
];

async function checkAnonymousWrite({ ask, run }: Probe): Promise<Evidence> {
  const path = entityPath(`urn:ngsi-ld:MlakaCheck:${run}`);
  const { status } = await ask(path, { method: 'DELETE', isAnonymous: true });
  if (status === 401 || status === 403) return met(`A deletion without a key is refused (${status}).`);
  return notMet(`A deletion without a key is not refused: the entity, which does not exist, got ${status}.`);
}

async function checkWrongKey({ ask }: Probe): Promise<Evidence> {
  const { status } = await ask('/ngsi-ld/v1/types', {
    isAnonymous: true,
    headers: { Authorization: 'Bearer mlaka-check-wrong' },
  });
  return status === 401 ? met('A wrong key is refused (401).') : notMet(`A wrong key gets ${status}.`);
}

export const securing: readonly Requirement[] = [
  { id: 'MIM6 R1.1', word: 'SHALL', title: 'there are rules of access', check: checkAnonymousWrite },
  { id: 'MIM6 R1.2', word: 'SHALL', title: 'credentials are managed', check: checkWrongKey },
  documented(
    { id: 'MIM6 R1.3', word: 'SHALL', title: 'rights are reviewed and withdrawn' },
    'When were the grants reviewed last? Does a withdrawn one stop at once?',
  ),
  {
    id: 'MIM6 R2.1',
    word: 'SHALL',
    title: 'the transport is encrypted',
    check: ({ url }) =>
      Promise.resolve(
        url.startsWith('https:')
          ? met(`${url} was asked by TLS.`)
          : notMet(`${url} was asked without TLS. Behind a proxy, check its public address.`),
      ),
  },
  documented(
    { id: 'MIM6 R3.1', word: 'SHALL', title: 'people sign in safely' },
    'Do people sign in by the provider of the city (OpenID Connect)?',
  ),
  ofAdministrator({ id: 'MIM6 8.15', word: 'SHALL', title: 'what was done is recorded' }, audit, (json) => {
    const lines = listIn(json).length;
    return lines > 0 ? met(`The audit has lines; the newest ${lines} were read.`) : notMet('The audit has no lines.');
  }),
];

/** Geometries that the platform shows, as RFC 7946 wants them. */
function checkGeometries(probe: Probe): Promise<Evidence> {
  const places = entitiesIn(probe).flatMap((entity) =>
    attributesOf(entity).flatMap(([, { type, value }]) =>
      type === 'GeoProperty' ? [[textIn(entity, 'id'), value] as const] : [],
    ),
  );
  const bad = places.filter(([, value]) => {
    try {
      readGeometry(value, 'place');
      return false;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return true;
    }
  });
  return Promise.resolve(
    share(
      'places are valid GeoJSON',
      places.map(([id]) => id),
      bad.map(([id]) => id),
    ),
  );
}

async function checkFeatures({ sample, ask }: Probe): Promise<Evidence> {
  for (const path of ['/ogc/conformance', '/conformance', '/ogc/v1/conformance'])
    if ((await ask(path)).status === 200) return met(`OGC API Features answers at ${path}.`);
  const [one] = sample;
  if (!one) return notApplicable('There are no entities.');
  const headers = { Accept: 'application/geo+json' };
  const { status, json } = await ask(`${typeQuery(one.type)}&limit=1`, { headers });
  const isGeo = status === 200 && textIn(json, 'type') === 'FeatureCollection';
  return isGeo
    ? partly('There is no OGC API Features. NGSI-LD answers geospatial queries, and GeoJSON.')
    : notMet(`GeoJSON answers ${status}.`);
}

async function checkFeatureIds({ sample, ask }: Probe): Promise<Evidence> {
  const ids: string[] = [];
  const other: string[] = [];
  for (const { entities } of sample.slice(0, 10)) {
    const id = textIn(entities[0], 'id');
    const { json } = await ask(entityPath(id), { headers: { Accept: 'application/geo+json' } });
    ids.push(id);
    if (textIn(json, 'id') !== id) other.push(id);
  }
  return share('features have the id of their entity', ids, other);
}

export const geospatial: readonly Requirement[] = [
  { id: 'MIM7 R1.1', word: 'SHALL', title: 'places are served by a standard of the web', check: checkFeatures },
  { id: 'MIM7 R2.1', word: 'SHALL', title: 'places are in an open form', check: checkGeometries },
  { id: 'MIM7 R4.1', word: 'SHALL', title: 'features keep their ids', check: checkFeatureIds },
  {
    id: 'MIM7 R5.1',
    word: 'SHALL',
    title: 'the reference system is declared',
    check: () =>
      Promise.resolve(
        partly('GeoJSON (RFC 7946) and NGSI-LD fix WGS 84 (EPSG:4326). No other system is offered, such as EPSG:3794.'),
      ),
  },
];

export const twins: readonly Requirement[] = [
  ofAdministrator(
    { id: 'MIM8 R4', word: 'SHALL', title: 'workflows are monitored, and results name what they come from' },
    '/ngsi-ld/v1/jobs',
    (json) => met(`The list of jobs has ${listIn(json).length} jobs with their last results.`),
  ),
  documented(
    { id: 'MIM8 R1 to R6', word: 'SHOULD', title: 'models and simulations are described and callable' },
    'Does the city run models or simulations on these data? Then ask for their method, inputs, outputs and scenarios.',
  ),
];

/** What no machine of the city shows. */
export const contracts: readonly Requirement[] = [
  documented(
    { id: 'Contract', word: 'SHOULD', title: 'the city can leave' },
    'Does the contract give the city its data without a fee, an exit, and notice of breaking changes? Full exports and re-imports are evidence.',
  ),
];
