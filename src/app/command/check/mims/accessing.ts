/** MIM0, accessing data, of MIMs Plus 9.0. */
import { parse } from 'yaml';
import { isObject } from '../../../../core/model/json.ts';
import {
  byHand,
  type Evidence,
  entityPath,
  listIn,
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

const forms = ['application/json', 'application/ld+json', 'application/geo+json', 'text/csv'];

async function checkForms({ sample, ask }: Probe): Promise<Evidence> {
  const failing: string[] = [];
  let parsed = 0;
  for (const { type, entities } of sample) {
    const id = textIn(entities[0], 'id');
    const answers = await Promise.all(forms.map((Accept) => ask(entityPath(id), { headers: { Accept } })));
    const read = answers.filter(
      ({ status, json, text }, n) => status === 200 && (json !== undefined || (n === 3 && text.includes('\n'))),
    );
    parsed += read.length;
    if (read.length === 0 || answers[0]?.status === 406) failing.push(type);
  }
  const { verdict, found } = share(
    'types come in a form that machines read',
    sample.map(({ type }) => type),
    failing,
  );
  return {
    verdict,
    found: `${found} ${parsed} of ${sample.length * forms.length} answers in JSON, JSON-LD, GeoJSON and CSV parse.`,
  };
}

async function checkDescription({ ask }: Probe): Promise<Evidence> {
  for (const path of ['/openapi.yaml', '/openapi.json']) {
    const { status, text } = await ask(path);
    if (status !== 200) continue;
    const document = recordIn(text);
    const version = document['openapi'];
    const paths = isRecord(document['paths']) ? Object.keys(document['paths']).length : 0;
    if (typeof version !== 'string' || paths === 0) return notMet(`${path} is no description in OpenAPI.`);
    const told = `${path} describes ${paths} paths in OpenAPI ${version}.`;
    return version.startsWith('3.1') || version.startsWith('3.2')
      ? met(told)
      : partly(`${told} The mechanism names 3.1.`);
  }
  return notMet('Neither /openapi.yaml nor /openapi.json is there.');
}

/** An object in YAML or JSON. Empty: the text is none, such as a page that a platform shows for paths that it does not know. */
function recordIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const document: unknown = parse(text);
    return isRecord(document) ? document : {};
  } catch {
    return {};
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

async function checkFilters({ sample, ask }: Probe): Promise<Evidence> {
  const [one] = sample;
  if (!one) return notApplicable('There are no entities to filter.');
  const base = `${typeQuery(one.type)}&limit=1&count=true`;
  const countOf = async (query: string): Promise<number> => {
    const { status, headers } = await ask(`${base}${query}`);
    return status === 200 ? Number(headers.get('NGSILD-Results-Count') ?? Number.NaN) : Number.NaN;
  };
  const all = await countOf('');
  const kinds = [
    ['attribute', await countOf(`&q=${encodeURIComponent('mlakaCheckNothing=="x"')}`)],
    ['place', await countOf('&georel=near;maxDistance==1&geometry=Point&coordinates=[-170,-80]')],
  ] as const;
  const history = await ask(
    `/ngsi-ld/v1/temporal/entities?type=${encodeURIComponent(one.type)}&timerel=before&timeAt=1900-01-01T00:00:00Z&limit=1`,
  );
  const isTimed = history.status === 200 && listIn(history.json).length === 0;
  const ignored = [...kinds.filter(([, count]) => count !== 0).map(([kind]) => kind), ...(isTimed ? [] : ['time'])];
  const told = `${one.type}: ${all} entities, none by filters that nothing meets`;
  if (ignored.length === 0) return met(`${told} (attribute, place, time).`);
  return (ignored.length === 3 ? notMet : partly)(`${told}, but not by: ${ignored.join(', ')}.`);
}

async function checkConsistency({ sample, ask }: Probe): Promise<Evidence> {
  const failing: string[] = [];
  for (const { type, entities } of sample.slice(0, 5)) {
    const [first] = entities;
    const { json } = await ask(entityPath(textIn(first, 'id')));
    const names = (object: unknown): string => (isRecord(object) ? Object.keys(object).sort().join(' ') : '');
    if (names(json) !== names(first)) failing.push(type);
  }
  const wrong = await ask('/ngsi-ld/v1/entities?q=%28');
  const problem = wrong.status === 400 && isObject(wrong.json ?? null) && textIn(wrong.json, 'type') !== '';
  const same = share(
    'types look alike in lists and alone',
    sample.slice(0, 5).map(({ type }) => type),
    failing,
  );
  if (problem) return { ...same, found: `${same.found} A wrong query gets problem details (400).` };
  return { verdict: 'partly', found: `${same.found} A wrong query gets ${wrong.status} without problem details.` };
}

async function checkComfort({ sample, ask }: Probe): Promise<Evidence> {
  const id = textIn(sample[0]?.entities[0], 'id');
  const path = sample[0] ? entityPath(id) : '/ngsi-ld/v1/types';
  const status = async (other: string): Promise<number> => (await ask(other)).status;
  const catalogue = await ask('/dcat/catalog');
  const tag = catalogue.headers.get('ETag') ?? '';
  const again = tag === '' ? undefined : await ask('/dcat/catalog', { headers: { 'If-None-Match': tag } });
  const comforts: readonly (readonly [string, boolean])[] = [
    [
      'past data',
      (await status(`/ngsi-ld/v1/temporal/entities?type=${encodeURIComponent(sample[0]?.type ?? 'T')}&limit=1`)) ===
        200,
    ],
    [
      'geospatial queries',
      (await status(
        `${typeQuery(sample[0]?.type ?? 'T')}&georel=near;maxDistance==1&geometry=Point&coordinates=[0,0]`,
      )) === 200,
    ],
    ['subscriptions', (await status('/ngsi-ld/v1/subscriptions?limit=1')) === 200],
    ['a version in addresses', (await status('/ngsi-ld/v1/types')) === 200],
    ['cache headers (ETag and 304)', again?.status === 304],
    ['a choice of attributes', (await status(`${path}?pick=id,type`)) === 200],
    ['problem details', textIn((await ask('/ngsi-ld/v1/entities?q=%28')).json, 'type') !== ''],
    [
      'an address for its health',
      [await status('/health/ready'), await status('/health')].some((one) => one === 200 || one === 204),
    ],
  ];
  const lacking = comforts.filter(([, isThere]) => !isThere).map(([name]) => name);
  return share(
    'comforts are there',
    comforts.map(([name]) => name),
    lacking,
  );
}

async function checkRestriction({ sample, ask, hasKey }: Probe): Promise<Evidence> {
  if (!hasKey)
    return byHand('Which data are restricted? Run the check with --key, to compare what a key and nobody may read.');
  const id = textIn(sample[0]?.entities[0], 'id');
  if (id === '') return notApplicable('There are no entities.');
  const without = await ask(entityPath(id), { isAnonymous: true });
  const told = `${id} without a key: ${without.status}, with it: 200.`;
  if (without.status === 200) return notApplicable(`${told} It is open to everybody.`);
  return [401, 403, 404].includes(without.status) ? met(told) : notMet(`${told} That is no refusal.`);
}

async function checkChanges({ ask, mayWrite, run }: Probe): Promise<Evidence> {
  const kinds: string[] = [];
  if ((await ask('/ngsi-ld/v1/subscriptions?limit=1')).status === 200) kinds.push('notifications over HTTP');
  if ((await ask('/asyncapi.yaml')).status === 200) kinds.push('streams described in AsyncAPI');
  if (!mayWrite)
    return kinds.length === 0
      ? notMet('No way to get changes was found.')
      : partly(`Offered: ${kinds.join(', ')}. With --write a subscription is made too.`);
  const id = `urn:ngsi-ld:Subscription:mlaka-check-${run}`;
  const body = {
    id,
    type: 'Subscription',
    entities: [{ type: 'MlakaCheck' }],
    notification: { endpoint: { uri: 'https://example.org/mlaka-check' } },
  };
  const made = await ask('/ngsi-ld/v1/subscriptions', {
    method: 'POST',
    body,
    headers: { 'Content-Type': 'application/json' },
  });
  await ask(`/ngsi-ld/v1/subscriptions/${encodeURIComponent(id)}`, { method: 'DELETE' });
  return made.status === 201
    ? met(`A subscription was made and removed again. Offered: ${kinds.join(', ')}.`)
    : notMet(`A subscription is refused with ${made.status}.`);
}

export const accessing: readonly Requirement[] = [
  { id: 'MIM0 R1.1', word: 'SHALL', title: 'data come in a form that machines read', check: checkForms },
  {
    id: 'MIM0 R1.2',
    word: 'SHALL',
    title: 'data are had by a standard mechanism of the web',
    async check({ ask }) {
      const { status } = await ask('/ngsi-ld/v1/types');
      return status === 200 ? met('A plain GET of HTTP answers 200.') : notMet(`A plain GET answers ${status}.`);
    },
  },
  { id: 'MIM0 R1.3', word: 'SHALL', title: 'the access is formally described', check: checkDescription },
  {
    id: 'MIM0 R1.4',
    word: 'SHOULD',
    title: 'the models of what is sent are named',
    async check({ sample, ask }) {
      const failing: string[] = [];
      for (const { type } of sample) {
        const name = type.split(/[/#]/).at(-1) ?? type;
        if ((await ask(`/docs/models/${encodeURIComponent(name)}`)).status !== 200) failing.push(type);
      }
      return share(
        'types have a page that explains them',
        sample.map(({ type }) => type),
        failing,
      );
    },
  },
  { id: 'MIM0 R2.1', word: 'SHALL', title: 'the interface is structured and consistent', check: checkConsistency },
  { id: 'MIM0 R2.2', word: 'SHALL', title: 'data can be filtered by time, place and attribute', check: checkFilters },
  { id: 'MIM0 C2', word: 'SHOULD', title: 'the interface has the usual comforts', check: checkComfort },
  { id: 'MIM0 R3.1', word: 'SHALL', title: 'there is a way to get changes', check: checkChanges },
  { id: 'MIM0 C4', word: 'SHALL', title: 'restricted data are restricted', check: checkRestriction },
];
