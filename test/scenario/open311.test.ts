/** Tests Open311 GeoReport v2 where access is required: who may report, what citizens see, and where personal data stay. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type RequiredBroker, startRequiredBroker } from '../edge/access/required-broker.ts';
import { testedStores } from './scenario.ts';

const report = 'https://smart-data-models.mlaka.si/report/context.jsonld';
const streetlighting = 'https://smart-data-models.mlaka.si/streetlighting/context.jsonld';
const tracking = 'https://smartdatamodels.org/dataModel.IssueTracking';
const contacts = 'https://smart-data-models.mlaka.si/report/service_request_contacts';
const streetlight = 'https://smartdatamodels.org/dataModel.Streetlighting/Streetlight';

const square = (west: number, east: number) => ({
  type: 'GeoProperty',
  value: {
    type: 'Polygon',
    coordinates: [[west, east, east, west, west].map((long, n) => [long, n === 2 || n === 3 ? 46.3 : 46.2])],
  },
});
const kind = (name: string, members: object) => ({
  '@context': report,
  id: `urn:ngsi-ld:services:${name}`,
  type: 'services',
  service_name: { type: 'Property', value: 'Luč <ne> sveti' },
  jurisdiction_id: { type: 'Property', value: 'kranj.si' },
  ...members,
});
const lightKind = (name: string, area: object, agency: string) =>
  kind(name, {
    service_code: { type: 'Property', value: 'light.out' },
    provider: { type: 'Property', value: agency },
    refAgency: { type: 'Relationship', object: `urn:ngsi-ld:Organization:${agency}` },
    linkedTypes: { type: 'Property', value: ['Streetlight'] },
    location: area,
  });
const light = (name: string, long: number) => ({
  '@context': streetlighting,
  id: `urn:ngsi-ld:Streetlight:${name}`,
  type: 'Streetlight',
  location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [long, 46.25] } },
});
const questions = [
  { code: 'size', datatype: 'number', required: true, description: 'How large?', variable: true },
  {
    code: 'side',
    datatype: 'multivaluelist',
    values: [
      { key: 'L', name: 'left' },
      { key: 'R', name: 'right' },
    ],
  },
];

interface Submitted {
  readonly service_request_id: string;
  readonly service_notice: string | null;
}
type Told = Readonly<Record<string, unknown>>;

describe.each(testedStores)('Open311 (%s)', (store) => {
  let broker: RequiredBroker;
  const keys = { app: '', operator: '' };
  const form = async (parameters: Record<string, string>, headers: Record<string, string> = {}, form = 'json') => {
    const response = await fetch(`${broker.url}/georeport/v2/requests.${form}`, {
      method: 'POST',
      headers,
      body: new URLSearchParams(parameters),
    });
    return { status: response.status, text: await response.text() };
  };
  const submit = async (parameters: Record<string, string>): Promise<Submitted> => {
    const { status, text } = await form({ api_key: keys.app, ...parameters });
    expect([status, text]).toEqual([201, expect.stringContaining('service_request_id')]);
    return (JSON.parse(text) as [Submitted])[0];
  };
  const get = async (path: string) => {
    const { status, text, headers } = await broker.send(`GET /georeport/v2/${path}`);
    return { status, text, type: headers.get('Content-Type') };
  };
  const list = async (query: string): Promise<readonly Told[]> =>
    JSON.parse((await get(`requests.json?${query}`)).text) as readonly Told[];
  const entities = async (type: string, key: string): Promise<readonly Told[]> => {
    const { text } = await broker.send(`GET /ngsi-ld/v1/entities?type=${encodeURIComponent(type)}`, { key });
    return JSON.parse(text) as readonly Told[];
  };

  beforeAll(async () => {
    broker = await startRequiredBroker(['--store', store]);
    Object.assign(keys, { app: await broker.key('app'), operator: await broker.key('operator') });
    const reports = [`${tracking}/service_requests`];
    await broker.grant({
      to: 'public',
      operations: ['read'],
      types: [...reports, `${tracking}/services`, streetlight],
    });
    await broker.grant({ to: 'role:app', operations: ['write'], types: [...reports, contacts], own: true });
    await broker.grant({ to: 'role:operator', operations: ['read', 'write'], types: [...reports, contacts] });
    const body = [
      lightKind('west', square(14, 14.5), 'elektro'),
      lightKind('east', square(14.5, 15), 'luč'),
      kind('road', {
        service_code: { type: 'Property', value: 'road' },
        attributes: { type: 'Property', value: questions },
        service_notice: { type: 'Property', value: 'Thank you.' },
      }),
      ...[light('far', 14.3004), light('near', 14.3001), light('east', 14.6)],
    ];
    const headers = { 'Content-Type': 'application/ld+json' };
    const path = 'POST /ngsi-ld/v1/entityOperations/create';
    expect((await broker.send(path, { key: broker.administrator, body, headers })).status).toBe(201);
  });
  afterAll(() => broker.stop());

  test('tells what can be reported, as JSON and as XML', async () => {
    const { type, text } = await get('services.json?jurisdiction_id=kranj.si');
    expect(type).toBe('application/json; charset=utf-8');
    expect(JSON.parse(text)).toMatchObject([
      { service_code: 'light.out', service_name: 'Luč <ne> sveti', metadata: false, type: 'realtime' },
      { service_code: 'road', metadata: true },
    ]);
    const xml = await get('services.xml');
    expect(xml.type).toBe('text/xml; charset=utf-8');
    expect(xml.text).toContain('<services><service><service_code>light.out</service_code>');
    expect(xml.text).toContain('<service_name>Luč &#60;ne&#62; sveti</service_name>');
    expect(JSON.parse((await get('services/road.json')).text)).toEqual({
      service_code: 'road',
      attributes: [
        expect.objectContaining({ code: 'size', datatype: 'number', required: true, order: 1, variable: true }),
        expect.objectContaining({ code: 'side', required: false, values: questions[1]?.values }),
      ],
    });
    expect((await get('services/light.out.xml')).text).toContain('<service_code>light.out</service_code>');
    expect(JSON.parse((await get('discovery.json')).text)).toMatchObject({
      endpoints: [{ url: `${broker.url}/georeport/v2`, formats: ['text/xml', 'application/json'] }],
    });
  });

  test('routes a report to the operator of the area, links the nearest light, and tells changes to everybody', async () => {
    const { service_request_id: number } = await submit({
      ...{ service_code: 'light.out', lat: '46.25', long: '14.3', description: 'Temno & mrzlo' },
      ...{ email: 'ana@example.org', first_name: 'Ana', phone: '+386 40 000 000' },
    });
    const [told] = await list(`service_request_id=${number}`);
    expect(told).toMatchObject({ status: 'open', agency_responsible: 'elektro', lat: 46.25, long: 14.3 });
    const { text } = await get(`requests/${number}.xml`);
    expect(text).toContain('<service_requests><request><service_request_id>');
    expect(text).toContain('<description>Temno &#38; mrzlo</description>');
    const id = `urn:ngsi-ld:service_requests:${number}`;
    const stored = (await entities(`${tracking}/service_requests`, keys.operator)).find((one) => one['id'] === id);
    expect(stored).toMatchObject({
      'https://smart-data-models.mlaka.si/report/refEntity': { object: 'urn:ngsi-ld:Streetlight:near' },
      'https://smart-data-models.mlaka.si/report/refAgency': { object: 'urn:ngsi-ld:Organization:elektro' },
    });
    const patch = { status: { type: 'Property', value: 'closed' } };
    const change = `PATCH /ngsi-ld/v1/entities/${id}/attrs`;
    const other = await broker.key('stranger');
    expect((await broker.send(change, { key: other, body: patch })).status).toBe(403);
    expect((await broker.send(change, { key: keys.operator, body: patch })).status).toBe(204);
    const [closed] = await list(`service_request_id=${number}`);
    expect(closed?.['status']).toBe('closed');
    expect(String(closed?.['updated_datetime']) > String(told?.['updated_datetime'])).toBe(true);
    expect(JSON.parse((await get(`tokens/${number}.json`)).text)).toEqual([
      { service_request_id: number, token: number },
    ]);
  });

  test('keeps personal data apart, where only who may read them does', async () => {
    const { service_request_id: number, service_notice: notice } = await submit({
      ...{ service_code: 'road', 'attribute[size]': '2', address_string: 'Glavni trg 1' },
      ...{ email: 'secret@example.org', last_name: 'Skrivnost', account_id: 'a1', device_id: 'd1' },
    });
    expect(notice).toBe('Thank you.');
    const all = [await get('requests.json'), await get('requests.xml'), await get(`requests/${number}.json`)];
    const everybody = await broker.send(`GET /ngsi-ld/v1/entities?type=${tracking}/service_requests&local=true`);
    const own = await broker.send(`GET /ngsi-ld/v1/entities?type=${encodeURIComponent(contacts)}`);
    for (const { text } of [...all, everybody, own]) expect(text).not.toMatch(/secret@example.org|Skrivnost|"a1"|"d1"/);
    expect(all[2]?.text).toContain('Glavni trg 1');
    const kept = await entities(contacts, keys.operator);
    expect(kept).toContainEqual(
      expect.objectContaining({
        'https://smart-data-models.mlaka.si/report/email': expect.objectContaining({ value: 'secret@example.org' }),
        'https://smart-data-models.mlaka.si/report/refServiceRequest': expect.objectContaining({
          object: `urn:ngsi-ld:service_requests:${number}`,
        }),
      }),
    );
  });

  test('filters reports by codes, states and times, and shows them page by page, the newest first', async () => {
    const numbers: string[] = [];
    for (const [lat, long] of [
      ['46.25', '14.6'],
      ['46.25', '14.61'],
    ] as const)
      numbers.unshift((await submit({ service_code: 'light.out', lat, long })).service_request_id);
    const east = (await list('service_code=light.out&status=open')).filter(
      (one) => one['agency_responsible'] === 'luč',
    );
    expect(east.map((one) => one['service_request_id'])).toEqual(numbers);
    expect(await list('service_code=nothing,road&status=closed')).toEqual([]);
    const pages = [await list('page_size=1&page=1'), await list('page_size=1&page=2')];
    expect(pages.map(([one]) => one?.['service_request_id'])).toEqual(numbers);
    expect(await list('end_date=2020-01-01T00:00:00Z')).toEqual([]);
    expect(await list('start_date=2020-01-01T00:00:00%2B01:00')).toEqual([]);
    expect((await get('requests.json?start_date=2026-01-01&end_date=2026-06-01')).status).toBe(400);
    expect(JSON.parse((await get(`requests.json?service_request_id=${numbers.join(',')},x`)).text)).toHaveLength(2);
  });

  test('finds a report of the operator by its number, whatever its id is', async () => {
    const property = (value: string) => ({ type: 'Property', value });
    const body = {
      '@context': report,
      id: 'urn:ngsi-ld:Ticket:7',
      type: 'service_requests',
      service_request_id: property('T-7'),
      status: property('open'),
      requested_datetime: property('2020-05-01T00:00:00Z'),
    };
    const headers = { 'Content-Type': 'application/ld+json' };
    const created = await broker.send('POST /ngsi-ld/v1/entities', { key: keys.operator, body, headers });
    expect(created.status).toBe(201);
    const numbersOf = async (query: string) => (await list(query)).map((one) => one['service_request_id']);
    const { service_request_id: number } = await submit({ service_code: 'light.out', lat: '46.25', long: '14.7' });
    expect(await numbersOf(`service_request_id=T-7,none,${number}`)).toEqual([number, 'T-7']);
    expect(await numbersOf(`service_request_id=T-7,${number}&page_size=1&page=2`)).toEqual(['T-7']);
    expect(JSON.parse((await get('requests/T-7.json')).text)).toMatchObject([{ status: 'open' }]);
    expect((await get('requests/T-8.json')).status).toBe(404);
  });

  test('refuses in the form of the standard, and stores nothing', async () => {
    const before = (await list('')).length;
    const fault = async (parameters: Record<string, string>) => {
      const { status, text } = await form({ api_key: keys.app, ...parameters });
      const [{ code, description }] = JSON.parse(text) as [{ code: number; description: string }];
      expect(code).toBe(status);
      return `${status} ${description}`;
    };
    const at = { lat: '46.25', long: '14.3' };
    expect(await fault(at)).toMatch(/^400 .*service_code/);
    expect(await fault({ service_code: 'none', ...at })).toMatch(/^404 .*service_code "none"/);
    expect(await fault({ service_code: 'road', jurisdiction_id: 'other', ...at })).toMatch(/^404 .*jurisdiction/);
    expect(await fault({ service_code: 'light.out' })).toMatch(/^400 .*lat and long, address_string/);
    expect(await fault({ service_code: 'light.out', lat: '46' })).toMatch(/^400 .*belong together/);
    expect(await fault({ service_code: 'light.out', lat: '146', long: '1' })).toMatch(/^400 .*lat must be a number/);
    expect(await fault({ service_code: 'light.out', lat: '40', long: '1' })).toMatch(/^400 .*outside all areas/);
    expect(await fault({ service_code: 'road', ...at })).toMatch(/^400 .*attribute\[size\] is required/);
    const sized = { service_code: 'road', 'attribute[size]': '1', ...at };
    expect(await fault({ ...sized, 'attribute[side][]': 'X' })).toMatch(/^400 .*one of L, R/);
    expect(await fault({ ...sized, 'attribute[age]': '1' })).toMatch(/^400 .*no attribute "age"/);
    expect(await fault({ ...sized, description: 'x'.repeat(4001) })).toMatch(/^400 .*4000 characters/);
    expect(await fault({ ...sized, media_url: 'javascript:alert(1)' })).toMatch(/^400 .*media_url/);
    expect(await fault({ ...sized, email: 'nobody' })).toMatch(/^400 .*email/);
    expect(await fault({ ...sized, api_key: '' })).toMatch(/^403 /);
    expect(await fault({ ...sized, api_key: 'wrong' })).toMatch(/^403 /);
    const foreign = await form({ ...sized, api_key: keys.app }, { Origin: 'https://elsewhere.example' }, 'xml');
    expect([foreign.status, foreign.text]).toEqual([
      403,
      expect.stringContaining('<errors><error><code>403</code><description>Web pages of'),
    ]);
    expect((await list('')).length).toBe(before);
    for (const name of ['tenant', 'api_key']) {
      const twice = await get(`requests.json?${name}=a&${name}=b`);
      expect([twice.status, twice.text]).toEqual([400, expect.stringContaining(`${name} must be given once`)]);
    }
    const many = await get('nowhere.xml');
    expect([many.status, many.text]).toEqual([404, expect.stringContaining('<errors><error><code>404</code>')]);
  });
});
