/**
 * Tests every operation of the OpenAPI documents: it refuses those to whom nothing is granted, and tells those to whom a part is granted
 * nothing of the rest. What a document describes cannot be left out, and the golden tests keep the documents complete.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { readConfig } from '../../../src/app/config/read-config.ts';
import { modelNamesOf } from '../../../src/app/model-names.ts';
import { openDataOperations } from '../../../src/app/open-data.ts';
import type { Json, JsonObject } from '../../../src/core/model/json.ts';
import { createTestServices } from '../../test-services.ts';
import { type RequiredBroker, startRequiredBroker } from './required-broker.ts';

interface Described {
  readonly method: string;
  readonly path: string;
  readonly hasBody: boolean;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly requestBody?: unknown }>>>>;
}

const methods = ['get', 'post', 'put', 'patch', 'delete'];

const described: readonly Described[] = ['openapi.yaml', 'openapi-v2.yaml'].flatMap((file) => {
  const { paths } = parse(readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8')) as Document;
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => methods.includes(method))
      .map(([method, { requestBody }]) => ({ method: method.toUpperCase(), path, hasBody: requestBody !== undefined })),
  );
});

/** Other addresses of the same documents of open data, which the OpenAPI documents do not repeat. */
const config = readConfig({ args: ['--models', 'off'], env: {} });
const services = createTestServices();
const aliases = openDataOperations(config, { ...services, names: modelNamesOf(config, services) })
  .map(({ method, path, body }) => ({ method, path, hasBody: method !== 'GET' && body !== 'none' }))
  .filter(({ method, path }) => !described.some((one) => one.method === method && one.path === path));

const all = [...described, ...aliases];

/** What needs no key: it has no data of the city. Whoever adds an operation here must know why. */
const publicOnes: readonly string[] = [
  'GET /ngsi-ld/v1/jsonldContexts/{contextId}',
  'GET /version',
  'GET /statistics',
  'GET /health/live',
  'GET /health/ready',
];

/** What every valid key may do: it tells the caller of himself and of the broker only. */
const forEveryKey: readonly string[] = [
  'POST /ngsi-ld/v1/stream/tickets',
  'GET /ngsi-ld/v1/access/explain',
  'GET /v2',
  'GET /ql/v2',
  'GET /ql/version',
  'GET /ql/health',
  'GET /STH/version',
];

const nameOf = ({ method, path }: Described): string => `${method} ${path}`;
const guarded = all.filter((one) => !publicOnes.includes(nameOf(one)));

const classes = ['read', 'write', 'delete', 'subscribe', 'history', 'register', 'administer', 'audit'];

let broker: RequiredBroker;
const keys = new Map<string, string>();

beforeAll(async () => {
  broker = await startRequiredBroker(['--notify-allow-private', '--quota-concurrency', '0']);
  for (const name of ['nobody', 'elsewhere', 'part', 'attribute', 'revoked']) keys.set(name, await broker.key(name));
  await broker.remove('/ngsi-ld/v1/access/keys/revoked');
  await broker.grant({ to: 'key:elsewhere', operations: classes, tenants: ['other'] });
  await broker.grant({ to: 'key:part', operations: classes, types: ['Light'] });
  await broker.grant({ to: 'key:attribute', operations: classes, attrs: ['power'] });
});
afterAll(() => broker.stop());

const administered = async (request: string, body: Json): Promise<void> => {
  const { status, text } = await broker.send(request, { key: broker.administrator, body });
  expect([request, status, text]).toEqual([request, 201, '']);
};

/** Sends a request as the holder of a key, or of none. */
const answer = async (one: Described, path: string, { as, body }: { readonly as: string; readonly body?: Json }) => {
  const key = keys.get(as);
  return broker.send(`${one.method} ${path}`, {
    ...(key === undefined ? {} : { key }),
    ...(one.hasBody ? { body: body ?? {} } : {}),
    // A web page of another origin cannot send a POST with this type unasked.
    headers: one.method === 'POST' ? { 'Content-Type': 'application/json' } : {},
  });
};

