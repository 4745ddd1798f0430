/** Tests the action API of CKAN: its envelope, its errors, its searches, and what a package says. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../src/core/model/json.ts';
import { startTestBroker, type TestBroker } from '../../scenario/scenario.ts';
import { agent, airDataset, catalogue, datasetLike, weatherDataset, writeEntities } from './city-datasets.ts';

let broker: TestBroker;
beforeAll(async () => {
  broker = await startTestBroker(['--store', 'memory']);
  const others = [
    datasetLike('zebra', { keyword: ['živali & ljudje!', 'x'], theme: ['AGRI'], license: 'https://example.org/own' }),
    datasetLike('secret', { accessRights: 'NON_PUBLIC' }),
  ];
  for (const entity of [agent, catalogue, airDataset, weatherDataset, ...others])
    await writeEntities(broker.url, [entity]);
});
afterAll(() => broker.stop());

interface Answer {
  readonly success: boolean;
  readonly help: string;
  readonly result: unknown;
  readonly error: JsonObject;
}

const call = async (path: string, init: RequestInit = {}) => {
  const response = await fetch(`${broker.url}/api/${path}`, init);
  return {
    status: response.status,
    type: response.headers.get('Content-Type'),
    body: (await response.json()) as Answer,
  };
};
const result = async (path: string): Promise<unknown> => (await call(`3/action/${path}`)).body.result;
const found = async (query: string): Promise<readonly string[]> => {
  const { results } = (await result(`package_search?${query}`)) as { results: readonly { name: string }[] };
  return results.map(({ name }) => name);
};

test('an action answers in the envelope, with and without the version, by GET, POST and HEAD', async () => {
  const { status, type, body } = await call('3/action/package_list');
  expect([status, type]).toEqual([200, 'application/json;charset=utf-8']);
  expect(body).toEqual({
    help: `${broker.url}/api/3/action/help_show?name=package_list`,
    success: true,
    result: ['air-quality', 'weather', 'zebra'],
  });
  expect((await call('action/package_list')).body).toEqual(body);
  const post = {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{"limit":1,"offset":2,"unknown":true}',
  };
  expect((await call('action/package_list', post)).body.result).toEqual(['zebra']);
  const form = { method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'limit=1' };
  expect((await call('3/action/package_list', form)).body.result).toEqual(['air-quality']);
  const head = await fetch(`${broker.url}/api/3/action/package_list`, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
});

test('a package has the members of CKAN', async () => {
  const shown = (await result('package_show?id=air-quality')) as JsonObject;
  expect(shown).toMatchObject({
    name: 'air-quality',
    title: 'Kakovost zraka <PM & NO₂>',
    license_id: 'cc-by',
    isopen: true,
    private: false,
    state: 'active',
    organization: { name: 'mestna-obcina', is_organization: true },
    groups: [{ name: 'envi', title: 'Okolje' }],
    tags: [{ name: 'zrak' }, { name: 'delci' }, { name: 'air' }],
    metadata_modified: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/),
    resources: [{ format: 'CSV', url: `${broker.url}/data/air-quality.csv`, mimetype: 'text/csv' }, {}, {}, {}],
  });
  expect(shown['id']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(await result(`package_show?id=${String(shown['id'])}`)).toEqual(shown);
  const zebra = (await result('package_show?id=zebra')) as JsonObject;
  expect(zebra).toMatchObject({
    isopen: false,
    license_url: 'https://example.org/own',
    tags: [{ name: 'živali ljudje' }],
  });
});

describe('package_search', () => {
  test.each([
    ['q=*:*', ['zebra', 'weather', 'air-quality']],
    ['sort=name+asc', ['air-quality', 'weather', 'zebra']],
    ['sort=name+desc&rows=1&start=1', ['weather']],
    ['start=10', []],
    ['rows=0', []],
    ['q=kakovost&sort=name', ['air-quality', 'zebra']],
    ['q=name:weather', ['weather']],
    ['q=title:vreme', ['weather']],
    ['q=title:"kakovost zraka"&sort=name', ['air-quality', 'zebra']],
    ['q=wea*', ['weather']],
    ['q=name:wea*', ['weather']],
    ['fq=-name:weather&sort=name', ['air-quality', 'zebra']],
    ['fq=groups:(agri OR nothing)', ['zebra']],
    ['fq=groups:agri OR name:weather&sort=name', ['weather', 'zebra']],
    ['fq=(name:weather OR name:zebra) AND NOT groups:agri', ['weather']],
    ['fq_list=groups:envi&fq_list=name:weather', ['weather']],
    ['fq=metadata_modified:[NOW TO *]', undefined],
    ['fq=metadata_modified:[* TO 2000-01-01]', []],
    ['q=colour:red', undefined],
    ['q=(name:weather', undefined],
    ['sort=colour', undefined],
    ['q=a OR', undefined],
    ['q=constructor:x', undefined],
    ['q=__proto__:x', undefined],
    ['sort=constructor', undefined],
    [`sort=${'name,'.repeat(10)}name`, undefined],
    [`q=${'a '.repeat(1500)}&fq=${'a '.repeat(1500)}`, undefined],
  ])('%s', async (query, names) => {
    const path = `3/action/package_search?${query.replaceAll(' ', '%20')}`;
    if (names) expect(await found(query.replaceAll(' ', '%20'))).toEqual(names);
    else
      expect(await call(path)).toMatchObject({
        status: 400,
        body: { success: false, error: { __type: 'Search Query Error' } },
      });
  });

  test('counts by value', async () => {
    const searched = await result('package_search?facet.field=["groups","license_id","groups","constructor"]');
    expect(searched).toMatchObject({
      count: 3,
      facets: { groups: { envi: 2, agri: 1 }, license_id: { 'cc-by': 2, 'other-closed': 1 }, constructor: {} },
      search_facets: { groups: { items: [{ name: 'envi', display_name: 'Okolje', count: 2 }, {}] } },
    });
  });
});

test.each([
  ['3/action/package_show?id=secret', 404, { __type: 'Not Found Error' }],
  ['3/action/package_show', 409, { __type: 'Validation Error', id: ['Missing value'] }],
  ['3/action/package_search?rows=many', 409, { __type: 'Validation Error', rows: ['Must be a natural number'] }],
  ['3/action/organization_show?id=nobody', 404, { __type: 'Not Found Error' }],
  ['3/action/package_create', 403, { __type: 'Authorization Error' }],
])('%s answers %d', async (path, status, error) => {
  expect(await call(path)).toMatchObject({ status, body: { success: false, error } });
});

test('an unknown action is a bare text with 400, an unreadable body a problem', async () => {
  expect(await call('3/action/toString')).toMatchObject({
    status: 400,
    body: 'Bad request: Action name not known: toString',
  });
  const post = { method: 'POST', headers: { 'Content-Type': 'application/json' } };
  for (const body of ['{', '[]', '3']) expect((await call('action/package_list', { ...post, body })).status).toBe(400);
  expect((await call('action/package_list', { ...post, body: `{"q":"${'x'.repeat(70_000)}"}` })).status).toBe(413);
});
