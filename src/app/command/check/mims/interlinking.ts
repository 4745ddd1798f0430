/** MIM1, interlinking data, and MIM2, representing data, of MIMs Plus 9.0. */
import { isObject, isStrings, type JsonObject } from '../../../../core/model/json.ts';
import {
  attributesOf,
  documented,
  entitiesIn,
  type Evidence,
  entityPath,
  met,
  notApplicable,
  notMet,
  partly,
  type Probe,
  type Requirement,
  share,
  textIn,
  typeQuery,
} from './requirement.ts';

const idsIn = (probe: Probe): readonly string[] => entitiesIn(probe).map((entity) => textIn(entity, 'id'));

async function checkLookUp(probe: Probe): Promise<Evidence> {
  const ids = idsIn(probe).slice(0, 100);
  const failing: string[] = [];
  for (const id of ids) if ((await probe.ask(entityPath(id))).status !== 200) failing.push(id);
  return share('ids of the sample answer by themselves', ids, failing);
}

function targetsOf(entity: JsonObject): readonly string[] {
  return attributesOf(entity).flatMap(([, { type, object }]) => {
    if (type !== 'Relationship') return [];
    return typeof object === 'string' ? [object] : isStrings(object) ? object : [];
  });
}

async function checkRelations(probe: Probe): Promise<Evidence> {
  const targets = [...new Set(entitiesIn(probe).flatMap(targetsOf))].slice(0, 50);
  const dead: string[] = [];
  for (const id of targets) if ((await probe.ask(entityPath(id))).status !== 200) dead.push(id);
  const found = share('relations lead to an entity here', targets, dead);
  const isEnough = dead.length <= targets.length * 0.05;
  return found.verdict === 'partly' && isEnough ? { ...found, verdict: 'met' } : found;
}

