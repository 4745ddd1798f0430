/** Tests `mlaka check mims` against brokers: the verdicts, the evidence, and that nothing is left behind. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { check } from '../../../src/app/command/check.ts';
import { type RequiredBroker, startRequiredBroker } from '../../edge/access/required-broker.ts';
import { run } from './test-broker.ts';

let broker: RequiredBroker;
beforeAll(async () => {
  broker = await startRequiredBroker();
  const body = [
    {
      id: 'urn:ngsi-ld:AirQualityObserved:1',
      type: 'AirQualityObserved',
      pm10: { type: 'Property', value: 21, unitCode: 'GQ', observedAt: '2026-03-01T08:00:00Z' },
      bare: { type: 'Property', value: 3 },
      refDevice: { type: 'Relationship', object: 'urn:ngsi-ld:Device:none' },
      location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [14.36, 46.24] } },
    },
  ];
  const made = await broker.send('POST /ngsi-ld/v1/entityOperations/create', { key: broker.administrator, body });
  expect(made.status).toBe(201);
});
afterAll(() => broker.stop());

interface Result {
  readonly id: string;
  readonly word: string;
  readonly verdict: string;
  readonly found: string;
  readonly asked: readonly string[];
}

async function results(args: readonly string[]) {
  const { out, code } = await run(check, ['mims', '--json', ...args]);
  const { results: all } = JSON.parse(out) as { results: readonly Result[] };
  return { code, of: new Map(all.map((one) => [one.id, one])) };
}

test('each requirement has a verdict with evidence, and what was written is removed', async () => {
  const { code, of } = await results(['--url', broker.url, '--key', broker.administrator, '--write']);
  expect(of.size).toBe(46);
  const verdictOf = (id: string): string | undefined => of.get(id)?.verdict;
  const notMet = [...of.values()].filter(({ verdict }) => verdict === 'not met').map(({ id }) => id);
  expect(notMet).toEqual([
    ...['MIM1 R3.1', 'MIM2 R1.2', 'MIM3 RC2.2', 'MIM3 RC4.1', 'MIM3 RC4.2', 'MIM3 RC5.1', 'MIM6 R2.1'],
  ]);
  expect(of.get('MIM0 R1.1')).toMatchObject({ verdict: 'met', found: expect.stringContaining('4 of 4 answers') });
  expect(of.get('MIM2 R1.1')).toMatchObject({ verdict: 'partly', found: expect.stringContaining('Not: bare') });
  expect(of.get('MIM1 R3.1')?.found).toContain('urn:ngsi-ld:Device:none');
  expect(of.get('MIM6 R1.1')?.asked).toEqual([expect.stringMatching(/^DELETE .* without a key -> 401$/)]);
  for (const id of [
    'MIM0 R2.1',
    'MIM0 R2.2',
    'MIM0 R3.1',
    'MIM0 C4',
    'MIM1 R3.2',
    'MIM3 RC3',
    'MIM6 R1.2',
    'MIM6 8.15',
  ])
    expect([id, verdictOf(id)]).toEqual([id, 'met']);
  expect(code).toBe(1);
  const left = await broker.send('GET /ngsi-ld/v1/types', { key: broker.administrator });
  expect(left.text).not.toContain('MlakaCheck');
  expect((await broker.send('GET /ngsi-ld/v1/subscriptions', { key: broker.administrator })).text).toBe('[]');
});

test('it prints what was found and asked, and no key', async () => {
  const { out } = await run(check, ['mims', '--url', broker.url, '--key', broker.administrator]);
  expect(out).toMatch(/^MET {13}MIM0 R1\.1 \(SHALL\): data come in a form that machines read\n {16}1 of 1 types/);
  expect(out).toContain('asked: GET /openapi.yaml -> 200');
  expect(out).toMatch(/MIMs Plus 9\.0: \d+ met, .* A check by oneself is no certificate\.\n$/);
  expect(out).not.toContain(broker.administrator);
});

test('what is no platform is said to be none', async () => {
  await expect(run(check, ['mims', '--url', 'http://127.0.0.1:9'])).rejects.toThrow('does not answer');
  await expect(run(check, ['mims', '--url', broker.url])).rejects.toThrow('answers 401');
  await expect(run(check, ['mims', '--url', 'localhost'])).rejects.toThrow('--url must be a URL');
});

test('a platform that answers anything with an empty list meets little', async () => {
  const server = createServer((_, response) => void response.setHeader('Content-Type', 'application/json').end('[]'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { code, of } = await results(['--url', `http://127.0.0.1:${port}`]);
  server.close();
  expect(code).toBe(1);
  for (const id of ['MIM0 R1.3', 'MIM3 RC4.1', 'MIM6 R1.1', 'MIM6 R1.2'])
    expect([id, of.get(id)?.verdict]).toEqual([id, 'not met']);
  expect(of.get('MIM0 R2.2')?.verdict).toBe('not applicable');
});

test('a description that cannot be read, and a failure without a key, meet nothing', async () => {
  const entity = { id: 'urn:ngsi-ld:Spot:1', type: 'Spot' };
  const server = createServer(({ url = '', headers }, response) => {
    if (url === '/ngsi-ld/v1/types') return response.end(JSON.stringify({ typeList: ['Spot'] }));
    if (url.startsWith('/openapi')) return response.end('<a b="c: d">: {\n<');
    if (headers['x-auth-token'] === undefined) response.statusCode = 500;
    return response.end(JSON.stringify(url.includes('type=') ? [entity] : entity));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { of } = await results(['--url', `http://127.0.0.1:${port}`, '--key', 'some-key']);
  server.close();
  expect(of.get('MIM0 R1.3')).toMatchObject({
    verdict: 'not met',
    found: '/openapi.yaml is no description in OpenAPI.',
  });
  expect(of.get('MIM0 C4')).toMatchObject({ verdict: 'not met', found: expect.stringContaining('without a key: 500') });
});
