/** Tests the default @context of requests that name none, for all tenants and per tenant. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readDefaultContexts } from '../../src/app/config/default-contexts.ts';
import { startReceiver, stopReceivers } from '../edge/deliver/receiver.ts';
import { contextLink, coreContext, startTestBroker, testedStores, type TestBroker } from './scenario.ts';

const models = 'https://smart-data-models.mlaka.si';
const lights = `${models}/streetlighting/context.jsonld`;
const parking = `${models}/parking/context.jsonld`;

describe.each(testedStores)('a default @context (%s)', (store) => {
  let broker: TestBroker;
  beforeAll(async () => {
    const option = ['--default-context', `${lights},park=${parking}`];
    broker = await startTestBroker(['--store', store, '--models', 'off', '--notify-allow-private', ...option]);
  });
  afterAll(async () => {
    await broker.stop();
    await stopReceivers();
  });

  const ask = async (line: string, headers: Record<string, string> = {}, body?: unknown) => {
    const [method = 'GET', path = ''] = line.split(' ');
    const json = body === undefined ? {} : { 'Content-Type': 'application/json' };
    const answer = await fetch(`${broker.url}/ngsi-ld/v1${path}`, {
      method,
      headers: { ...json, ...headers },
      ...(body === undefined ? undefined : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${line}: ${answer.status} ${text}`);
    return { link: answer.headers.get('link'), body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  };
  const light = (name: string): object => ({ id: `urn:x:${name}`, type: 'Streetlight', powerState: 'on' });
  const inCore = { Link: contextLink(coreContext) };

  test('counts where a request names none, and answers name it', async () => {
    await ask('POST /entities', {}, light('1'));
    const own = await ask('GET /entities?type=Streetlight&q=powerState=="on"');
    expect(own).toMatchObject({ link: contextLink(lights), body: [{ type: 'Streetlight' }] });
    const linked = await ask('GET /entities/urn:x:1', { Accept: 'application/ld+json' });
    expect(linked.body).toMatchObject({ '@context': [lights, coreContext] });
    const core = await ask('GET /entities/urn:x:1', inCore);
    expect(core).toMatchObject({
      link: contextLink(coreContext),
      body: { type: 'https://smartdatamodels.org/dataModel.Streetlighting/Streetlight' },
    });
  });

  test('is another one in a tenant that has its own', async () => {
    const tenant = { 'NGSILD-Tenant': 'park' };
    await ask('POST /entities', tenant, { id: 'urn:x:1', type: 'ParkingSpot', width: 2 });
    expect((await ask('GET /entities/urn:x:1', tenant)).link).toBe(contextLink(parking));
    expect((await ask('GET /types', { ...tenant, ...inCore })).body).toMatchObject({
      typeList: ['https://smartdatamodels.org/dataModel.Parking/ParkingSpot'],
    });
  });

  test('counts for subscriptions, which keep it', async () => {
    const receiver = await startReceiver();
    const notification = { endpoint: { uri: receiver.url } };
    const watched = { entities: [{ type: 'Streetlight' }], watchedAttributes: ['powerState'], q: 'powerState=="on"' };
    await ask('POST /subscriptions', {}, { type: 'Subscription', ...watched, notification });
    await ask('POST /entities', {}, light('2'));
    const [told] = await receiver.until(({ length }) => length > 0);
    expect(told?.headers['link']).toBe(contextLink(lights));
    expect(told?.body.data).toMatchObject([{ id: 'urn:x:2', type: 'Streetlight' }]);
    expect((await ask('GET /subscriptions', inCore)).body).toMatchObject([{ jsonldContext: lights }]);
  });
});

test('a default @context that cannot be had takes nothing from those who name theirs', async () => {
  const broker = await startTestBroker(['--store', 'memory', '--default-context', 'http://127.0.0.1:9/none.jsonld']);
  const status = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
    (await fetch(`${broker.url}/ngsi-ld/v1${path}`, { headers })).status;
  expect(await status('/types')).toBe(504);
  expect(await status('/types', { Link: contextLink(coreContext) })).toBe(200);
  expect(await status('/jsonldContexts')).toBe(200);
  await broker.stop();
});

describe('the option', () => {
  test('names one for all, and others by tenant', () => {
    const defaultOf = readDefaultContexts('https://a.example/?x=1, park=https://b.example/c');
    expect(['', 'x', 'park'].map(defaultOf)).toEqual([
      'https://a.example/?x=1',
      'https://a.example/?x=1',
      'https://b.example/c',
    ]);
    expect(readDefaultContexts('park=https://b.example/c')('')).toBeUndefined();
    expect(readDefaultContexts('')('')).toBeUndefined();
  });
  test.each([
    'a',
    'park=',
    'ftp://a.example/',
    'https://a.example/,https://b.example/',
    'p=https://a.b/,p=https://a.b/',
  ])('is refused as %s', (text) => expect(() => readDefaultContexts(text)).toThrow('--default-context'));
});
