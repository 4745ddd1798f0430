/** Tests backup and restore between two brokers: nothing is lost or changed, and damage is detected. */
import { createServer, type Server } from 'node:http';
import { readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { backup } from '../../../src/app/backup/backup.ts';
import { restore } from '../../../src/app/backup/restore.ts';
import { createSumming } from '../../../src/app/backup/checksum.ts';
import { importFile } from '../../../src/app/command/import.ts';
import type { JsonObject } from '../../../src/core/model/json.ts';
import { mapPath, run, type Run, type TestBroker, startTestBroker } from './test-broker.ts';

let [from, to]: TestBroker[] = [];
let path = '';

const post = async (broker: TestBroker, where: string, body: unknown): Promise<Response> => {
  const headers = { 'Content-Type': 'application/json' };
  const answer = await fetch(`${broker.url}/ngsi-ld/v1${where}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  expect([201, 204]).toContain(answer.status);
  return answer;
};

const registration = {
  id: 'urn:ngsi-ld:ContextSourceRegistration:a',
  type: 'ContextSourceRegistration',
  information: [{ entities: [{ type: 'B' }] }],
  endpoint: 'https://example.org/source',
  contextSourceInfo: [{ key: 'X-Auth-Token', value: 'secret' }],
};
const timed = {
  ...registration,
  id: 'urn:ngsi-ld:ContextSourceRegistration:b',
  managementInterval: { startAt: '2026-01-01T00:00:00Z' },
};
const v2Subscription = {
  subject: { entities: [{ idPattern: '.*', type: 'Room' }], condition: { attrs: ['level'] } },
  notification: {
    httpCustom: { url: 'http://example.org/x', headers: { Authorization: 'secret' } },
    onlyChangedAttrs: true,
  },
  status: 'oneshot',
};
const v2Registration = {
  dataProvided: { entities: [{ id: 'Lamp1', type: 'Lamp' }], attrs: ['on'] },
  provider: { http: { url: 'http://example.org/v2' }, supportedForwardingMode: 'update' },
};
const postV2 = async (where: string, body: unknown, servicePath = '/'): Promise<void> => {
  const headers = { 'Content-Type': 'application/json', 'Fiware-ServicePath': servicePath };
  const init = { method: 'POST', headers, body: JSON.stringify(body) };
  expect((await fetch(`${from?.url}${where}`, init)).status).toBe(201);
};
const subscription = { id: 'urn:ngsi-ld:Subscription:a', type: 'Subscription', entities: [{ type: 'A' }] };

/** Every kind of document: real car parks with their history, odd entities, an @context and a subscription in its terms. */
beforeAll(async () => {
  from = await startTestBroker();
  to = await startTestBroker();
  path = join(from.folder, 'backup.ndjson');
  const carParks = ['birmingham-car-parks.csv', '--map', mapPath('birmingham-car-parks')];
  await run(importFile, [join(from.folder, carParks[0] ?? ''), ...carParks.slice(1), '--url', from.url]);
  await post(from, '/entities', {
    id: 'urn:x:odd:$.€',
    type: ['A', 'https://example.org/B'],
    scope: ['/kranj/mlaka', '/x'],
    location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [14.33, 46.26] } },
    'https://example.org/a.b$c': [
      { type: 'Property', value: { createdAt: 'mine', status: 1 } },
      { type: 'Property', value: [], datasetId: 'urn:x:1' },
      { type: 'JsonProperty', json: { modifiedAt: 1 }, datasetId: 'urn:x:2' },
    ],
    says: { type: 'LanguageProperty', languageMap: { sl: 'dober dan', en: 'hello' } },
    counted: { type: 'Property', value: 1, observedAt: '2026-01-01T00:00:00Z' },
  });
  await post(from, '/entities/urn:x:odd:%24.%E2%82%AC/attrs', {
    counted: { type: 'Property', value: 2, observedAt: '2026-01-02T00:00:00Z' },
  });
  const made = await post(from, '/jsonldContexts', { '@context': { A: 'https://example.org/A' } });
  const jsonldContext = new URL(made.headers.get('Location') ?? '', from.url).href;
  await post(from, '/subscriptions', {
    ...subscription,
    jsonldContext,
    notification: { endpoint: { uri: 'https://example.org/hear' } },
  });
  await post(from, '/csourceSubscriptions', {
    ...{ id: 'urn:ngsi-ld:Subscription:sources', type: 'Subscription', entities: [{ type: 'B' }], jsonldContext },
    notification: { endpoint: { uri: 'https://example.org/hear', receiverInfo: [{ key: 'X-Key', value: 'secret' }] } },
  });
  await post(from, '/csourceRegistrations', registration);
  await post(from, '/csourceRegistrations', timed);
  await postV2('/v2/subscriptions', v2Subscription, '/a/#');
  await postV2('/v2/registrations', v2Registration);
}, 60_000);
afterAll(() => Promise.all([from?.stop(), to?.stop()]));

const take = (broker: TestBroker | undefined, ...args: string[]): Promise<Run> =>
  run(backup, ['--url', broker?.url ?? '', ...args]);
const put = (file: string, ...args: string[]): Promise<Run> => run(restore, [file, '--url', to?.url ?? '', ...args]);
const linesIn = (text: string): readonly JsonObject[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonObject);
const sumsIn = (text: string): JsonObject => linesIn(text).at(-1)?.['end'] as JsonObject;

describe('mlaka backup and mlaka restore', () => {
  test('move everything into another broker', async () => {
    await take(from, '--out', path);
    const restored = await put(path);
    expect(restored).toMatchObject({ code: 0 });
    expect(restored.out).toMatch(
      /context: 1\nhistory: \d+\nentity: \d+\nregistration: 3\nsubscription: 1\nregistrationSubscription: 1\nv2Subscription: 1\nEverything is there as it was\.\n$/,
    );
    const [before, after] = [sumsIn(readFileSync(path, 'utf8')), sumsIn((await take(to)).out)];
    expect([after['entity'], after['history']]).toEqual([before['entity'], before['history']]);
    const [moved] = (await to?.get('/subscriptions')) ?? [];
    expect(moved).toMatchObject(subscription);
    expect(await to?.get('/csourceRegistrations?type=B&options=secrets')).toEqual([registration]);
    const v2 = async (where: string): Promise<unknown> => (await fetch(`${to?.url}/v2/${where}`)).json();
    expect(await v2('subscriptions?options=secrets')).toMatchObject([{ ...v2Subscription, servicePath: '/a/#' }]);
    expect(await v2('registrations')).toEqual(
      expect.arrayContaining([expect.objectContaining({ dataProvided: v2Registration.dataProvided })]),
    );
    expect(moved?.['jsonldContext']).toContain(to?.url);
    const [ofSources] = (await to?.get('/csourceSubscriptions?options=secrets')) ?? [];
    expect(ofSources).toMatchObject({
      id: 'urn:ngsi-ld:Subscription:sources',
      jsonldContext: moved?.['jsonldContext'],
      notification: { endpoint: { receiverInfo: [{ key: 'X-Key', value: 'secret' }] } },
    });
  }, 60_000);

  test('a second time changes nothing', async () => {
    expect(await put(path)).toMatchObject({ code: 0 });
    expect((await to?.get('/jsonldContexts?kind=Hosted'))?.length).toBe(1);
    const v2 = await fetch(`${to?.url}/v2/subscriptions?options=count`);
    expect(v2.headers.get('fiware-total-count')).toBe('1');
  }, 60_000);

  test('into another tenant, without what was left out', async () => {
    const { out } = await take(
      from,
      '--without',
      'history,subscription,registration,registrationSubscription,v2Subscription',
    );
    expect(Object.keys(sumsIn(out))).toEqual(['context', 'entity']);
    const part = join(from?.folder ?? '', 'part.ndjson');
    writeFileSync(part, out);
    expect(await put(part, '--tenant', 'copy')).toMatchObject({ code: 0 });
  }, 60_000);

  test('what the broker refuses, or holds otherwise, is named', async () => {
    const other = join(from?.folder ?? '', 'other.ndjson');
    const entity = { id: 'no uri', type: 'A' };
    const notification = { endpoint: { uri: 'https://example.org/hear' } };
    const changed = { ...subscription, entities: [{ type: 'B' }], notification };
    const sumOf = (document: JsonObject): unknown => {
      const summing = createSumming();
      summing.add(document);
      return summing.sum();
    };
    const end = { entity: sumOf(entity), subscription: sumOf(changed) };
    const lines = [{ backup: 1 }, { entity }, { subscription: changed }, { end }];
    writeFileSync(other, lines.map((line) => JSON.stringify(line)).join('\n'));
    const { code, out } = await put(other);
    expect(code).toBe(1);
    expect(out).toMatch(/^entity no uri: .*no uri.*\nsubscription urn:ngsi-ld:Subscription:a: it is there, but as /);
    expect(out).toContain('2 documents are not there as they were.');
  });

  test.each([
    ['cut off', (text: string) => text.split('\n').slice(0, -2).join('\n'), /not whole/],
    ['changed', (text: string) => text.replace('"value":2,', '"value":3,'), /damaged on its way: of \w+,/],
    ['no JSON', (text: string) => text.replace('{"entity"', '{entity"'), /^Line \d+: /],
    ['another file', () => '{"a":1}\n', /^Line 1: it is no line of a backup/],
  ])(
    'a backup that is %s is not taken for whole',
    async (_name, spoil, message) => {
      const spoilt = join(from?.folder ?? '', 'spoilt.ndjson');
      writeFileSync(spoilt, spoil(readFileSync(path, 'utf8')));
      await expect(put(spoilt, '--tenant', 'spoilt')).rejects.toThrow(message);
    },
    60_000,
  );

  test('what has expired since the backup was taken is not missed', async () => {
    const soon = new Date(Date.now() + 400).toISOString();
    const sub = { type: 'Property', value: 2, expiresAt: soon };
    const headers = { 'Content-Type': 'application/json', 'NGSILD-Tenant': 'expiring' };
    for (const entity of [
      { id: 'urn:x:gone', type: 'A', expiresAt: soon },
      { id: 'urn:x:part', type: 'Subscription', status: { type: 'Property', value: 'mine', sub }, gone: sub },
    ])
      await fetch(`${from?.url}/ngsi-ld/v1/entities`, { method: 'POST', headers, body: JSON.stringify(entity) });
    const file = join(from?.folder ?? '', 'expiring.ndjson');
    await take(from, '--tenant', 'expiring', '--out', file);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { code, out } = await put(file, '--tenant', 'expiring');
    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/Everything is there as it was/) });
  });

  test('a tenant that there is not is refused', async () => {
    await expect(take(from, '--tenant', 'nobody')).rejects.toThrow(/nobody/);
  });

  test('kinds that there are not are refused', async () => {
    await expect(take(from, '--without', 'history,cats')).rejects.toThrow(/--without names cats/);
  });
});

describe('from a broker that has less', () => {
  let peer: Server;
  let url = '';
  const entities = [
    { id: 'urn:x:1', type: 'A', a: { type: 'Property', value: 1 } },
    { id: 'urn:x:2', type: ['A', 'B'], a: { type: 'Property', value: 2 } },
  ];
  /** What brokers without `type=*`, stored @contexts and history answer: entities by the types that they list. */
  beforeAll(async () => {
    peer = createServer(({ url: target = '' }, response) => {
      const { pathname, searchParams } = new URL(target, 'http://peer');
      const types = (searchParams.get('type') ?? '').split(',');
      const found = entities.filter(({ type }) => [type].flat().some((one) => types.includes(one)));
      const bodies: Record<string, unknown> = {
        '/ngsi-ld/v1/entities': found,
        '/ngsi-ld/v1/types': { type: 'EntityTypeList', typeList: ['A', 'B'] },
        '/ngsi-ld/v1/subscriptions': [],
      };
      response.statusCode = pathname in bodies ? 200 : 404;
      response.end(JSON.stringify(bodies[pathname] ?? {}));
    }).listen(0, '127.0.0.1');
    await new Promise((done) => peer.once('listening', done));
    url = `http://127.0.0.1:${(peer.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((done) => peer.close(done)));

  test('comes what it has, and is said what it has not', async () => {
    const { out, err } = await run(backup, ['--url', url]);
    expect(linesIn(out).slice(1, -1)).toEqual(entities.map((entity) => ({ entity })));
    expect(err.match(/The backup is without \w+/g)).toEqual([
      'The backup is without context',
      'The backup is without history',
      'The backup is without registration',
      'The backup is without registrationSubscription',
      'The backup is without v2Subscription',
    ]);
  });
});