test.each([
  ['nothing', [401]],
  ['nobody', [403]],
  ['elsewhere', [403]],
  // After some of them, no key from this address is looked at for a while.
  ['revoked', [401, 429]],
])('the holder of the key %s gets %j everywhere', async (as, expected) => {
  const asked = guarded.filter((one) => !expected.includes(403) || !forEveryKey.includes(nameOf(one)));
  const answers = await Promise.all(
    asked.map(async (one) => {
      const { status } = await answer(one, one.path.replaceAll(/\{[^}]*\}/g, 'urn:x:1'), { as });
      return { name: nameOf(one), status };
    }),
  );
  expect(answers.length).toBeGreaterThan(140);
  // In Open311, a missing or wrong key is answered with 403.
  const isExpected = (name: string, status: number): boolean =>
    expected.includes(status) || (status === 403 && name.includes(' /georeport/'));
  expect(answers.filter(({ name, status }) => !isExpected(name, status))).toEqual([]);
});

test('what is said to be for everybody exists', () => {
  const known = all.map(nameOf);
  expect([...publicOnes, ...forEveryKey].filter((name) => !known.includes(name))).toEqual([]);
});

/** In every text of what is hidden. */
const secret = 'S3CRET';
const text = (value: Json): JsonObject => ({ type: 'Property', value });
const endpoint = { endpoint: { uri: `http://127.0.0.1:9/${secret}` } };

/** What is hidden from those who have grants for another type or attribute. */
const hidden: readonly (readonly [request: string, body: JsonObject])[] = [
  [
    'entities',
    {
      id: 'urn:hidden:1',
      type: 'Hidden',
      note: { ...text(secret), observedAt: '2026-03-01T08:00:00Z' },
      location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [14, 46] } },
    },
  ],
  [
    'entities',
    {
      ...{ id: 'urn:hidden:2', type: 'Dataset', slug: text('hidden'), title: text(secret) },
      ...{ entityTypes: text(['Hidden']), accessRights: text('PUBLIC') },
    },
  ],
  [
    'subscriptions',
    { id: 'urn:hidden:3', type: 'Subscription', entities: [{ type: 'Hidden' }], notification: endpoint },
  ],
  [
    'csourceRegistrations',
    {
      ...{ id: 'urn:hidden:4', type: 'ContextSourceRegistration', mode: 'auxiliary' },
      ...{ information: [{ entities: [{ type: 'Far' }] }], endpoint: `http://127.0.0.1:9/${secret}` },
    },
  ],
  [
    'csourceSubscriptions',
    { id: 'urn:hidden:5', type: 'Subscription', entities: [{ type: 'Hidden' }], notification: endpoint },
  ],
  [
    'entities',
    {
      ...{ id: 'urn:hidden:7', type: 'service_requests', service_request_id: text('hidden') },
      ...{ description: text(secret), status: text('open'), requested_datetime: text('2026-03-01T08:00:00Z') },
    },
  ],
  ['access/grants', { id: 'urn:hidden:6', to: `role:${secret}`, operations: ['read'], types: ['Hidden'] }],
];

/** The id of what is hidden at a path. */
const idAt = (path: string): string => {
  if (path.includes('csourceSubscriptions')) return 'urn:hidden:5';
  if (/registrations/i.test(path)) return 'urn:hidden:4';
  if (path.includes('subscriptions')) return 'urn:hidden:3';
  return path.includes('/grants') ? 'urn:hidden:6' : 'urn:hidden:1';
};

/** What replaces the parameters of paths: names of what is hidden, and of what does not exist. */
const places = (id: string) => ({
  hidden: { ...named('hidden'), id, type: 'Hidden', attr: 'note' },
  absent: { ...named('absent'), id: 'urn:absent:1', type: 'Absent', attr: 'nope' },
});

const named = (name: string) => ({ name, file: `${name}.csv`, dataset: name, report: name, token: name, code: name });

type Place = ReturnType<typeof places>['hidden'];

const filled = (path: string, place: Place): string =>
  path.replaceAll(/\{([^}]*)\}/g, (_, parameter: string) => {
    if (parameter === 'action') return `package_show?id=${place.dataset}`;
    const name = Object.entries(place).find(([one]) => parameter.toLowerCase().startsWith(one));
    return name?.[1] ?? place.id;
  });

