/** Tests `mlaka import-v2` from one broker to another, by NGSI v2 on both sides. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { importV2 } from '../../../src/app/command/import-v2.ts';
import { startTestBroker, type TestBroker } from '../../scenario/scenario.ts';
import { run } from './test-broker.ts';

let source: TestBroker;
let target: TestBroker;
beforeAll(async () => {
  source = await startTestBroker(['--store', 'memory']);
  target = await startTestBroker(['--store', 'sqlite']);
});
afterAll(async () => {
  await source.stop();
  await target.stop();
});

interface Sending {
  readonly body?: unknown;
  readonly path?: string;
}

async function send(at: string, tenant: string, line: string, { body, path = '/' }: Sending = {}): Promise<unknown> {
  const [method = '', target = ''] = line.split(' ');
  const response = await fetch(at + target, {
    method,
    headers: {
      'Fiware-Service': tenant,
      'Fiware-ServicePath': path,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${line}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

const entities = [
  {
    id: 'Room1',
    type: 'Room',
    temperature: {
      type: 'Integer',
      value: 21,
      metadata: { TimeInstant: { type: 'DateTime', value: '2026-03-01T08:00:00.000Z' } },
    },
    open: { type: 'Boolean', value: false, metadata: {} },
    nothing: { type: 'None', value: null, metadata: {} },
    list: { type: 'StructuredValue', value: [1, { a: null }], metadata: {} },
    seen: { type: 'DateTime', value: '2026-03-01', metadata: {} },
    dateExpires: { type: 'DateTime', value: '2040-01-01T00:00:00.000Z' },
  },
  {
    id: 'urn:ngsi-ld:Lamp:1',
    type: 'Lamp',
    place: { type: 'geo:point', value: '46.2, 14.3', metadata: {} },
    refRoom: { type: 'Relationship', value: 'Room1', metadata: {} },
  },
];

const subscription = (url: string, type: string): object => ({
  description: `of ${type}`,
  subject: { entities: [{ idPattern: '.*', type }], condition: { attrs: ['temperature'] } },
  notification: { http: { url }, attrs: ['temperature'], attrsFormat: 'keyValues' },
  throttling: 5,
});

const args = (tenant: string, ...more: readonly string[]): readonly string[] => [
  ...[source.url, '--url', target.url, '--tenant', tenant, ...more],
];

test('entities and subscriptions are copied with their service paths, counted and compared, also a second time', async () => {
  for (const [index, path] of ['/', '/city/north'].entries()) {
    const body = entities[index];
    await send(source.url, 'move', 'POST /v2/entities', { body, path });
  }
  for (let number = 0; number < 600; number += 200) {
    const many = Array.from({ length: 200 }, (_, n) => ({
      id: `Bench${number + n}`,
      type: 'Bench',
      seats: { value: n },
    }));
    await send(source.url, 'move', 'POST /v2/op/update', {
      body: { actionType: 'append', entities: many },
      path: '/park',
    });
  }
  for (const [type, path] of [
    ['Room', '/'],
    ['Lamp', '/city/#'],
    ['Bench', '/#'],
  ] as const)
    await send(source.url, 'move', 'POST /v2/subscriptions', {
      body: subscription('http://receiver.example/', type),
      path,
    });

  const first = await run(importV2, args('move'));
  expect(first.out).toBe(
    'entities: 602 read, 602 there as they were, 0 not\nsubscriptions: 3 read, 3 there as they were, 0 not\n',
  );
  expect(first.code).toBe(0);
  expect((await run(importV2, args('move'))).out).toBe(first.out);

  for (const line of [
    'GET /v2/entities?limit=1000&attrs=*,dateExpires',
    'GET /v2/entities?q=servicePath==/city/north',
  ]) {
    const [before, after] = [
      await send(source.url, 'move', line, { path: '/#' }),
      await send(target.url, 'move', line, { path: '/#' }),
    ];
    expect(after).toEqual(before);
  }
  for (const path of ['/', '/city/#', '/#']) {
    const [before, after] = (await Promise.all(
      [source, target].map(({ url }) => send(url, 'move', 'GET /v2/subscriptions', { path })),
    )) as [object[], object[]];
    const withoutId = (all: object[]): object[] => all.map((one) => ({ ...one, id: '' }));
    expect(withoutId(after)).toEqual(withoutId(before));
  }
});

test('subscriptions can be created inactive', async () => {
  await send(source.url, 'quiet', 'POST /v2/subscriptions', { body: subscription('http://receiver.example/', 'Room') });
  expect((await run(importV2, args('quiet', '--inactive'))).code).toBe(0);
  expect(await send(target.url, 'quiet', 'GET /v2/subscriptions')).toMatchObject([{ status: 'inactive' }]);
});

test('what cannot be taken is told, and the rest is there', async () => {
  const server = createServer(({ url = '' }, response) => {
    const list = url.startsWith('/v2/entities')
      ? [
          { id: 'A', type: 'T', a: { type: 'Text', value: 'good', metadata: {} } },
          { id: 'B', type: 'T', a: { type: 'Text', value: 'a(b', metadata: {} } },
          { id: 'A', type: 'Other' },
        ]
      : [{ id: '1', subject: {}, notification: { mqtt: { url: 'mqtt://x', topic: 't', user: 'u', passwd: '*****' } } }];
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(list));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const from = [url, '--url', target.url, '--tenant', 'flaws'];
    await expect(run(importV2, from)).rejects.toThrow('does not tell the service paths');
    const { out, code } = await run(importV2, [...from, '--path', '/']);
    expect(code).toBe(1);
    expect(out).toContain('entities: 3 read, 1 there as they were, 2 not\n');
    expect(out).toContain('  A: There is another entity with this id. That of type "Other" in / was left out.\n');
    expect(out).toContain('  B: {"error":"BadRequest","description":"Invalid characters in attribute value"}\n');
    expect(out).toContain('  1: Its password is not shown by the source: create it by hand.\n');
    expect(await send(target.url, 'flaws', 'GET /v2/entities')).toMatchObject([{ id: 'A', type: 'T' }]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('a broker that does not answer is named', async () => {
  await expect(run(importV2, ['http://127.0.0.1:9', '--url', target.url])).rejects.toThrow(
    'The broker at http://127.0.0.1:9 does not answer.',
  );
  await expect(run(importV2, [])).rejects.toThrow('Name the URL of the broker to copy from.');
});