/** Names of machines, addresses and ports change, so they do not belong into ids. */
function checkVolatile(probe: Probe): Promise<Evidence> {
  const ids = idsIn(probe);
  const { host } = new URL(probe.url);
  const bad = ids.filter((id) => id.includes(host) || /(?:\d{1,3}\.){3}\d{1,3}|localhost|:\d{4,5}\//.test(id));
  return Promise.resolve(share('ids have no names of machines in them', ids, bad));
}

/** What the names of an entity mean is told by the @context that comes with it. */
async function checkMeaning({ sample, ask }: Probe): Promise<Evidence> {
  const failing: string[] = [];
  for (const { type, entities } of sample) {
    const headers = { Accept: 'application/ld+json' };
    const { json } = await ask(entityPath(textIn(entities[0], 'id')), { headers });
    if (json === undefined || !isObject(json) || json['@context'] === undefined || json['type'] === undefined)
      failing.push(type);
  }
  const types = sample.map(({ type }) => type);
  return share('types come with the @context that says what their names mean', types, failing);
}

async function checkExtension({ ask, mayWrite, run }: Probe): Promise<Evidence> {
  if (!mayWrite)
    return partly('Not tried: --write lets the check write an entity with two types and a term of its own.');
  const id = `urn:ngsi-ld:MlakaCheck:${run}`;
  const body = {
    '@context': { MlakaCheck: 'https://example.org/MlakaCheck', extra: 'https://example.org/extra' },
    ...{ id, type: ['MlakaCheck', 'https://example.org/Second'], extra: { type: 'Property', value: 1 } },
  };
  const headers = { 'Content-Type': 'application/ld+json' };
  const made = await ask('/ngsi-ld/v1/entities', { method: 'POST', headers, body });
  const read = await ask(entityPath(id));
  await ask(entityPath(id), { method: 'DELETE' });
  const isThere =
    made.status === 201 && read.text.includes('https://example.org/extra') && read.text.includes('/Second');
  return isThere
    ? met('An entity with two types and a term of its own came back as written.')
    : notMet(`It was answered with ${made.status}.`);
}

/** Numbers without a unit, unless they are ratios, counts or rankings, which a model says. */
function checkUnits(probe: Probe): Promise<Evidence> {
  const numbers = entitiesIn(probe).flatMap((entity) =>
    attributesOf(entity).flatMap(([name, { value, unitCode, type }]) =>
      type === 'Property' && typeof value === 'number' ? [{ name, isMarked: unitCode !== undefined }] : [],
    ),
  );
  const bare = [...new Set(numbers.filter(({ isMarked }) => !isMarked).map(({ name }) => name))];
  const names = [...new Set(numbers.map(({ name }) => name))];
  const found = share('attributes with numbers name their unit', names, bare);
  if (found.verdict !== 'not met') return Promise.resolve(found);
  return Promise.resolve(partly(`${found.found} A model may fix the unit: see the pages of the types.`));
}

const collections =
  /smartdatamodels\.org|smart-data-models|saref|w3\.org|etsi\.org|inspire|schema\.org|data\.europa\.eu/;

function checkStandardModels({ sample }: Probe): Promise<Evidence> {
  const types = sample.map(({ type }) => type);
  return Promise.resolve(
    share(
      'types belong to a known collection of models',
      types,
      types.filter((type) => !collections.test(type)),
    ),
  );
}

async function checkSameness({ sample, ask }: Probe): Promise<Evidence> {
  const failing: string[] = [];
  for (const { type, entities } of sample.slice(0, 5)) {
    const [entity = {}] = entities;
    const id = textIn(entity, 'id');
    const { json } = await ask(`${entityPath(id)}?format=simplified`);
    const simple = json !== undefined && isObject(json) ? json : {};
    const isSame = attributesOf(entity)
      .filter(([, { type: kind, datasetId }]) => kind === 'Property' && datasetId === undefined)
      .every(
        ([name, { value }]) => JSON.stringify(simple[name]) === JSON.stringify(value) || isObject(simple[name] ?? null),
      );
    if (!isSame) failing.push(type);
  }
  const types = sample.slice(0, 5).map(({ type }) => type);
  return share('types say the same normalized and simplified', types, failing);
}

async function checkSerialisation({ sample, ask }: Probe): Promise<Evidence> {
  const [one] = sample;
  if (!one) return notApplicable('There are no entities.');
  const path = `${typeQuery(one.type)}&limit=2`;
  const asked = ['application/ld+json', 'application/geo+json', 'text/csv'];
  const failing: string[] = [];
  for (const Accept of asked) if ((await ask(path, { headers: { Accept } })).status !== 200) failing.push(Accept);
  return share('open forms are offered', asked, failing);
}

export const interlinking: readonly Requirement[] = [
  {
    id: 'MIM1 R1.1',
    word: 'SHALL',
    title: 'each entity has an id of its own, a URI',
    check(probe) {
      const ids = idsIn(probe);
      const bad = ids.filter((id) => !/^[a-z][\w+.-]*:\S+$/i.test(id) || ids.indexOf(id) !== ids.lastIndexOf(id));
      return Promise.resolve(share('ids are URIs and occur once in the sample', ids, bad));
    },
  },
  { id: 'MIM1 R1.2', word: 'SHALL', title: 'an entity is found by its id', check: checkLookUp },
  documented(
    { id: 'MIM1 R1.3', word: 'SHALL', title: 'one tells from an id where to look it up' },
    'Where are entities of other systems found? Registrations of context sources tell it.',
  ),
  documented(
    { id: 'MIM1 R1.4', word: 'SHALL', title: 'several ids of one thing can be mapped' },
    'Do attributes such as sameAs name the ids that a thing has elsewhere?',
  ),
  documented(
    { id: 'MIM1 R1.5', word: 'SHALL', title: 'ids can persist' },
    'Are ids the same after a backup is restored, and after the host gets another name?',
  ),
  { id: 'MIM1 3.1', word: 'SHALL', title: 'ids have no volatile details in them', check: checkVolatile },
  {
    id: 'MIM1 R2.1',
    word: 'SHALL',
    title: 'what an entity is follows from it, also for machines',
    check: checkMeaning,
  },
  { id: 'MIM1 R3.1', word: 'SHALL', title: 'a relation can be followed', check: checkRelations },
  { id: 'MIM1 R3.2', word: 'SHALL', title: 'more meaning can be put on top', check: checkExtension },
];

export const representing: readonly Requirement[] = [
  { id: 'MIM2 R1.1', word: 'SHALL', title: 'units are explicit', check: checkUnits },
  { id: 'MIM2 R1.2', word: 'SHALL', title: 'models are standard ones where possible', check: checkStandardModels },
  documented(
    { id: 'MIM2 R2.1', word: 'SHOULD', title: 'one common model for each key entity' },
    'Do all tenants and departments use the same model for the same thing?',
  ),
  { id: 'MIM2 R3.1', word: 'SHALL', title: 'each model can be written in open forms', check: checkSerialisation },
  documented(
    { id: 'MIM2 R3.2', word: 'SHOULD', title: 'the data can be rebuilt from their description' },
    'Was an export read into an empty platform, and compared?',
  ),
  { id: 'MIM2 R3.3', word: 'SHALL', title: 'several forms say the same', check: checkSameness },
  documented(
    { id: 'MIM2 R4.1', word: 'SHOULD', title: 'extensions do no harm' },
    'Are entities with attributes of one’s own still valid by the common model?',
  ),
];