/** Bodies that concern a place, so that requests reach its data. The first pattern that a path matches counts. */
const bodies: readonly (readonly [path: RegExp, body: (place: Place) => Json])[] = [
  [/^\/v2\/op\/query$/, ({ id }) => ({ entities: [{ id }] })],
  [
    /^\/v2\/op\/update$/,
    ({ id, type, attr }) => ({ actionType: 'update', entities: [{ id, type, [attr]: { value: 1 } }] }),
  ],
  [/\/query$/, ({ id, type }) => ({ type: 'Query', entities: [{ id, type }] })],
  [/^\/dcat\/preview$/, ({ type }) => ({ id: 'urn:x:preview', type: 'Dataset', entityTypes: text([type]) })],
  [/\/entityOperations\/delete$/, ({ id }) => [id]],
  [/\/entityOperations\//, ({ id, type, attr }) => [{ id, type, [attr]: text(1) }]],
  [/\/value$/, () => 1],
  [/^\/v2\/.*\{attr\w*\}$/, () => ({ value: 1 })],
  [/\{attr\w*\}$/, () => text(1)],
  [/^\/v2\//, ({ attr }) => ({ [attr]: { value: 1 } })],
];

const bodyAbout = ({ path }: Described, place: Place): Json =>
  bodies.find(([pattern]) => pattern.test(path))?.[1](place) ?? { [place.attr]: text(1) };

/** What an answer says, without the names and times that differ anyway. */
const toldOf = ({ status, text: body, headers }: Awaited<ReturnType<typeof answer>>): readonly unknown[] => [
  status,
  body
    .replaceAll(/urn:(?:hidden|absent):\d|\b(?:hidden|absent)\b|\b(?:Hidden|Absent)\b|\b(?:note|nope)\b/g, 'NAME')
    .replaceAll(/20(?!26-03-01)\d\d-\d\d-\d\dT[\d:.]*Z|urn:ngsi-ld:\w+:[\da-f-]{36}|"ticket":"[^"]*"/g, ''),
  ...['NGSILD-Results-Count', 'Fiware-Total-Count', 'NGSILD-Warning'].map((name) => headers.get(name)),
];

/** `creates`: an id that is taken is refused, whoever has it. */
const creates = (one: Described): boolean =>
  one.method === 'POST' && /\/(?:entities|create|upsert|update|access\/grants)$/.test(one.path);

test.each([
  ['part', 'a type', (one: Described) => !creates(one)],
  ['attribute', 'an attribute', ({ path }: Described) => /attr/i.test(path) && !/\/attrs$/.test(path)],
])('the holder of %s, a grant for %s, cannot tell what is hidden from what is not there', async (as, _, concerns) => {
  const { text: present } = await broker.send('GET /ngsi-ld/v1/entities?type=Hidden', { key: broker.administrator });
  if (present === '[]') for (const [path, body] of hidden) await administered(`POST /ngsi-ld/v1/${path}`, body);
  const differing: unknown[] = [];
  for (const one of guarded.filter(concerns)) {
    const place = places(idAt(one.path));
    // Whoever sees the entity with another attribute is asked about its attributes only.
    const other = as === 'attribute' ? { ...place.hidden, attr: place.absent.attr } : place.absent;
    const [shown, expected] = await Promise.all(
      [place.hidden, other].map((where) => answer(one, filled(one.path, where), { as, body: bodyAbout(one, where) })),
    );
    if (!shown || !expected) throw new Error('There are two answers.');
    if (JSON.stringify(toldOf(shown)) !== JSON.stringify(toldOf(expected)) || shown.text.includes(secret))
      differing.push([nameOf(one), shown.status, shown.text, expected.status, expected.text]);
  }
  expect(differing).toEqual([]);
  // Nothing of it was changed either.
  const after = await broker.send('GET /ngsi-ld/v1/entities/urn:hidden:1', { key: broker.administrator });
  expect([after.status, after.text.includes(secret)]).toEqual([200, true]);
});
