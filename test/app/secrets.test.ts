/** Tests that secrets that a broker gets on any road are in no log line, answer to a read, metric or printed configuration. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { eventually } from '../edge/deliver/test-broker.ts';

const main = new URL('../../src/app/main.ts', import.meta.url).pathname;
/** Is part of every secret of this test. */
const mark = 's3cr3tMark';
const env = {
  ...process.env,
  MLAKA_MONGO_URL: `mongodb+srv://ana:${mark}@db.example/m`,
  TEST_MQTT_USER: 'ana',
  TEST_MQTT_PASSWORD: mark,
};

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function startProgram(args: readonly string[]): {
  readonly seen: () => string;
  readonly stop: () => Promise<unknown>;
  readonly pid: number | undefined;
  readonly ended: Promise<unknown>;
} {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (text += piece.toString()));
  const ended = once(child, 'close');
  return {
    seen: () => text,
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
    pid: child.pid,
    ended,
  };
}

test('secrets of clients, receivers, sources and the operator stay where they belong', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-secrets-'));
  const plan = join(folder, 'plan.json');
  const login = { userFrom: 'TEST_MQTT_USER', passwordFrom: 'TEST_MQTT_PASSWORD' };
  const topics = [{ topic: 'm', payload: 'ngsi-ld' }];
  writeFileSync(plan, JSON.stringify({ broker: 'mqtt://127.0.0.1:9', ...login, rightsOf: 'role:writer', topics }));
  const options = [
    '--notify-allow-private',
    '--context-allow-private',
    '--notify-attempts',
    '1',
    '--mqtt-ingest',
    plan,
  ];
  const where = ['--port', '0', '--data', join(folder, 'data'), '--access', 'required', '--log-level', 'debug'];
  const broker = startProgram(['serve', ...where, ...options]);
  await eventually(
    () => Promise.resolve(broker.seen()),
    (text) => text.includes('Mlaka listens on'),
  );
  const url = /listens on (\S+)/.exec(broker.seen())?.[1] ?? '';
  const key = readFileSync(join(folder, 'data', 'administrator.key'), 'utf8').trim();
  const send = async (line: string, body?: unknown, headers: Record<string, string> = {}): Promise<string> => {
    const [method = '', path = ''] = line.split(' ');
    const type = body === undefined ? undefined : { 'Content-Type': 'application/json' };
    const all = { Authorization: `Bearer ${key}`, ...type, ...headers };
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: all,
      ...(body === undefined ? undefined : { body: JSON.stringify(body) }),
    });
    return `${answer.status} ${[...answer.headers].join(' ')} ${await answer.text()}`;
  };
  const api = '/ngsi-ld/v1';
  const secretUri = `http://ana:${mark}@127.0.0.1:9/hear?token=${mark}`;
  const receiverInfo = [{ key: 'Authorization', value: `Bearer ${mark}` }];
  const endpoint = { uri: secretUri, accept: 'application/json', receiverInfo };
  const answers: string[] = [];

  const subscription = {
    id: 'urn:s:1',
    type: 'Subscription',
    entities: [{ type: 'Lamp' }],
    notification: { endpoint },
  };
  expect(await send(`POST ${api}/subscriptions`, subscription)).toMatch(/^201/);
  const registration = {
    id: 'urn:r:1',
    type: 'ContextSourceRegistration',
    information: [{ entities: [{ type: 'Ship' }] }],
    endpoint: `http://ana:${mark}@127.0.0.1:9`,
    contextSourceInfo: [{ key: 'Authorization', value: `Bearer ${mark}` }],
  };
  expect(await send(`POST ${api}/csourceRegistrations`, registration)).toMatch(/^201/);
  answers.push(await send(`POST ${api}/entities`, { id: 'urn:x:1', type: 'Lamp', power: 5 }));
  answers.push(await send(`GET ${api}/entities?type=Ship`));
  const link = `<http://ana:${mark}@127.0.0.1:9/c.jsonld>; rel="http://www.w3.org/ns/json-ld#context"`;
  await send(`GET ${api}/types`, undefined, { Link: link });
  for (const wrong of [`mlk_0000000000000000_${mark}`, `${mark}.${mark}.${mark}`, mark]) {
    answers.push(await send(`GET ${api}/types`, undefined, { Authorization: `Bearer ${wrong}` }));
  }
  const basic = Buffer.from(`dashboard:mlk_0000000000000000_${mark}`).toString('base64');
  answers.push(await send('POST /oauth2/token', undefined, { Authorization: `Basic ${basic}` }));
  answers.push(await send(`GET ${api}/stream?type=Lamp&ticket=${mark}`));
  const socket = new WebSocket(`${url.replace('http', 'ws')}${api}/stream?ticket=${mark}`, 'ngsi-ld-ws.v1');
  answers.push(await new Promise((resolve) => socket.on('error', (error) => resolve(error.message))));
  const made = JSON.parse(
    /\{.*\}$/.exec(await send(`POST ${api}/access/keys`, { name: 'app', roles: ['reader'] }))?.[0] ?? '{}',
  ) as { readonly key: string };

  await eventually(
    () => send('GET /metrics'),
    (text) => /mlaka_delivery_seconds_count\{[^}]*\} [1-9]/.test(text),
  );
  const paths = ['subscriptions', 'subscriptions/urn:s:1', 'csourceRegistrations', 'access/keys', 'access/grants'];
  for (const path of [...paths, 'access/audit', 'jsonldContexts?details=true'])
    answers.push(await send(`GET ${api}/${path}`));
  for (const path of ['/metrics', '/health/ready', '/version']) answers.push(await send(`GET ${path}`));
  answers.push(readFileSync(`/proc/${broker.pid ?? 0}/cmdline`, 'utf8'));
  await broker.stop();
  const config = startProgram(['config', '--store', 'mongo']);
  await config.ended;
  const all = [broker.seen(), config.seen(), ...answers].join('\n');
  rmSync(folder, { recursive: true });

  expect(config.seen()).toContain('mongodb+srv://ana:***@db.example/m');
  for (const secret of [mark, key, made.key, basic]) expect(all).not.toContain(secret);
}, 60_000);
