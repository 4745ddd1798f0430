/**
 * A whole job of an IoT agent that is built with iotagent-node-lib, unchanged, in its default mode: groups and devices, measures, a lazy
 * attribute, commands of both modes. The arguments are the URL of the broker and a folder in which the library is installed.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

type Done = (error: unknown, result?: unknown) => void;

interface AgentAttribute {
  readonly name: string;
  readonly type: string;
  readonly value?: unknown;
}

interface Device {
  readonly id: string;
  readonly name: string;
  readonly type: string;
}

/** Gets the id and the type of an entity, the service and its path, attributes, and what is called back. */
type Handler = (...args: [string, string, string, string, readonly AgentAttribute[], Done]) => void;

/** What is used here of the library, which has no types. */
interface Agent {
  activate(config: object, done: Done): void;
  deactivate(done: Done): void;
  setDataQueryHandler(handler: Handler): void;
  setCommandHandler(handler: Handler): void;
  setNotificationHandler(handler: (device: Device, values: readonly AgentAttribute[], done: Done) => void): void;
  getDevice(id: string, apikey: string, service: string, servicePath: string, done: Done): void;
  update(...args: [string, string, string, readonly AgentAttribute[], Device, Done]): void;
  setCommandResult(...args: [string, string, string, string, string, string, Device, Done]): void;
}

const [, , broker = '', folder = ''] = process.argv;
const agent = createRequire(join(folder, 'package.json'))('iotagent-node-lib') as Agent;

const called = (work: (done: Done) => void): Promise<unknown> =>
  new Promise((resolve, reject) => {
    work((error, result) => {
      if (error) reject(error instanceof Error ? error : new Error(JSON.stringify(error)));
      else resolve(result);
    });
  });

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

const inService = { 'Fiware-Service': 'factory', 'Fiware-ServicePath': '/line' };

