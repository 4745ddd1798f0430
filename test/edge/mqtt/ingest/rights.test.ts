/** Tests with whose rights messages are written where access is required. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { eventually, startTestBroker, stopTestBrokers } from '../../deliver/test-broker.ts';
import { startAedes, stopAedes } from '../aedes-broker.ts';
import { counter, counters, closeDevices, openDevice, planFor, writePlan } from './ingesting-broker.ts';

let folder = '';
afterEach(async () => {
  await closeDevices();
  await stopTestBrokers();
  await stopAedes();
  rmSync(folder, { recursive: true, force: true });
});

test('messages have the rights of the roles or of the key that their topic names, as they are now', async () => {
  folder = mkdtempSync(join(tmpdir(), 'mlaka-rights-'));
  const aedes = await startAedes();
  const topics = [
    { ...counters, rightsOf: 'role:counters' },
    { ...counters, topic: 'k/{id}' },
  ];
  const plan = writePlan({ ...planFor(aedes.port), version: 'mqtt3.1.1', rightsOf: 'key:device', topics });
  const broker = await startTestBroker(
    ['--access', 'required', '--quota-writes', '600', '--mqtt-ingest', plan],
    folder,
  );
  const headers = { Authorization: `Bearer ${readFileSync(join(folder, 'administrator.key'), 'utf8').trim()}` };
  const grant = { to: 'role:counters', operations: ['write'], types: ['Counter'], idPattern: 'Counter:1$' };
  await broker.send('POST /access/grants', grant, headers);
  await broker.send('POST /access/grants', { to: 'role:counters', operations: ['read'], own: true }, headers);
  await broker.send('POST /access/grants', { to: 'key:device', operations: ['read'], own: true }, headers);
  await broker.send('POST /access/keys', { name: 'device', roles: ['writer'] }, headers);

  const rejected = async (): Promise<number> => {
    const text = await (await fetch(`${broker.url}/metrics`, { headers })).text();
    return Number(/mlaka_ingest_messages_total\{[^}]*result="rejected"\} (\d+)/.exec(text)?.[1] ?? 0);
  };
  const has = async (id: number): Promise<boolean> => {
    const { status } = await fetch(`${broker.url}/ngsi-ld/v1/entities/${counter(id)}`, { headers });
    return status === 200;
  };
  const device = await openDevice(aedes.port);
  const connected = async (): Promise<boolean> =>
    /mlaka_ingest_connected\{.*\} 1/.test(await (await fetch(`${broker.url}/metrics`, { headers })).text());
  await eventually(connected, Boolean);
  for (const topic of ['m/1', 'm/2', 'k/3']) await device.publishAsync(topic, '{"n":1}', { qos: 1 });
  await eventually(() => has(3), Boolean);
  expect([await has(1), await has(2)]).toEqual([true, false]);
  await eventually(rejected, (count) => count === 1);

  // What a key writes is its own. A role is many, and owns nothing.
  const ownerOf = async (id: number): Promise<unknown> => {
    const path = `/access/explain?operation=read&principal=key:device&entity=${counter(id)}`;
    const asked = await fetch(`${broker.url}/ngsi-ld/v1${path}`, { headers });
    return ((await asked.json()) as { readonly owner?: unknown }).owner;
  };
  expect([await ownerOf(3), await ownerOf(1)]).toEqual(['key:device', undefined]);

  const recorded = async (): Promise<readonly unknown[]> => {
    const asked = await fetch(`${broker.url}/ngsi-ld/v1/access/audit?operation=upsertMeasured&type=Counter`, {
      headers,
    });
    const lines = (await asked.json()) as readonly Record<string, unknown>[];
    return lines.map(({ principal, entity, result }) => [principal, entity, result]).sort();
  };
  expect(await eventually(recorded, ({ length }) => length === 3)).toEqual([
    ['key:device', counter(3), 'done'],
    ['mqtt:mlaka-plan', counter(1), 'done'],
    ['mqtt:mlaka-plan', counter(2), 'Forbidden'],
  ]);

  // More rows than the quota of writes has room for: they wait until there is some.
  const rows = JSON.stringify(Array.from({ length: 620 }, (_, n) => ({ n })));
  await device.publishAsync('k/5', rows, { qos: 1 });
  await device.publishAsync('k/6', '{"n":1}', { qos: 1 });
  await eventually(() => has(6), Boolean);
  expect(await rejected()).toBe(1);

  await broker.send('DELETE /access/keys/device', undefined, headers);
  await device.publishAsync('k/4', '{"n":1}', { qos: 1 });
  await eventually(rejected, (count) => count === 2);
  expect(await has(4)).toBe(false);
});
