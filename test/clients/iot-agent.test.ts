/**
 * Tests a complete use case of an IoT agent: iotagent-node-lib, unchanged, is a context source for devices with commands and lazy attributes.
 * It is installed from npm once in `.cache`.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestBroker, type TestBroker } from '../scenario/scenario.ts';
import { folderOfLibrary } from './iotagent-library.ts';

const program = fileURLToPath(new URL('iot-agent.ts', import.meta.url));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

let broker: TestBroker;
let agent: ChildProcess;
let agentUrl = '';

/** The next message of the agent. */
const told = (): Promise<unknown> => new Promise((resolve) => agent.once('message', resolve));
const tell = async (message: object): Promise<void> => {
  const done = told();
  agent.send(message);
  expect(await done).toEqual({ done: 'well' });
};

beforeAll(async () => {
  const folder = await folderOfLibrary();
  broker = await startTestBroker(['--store', 'memory', '--notify-allow-private']);
  const port = await freePort();
  agentUrl = `http://127.0.0.1:${port}`;
  agent = fork(program, [folder, broker.url, String(port)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  expect(await told()).toBe('ready');
}, 240_000);
afterAll(async () => {
  agent.kill();
  await broker.stop();
});

const attributes = {
  attributes: [{ object_id: 'l', name: 'luminosity', type: 'Number' }],
  lazy: ['pressure', 'drift'].map((name) => ({ name, type: 'Number' })),
  commands: [{ name: 'switch', type: 'command' }],
};

/** Provisions the agent, as its administrators do. */
async function provision(path: string, body: object): Promise<void> {
  const headers = { 'Content-Type': 'application/json', 'fiware-service': 'openiot', 'fiware-servicepath': '/lamps' };
  const answer = await fetch(`${agentUrl}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  expect(answer.status).toBe(201);
}

async function send(what: string, body?: object): Promise<{ readonly status: number; readonly body: unknown }> {
  const [method = '', path = ''] = what.split(' ');
  const answer = await fetch(`${broker.url}/ngsi-ld/v1${path}`, {
    method,
    headers: { 'NGSILD-Tenant': 'openiot', ...(body ? { 'Content-Type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  expect(answer.headers.get('NGSILD-Warning')).toBeNull();
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
}

test('an IoT agent registers devices, sends what they measure, carries out commands and answers lazy attributes', async () => {
  const [id, type] = ['urn:ngsi-ld:Lamp:1', 'Lamp'];
  await provision('/iot/services', {
    services: [{ apikey: 'key', entity_type: type, resource: '/iot/d', ...attributes }],
  });
  await provision('/iot/devices', {
    devices: [{ device_id: 'lamp1', apikey: 'key', entity_name: id, entity_type: type, ...attributes }],
  });
  expect((await send('GET /csourceRegistrations?type=Lamp')).body).toMatchObject([
    {
      mode: 'exclusive',
      operations: ['retrieveOps', 'updateOps'],
      information: [{ entities: [{ type, id }], propertyNames: ['pressure', 'drift', 'switch'] }],
    },
  ]);

  await tell({ device: 'lamp1', measured: [{ name: 'l', type: 'Number', value: 70 }] });
  expect((await send(`GET /entities/${id}?local=true&options=keyValues`)).body).toMatchObject({ id, luminosity: 70 });
  // The device does not know its drift now: the agent answers null.
  const whole = { id, type, luminosity: 70, pressure: 1013 };
  const { body } = await send(`GET /entities/${id}?options=keyValues`);
  expect(body).toMatchObject(whole);
  expect(body).not.toHaveProperty('drift');
  expect((await send('GET /entities?type=Lamp&attrs=pressure&options=keyValues')).body).toMatchObject([
    { id, pressure: 1013 },
  ]);

  for (const [path, change] of [
    ['attrs/switch', { type: 'Property', value: 'on' }],
    ['attrs', { switch: { type: 'Property', value: 'on' } }],
  ] as const) {
    const commands = told();
    expect((await send(`PATCH /entities/${id}/${path}`, change)).status).toBe(204);
    expect(await commands).toEqual({ commands: [['switch', 'on']] });
  }
  await tell({ device: 'lamp1', finished: 'switch' });
  expect((await send(`GET /entities/${id}?options=keyValues`)).body).toMatchObject({
    switch_status: 'OK',
    switch_info: 'the lamp is on',
  });
}, 60_000);