/** Sends a request in the service of the agent, requires the status, and returns the body. */
async function send(status: number, line: string, body?: unknown): Promise<unknown> {
  const [method = '', url = ''] = line.split(' ');
  const response = await fetch(url, {
    method,
    headers: { ...inService, ...(body === undefined ? undefined : { 'Content-Type': 'application/json' }) },
    ...(body === undefined ? undefined : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  assert.equal(response.status, status, `${line}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

async function until<Found>(find: () => Promise<Found>, isGood: (found: Found) => boolean): Promise<Found> {
  for (let tries = 0; ; tries += 1) {
    const found = await find();
    if (isGood(found)) return found;
    assert.ok(tries < 100, `It did not come: ${JSON.stringify(found)}`);
    await sleep(100);
  }
}

async function carryOut(): Promise<void> {
  const port = await freePort();
  const northbound = `http://127.0.0.1:${port}`;
  await called((done) =>
    agent.activate(
      {
        logLevel: 'FATAL',
        contextBroker: { url: broker, ngsiVersion: 'v2' },
        server: { port },
        providerUrl: northbound,
        deviceRegistry: { type: 'memory' },
        deviceRegistrationDuration: 'P1M',
        types: {},
        service: inService['Fiware-Service'],
        subservice: inService['Fiware-ServicePath'],
        defaultType: 'Thing',
        defaultResource: '/iot/d',
      },
      done,
    ),
  );

  const commands: unknown[] = [];
  agent.setDataQueryHandler((...[id, type, , , attributes, done]) => {
    const asks = attributes.some((name) => String(name) === 'light');
    done(null, { id, type, ...(asks ? { light: { type: 'Number', value: 7, metadata: {} } } : undefined) });
  });
  agent.setCommandHandler((...[id, type, , , attributes, done]) => {
    commands.push([id, ...attributes.map(({ name, value }) => [name, value])]);
    done(null, { id, type, attributes });
  });
  agent.setNotificationHandler(({ name }, values, done) => {
    commands.push([name, ...values.map((one) => [one.name, one.value])]);
    done(null, {});
  });

  const attributes = [{ object_id: 'p', name: 'power', type: 'Number' }];
  const command = { name: 'switch', type: 'command' };
  await send(201, `POST ${northbound}/iot/services`, {
    services: [{ resource: '/iot/d', apikey: 'k1', entity_type: 'Lamp', attributes, lazy: [], commands: [] }],
  });
  await send(201, `POST ${northbound}/iot/devices`, {
    devices: [
      {
        device_id: 'lamp1',
        apikey: 'k1',
        entity_name: 'Lamp1',
        entity_type: 'Lamp',
        attributes,
        lazy: [{ name: 'light', type: 'Number' }],
        commands: [command],
      },
    ],
  });

  const registrations = await send(200, `GET ${broker}/v2/registrations`);
  assert.deepEqual(
    (registrations as { dataProvided: unknown }[]).map(({ dataProvided }) => dataProvided),
    [{ entities: [{ id: 'Lamp1', type: 'Lamp' }], attrs: ['light', 'switch'] }],
  );

  const device = (await called((done) => agent.getDevice('lamp1', 'k1', 'factory', '/line', done))) as Device;
  const measure = [{ name: 'power', type: 'Number', value: 70 }];
  await called((done) => agent.update('Lamp1', 'Lamp', 'k1', measure, device, done));
  assert.equal(await send(200, `GET ${broker}/v2/entities/Lamp1/attrs/power/value`), 70);

  assert.equal(await send(200, `GET ${broker}/v2/entities/Lamp1/attrs/light/value`), 7);
  const whole = await send(200, `GET ${broker}/v2/entities/Lamp1?options=keyValues&attrs=power,light`);
  assert.deepEqual(whole, { id: 'Lamp1', type: 'Lamp', power: 70, light: 7 });

  await send(204, `PATCH ${broker}/v2/entities/Lamp1/attrs`, { switch: { type: 'command', value: 'on' } });
  await until(
    () => Promise.resolve(commands),
    ({ length }) => length === 1,
  );
  assert.deepEqual(commands, [['Lamp1', ['switch', 'on']]]);
  await called((done) => agent.setCommandResult('Lamp1', '', 'k1', 'switch', 'it is on', 'OK', device, done));
  const told = (await until(
    () => send(200, `GET ${broker}/v2/entities/Lamp1`),
    (entity) => JSON.stringify(entity).includes('it is on'),
  )) as Record<string, { type: string; value: unknown }>;
  assert.deepEqual([told['switch_status']?.type, told['switch_status']?.value], ['commandStatus', 'OK']);
  assert.deepEqual([told['switch_info']?.type, told['switch_info']?.value], ['commandResult', 'it is on']);

  // In the mode notification, the agent subscribes to the command in the place of registering it.
  await send(201, `POST ${northbound}/iot/devices`, {
    devices: [
      {
        device_id: 'lamp2',
        apikey: 'k1',
        entity_name: 'Lamp2',
        entity_type: 'Lamp',
        cmdMode: 'notification',
        commands: [command],
      },
    ],
  });
  assert.equal(((await send(200, `GET ${broker}/v2/subscriptions`)) as unknown[]).length, 1);
  // The agent creates the attribute of the command with null, which is notified as well.
  await send(204, `PATCH ${broker}/v2/entities/Lamp2/attrs?type=Lamp`, { switch: { type: 'command', value: 'off' } });
  await until(
    () => Promise.resolve(commands.at(-1)),
    (last) => isDeepStrictEqual(last, ['Lamp2', ['switch', 'off']]),
  );

  for (const id of ['lamp1', 'lamp2']) await send(204, `DELETE ${northbound}/iot/devices/${id}`);
  assert.deepEqual(await send(200, `GET ${broker}/v2/registrations`), []);
  assert.deepEqual(await send(200, `GET ${broker}/v2/subscriptions`), []);
  await called((done) => agent.deactivate(done));
}

// The library keeps the process alive, and has handlers of its own for what nobody catches.
carryOut().then(
  () => {
    process.stdout.write('The job is done.\n');
    process.exit(0);
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  },
);
