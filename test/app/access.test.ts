/** Tests who gets into a broker: the mode of access, the first administrator, keys of the command line and of the API. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { accessModeOf } from '../../src/app/access-mode.ts';
import { type Broker, startBroker } from '../../src/app/broker.ts';
import { exportEntities } from '../../src/app/command/export.ts';
import { grants } from '../../src/app/command/grants.ts';
import { keys } from '../../src/app/command/keys.ts';
import { readConfig } from '../../src/app/config/read-config.ts';
import { eventually } from '../edge/deliver/test-broker.ts';
import { read } from '../edge/sse/reader.ts';
import { run } from './command/test-broker.ts';

const folders: string[] = [];
const started: Broker[] = [];
afterEach(async () => {
  for (const broker of started.splice(0)) await broker.stop();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-access-'));
  folders.push(folder);
  return folder;
}

async function start(folder: string, ...more: readonly string[]): Promise<string> {
  const args = ['--port', '0', '--data', folder, '--log-level', 'silent', ...more];
  const broker = await startBroker(readConfig({ args, env: {} }));
  started.push(broker);
  return broker.url;
}

const stop = async (): Promise<void> => started.pop()?.stop();

const firstKey = (folder: string): string => readFileSync(join(folder, 'administrator.key'), 'utf8').trim();

interface Answer {
  readonly status: number;
  readonly challenge: string | null;
  readonly body: unknown;
}

interface Sent {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(url: string, path: string, key?: string, init: Sent = {}): Promise<Answer> {
  const headers = { ...init.headers, ...(key === undefined ? undefined : { Authorization: `Bearer ${key}` }) };
  const response = await fetch(`${url}${path}`, { ...init, headers });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  const { status } = response;
  return { status, challenge: response.headers.get('www-authenticate'), body: isJson ? JSON.parse(text) : text };
}

const post = (body: unknown): Sent => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'Content-Type': 'application/json' },
});
const types = '/ngsi-ld/v1/types';

test.each([
  ['', '127.0.0.1', 'open'],
  ['', '127.0.0.1', 'required', '127.0.0.1'],
  ['open', '127.0.0.1', 'open', '127.0.0.1'],
  ['', '127.8.0.1', 'open'],
  ['', '::1', 'open'],
  ['', 'localhost', 'open'],
  ['', '0.0.0.0', 'required'],
  ['', '::', 'required'],
  ['', '10.0.0.1', 'required'],
  ['', 'broker.example', 'required'],
  ['open', '0.0.0.0', 'open'],
  ['required', '127.0.0.1', 'required'],
])('access %j on %s is %s (behind proxies: %j)', (access, host, mode, trustedProxies = '') =>
  expect(accessModeOf({ access, host, trustedProxies })).toBe(mode),
);

describe.each(['sqlite', 'memory'])('a broker with access required (%s)', (store) => {
  test('writes the key of the first administrator to a file that only its user reads, and takes it', async () => {
    const folder = join(newFolder(), 'data');
    const url = await start(folder, '--access', 'required', '--store', store);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'administrator.key')).mode & 0o777).toBe(0o600);
    expect(await ask(url, types)).toMatchObject({
      status: 401,
      challenge: 'Bearer realm="mlaka"',
      body: { type: 'https://uri.etsi.org/ngsi-ld/errors/Unauthenticated', status: 401 },
    });
    expect((await ask(url, types, firstKey(folder))).status).toBe(200);
    expect(await ask(url, types, 'mlk_0000000000000000_wrong')).toMatchObject({
      status: 401,
      challenge: 'Bearer realm="mlaka", error="invalid_token"',
    });
    for (const path of ['/health/live', '/health/ready']) expect((await ask(url, path)).status).toBe(204);
  });

  test('takes keys of the command line at once, and ends them at once', async () => {
    const folder = newFolder();
    const url = await start(folder, '--access', 'required', '--store', store);
    const where = ['--data', folder, '--store', store];
    const made = await run(keys, ['create', 'app', '--role', 'reader', ...where]);
    expect(made.out).toMatch(/^mlk_[0-9a-f]{16}_[\w-]{43}\n$/);
    const key = made.out.trim();
    expect((await ask(url, types, key)).status).toBe(200);
    expect(await ask(url, '/ngsi-ld/v1/entities', key, post({ id: 'urn:x:1', type: 'A' }))).toMatchObject({
      status: 403,
      challenge: 'Bearer realm="mlaka", error="insufficient_scope"',
    });
    const rotated = (await run(keys, ['rotate', 'app', '--overlap', '0', ...where])).out.trim();
    expect([(await ask(url, types, key)).status, (await ask(url, types, rotated)).status]).toEqual([401, 200]);
    expect((await run(keys, ['list', ...where])).out).toMatch(/^administrator {2}administrator .*\napp {2}reader /);
    await run(keys, ['revoke', 'app', ...where]);
    expect((await ask(url, types, rotated)).status).toBe(401);
    await expect(run(keys, ['revoke', 'administrator', ...where])).rejects.toThrow('last valid key');
    const endless = ['create', 'x', '--role', 'reader', '--expires', '999999999', ...where];
    await expect(run(keys, endless)).rejects.toThrow('--expires may be at most 36500 days');
  });

  test('limits a key to what grants say, at once and after a restart', async () => {
    const folder = newFolder();
    const args = ['--access', 'required', '--store', store];
    let url = await start(folder, ...args);
    const administrator = firstKey(folder);
    const where = ['--data', folder, '--store', store];
    const key = (await run(keys, ['create', 'app', '--role', 'lamps', ...where])).out.trim();
    for (const type of ['Lamp', 'Meter'])
      await ask(url, '/ngsi-ld/v1/entities', administrator, post({ id: `urn:x:${type}`, type }));
    const all = '/ngsi-ld/v1/entities?type=*';
    expect((await ask(url, all, key)).status).toBe(403);
    const grant = { to: 'role:lamps', operations: ['read'], types: ['Lamp'] };
    expect((await ask(url, '/ngsi-ld/v1/access/grants', administrator, post(grant))).status).toBe(201);
    expect((await ask(url, all, key)).body).toEqual([{ id: 'urn:x:Lamp', type: 'Lamp' }]);
    if (store === 'memory') return;
    await stop();
    url = await start(folder, ...args);
    expect((await ask(url, all, key)).body).toEqual([{ id: 'urn:x:Lamp', type: 'Lamp' }]);
  });

  test('records who did what, also across a restart, and nothing while access is open', async () => {
    const folder = newFolder();
    const args = ['--access', 'required', '--store', store];
    let url = await start(folder, ...args);
    const administrator = firstKey(folder);
    const lamp = { id: 'urn:x:1', type: 'Lamp' };
    expect((await ask(url, '/ngsi-ld/v1/entities', administrator, post(lamp))).status).toBe(201);
    await run(keys, ['create', 'app', '--role', 'reader', '--data', folder, '--store', store]);
    const recorded = async (): Promise<unknown> =>
      (await ask(url, '/ngsi-ld/v1/access/audit?from=2000-01-01T00:00:00Z', administrator)).body;
    const wanted = expect.arrayContaining([
      expect.objectContaining({ principal: 'key:administrator', operation: 'createEntity', entity: 'urn:x:1' }),
      expect.objectContaining({ principal: 'local', operation: 'createKey', resource: 'app', result: 'done' }),
    ]) as unknown;
    await eventually(recorded, (lines) => Array.isArray(lines) && lines.length >= 2);
    expect(await recorded()).toEqual(wanted);
    if (store === 'memory') return;
    await stop();
    url = await start(folder, ...args);
    expect(await recorded()).toEqual(wanted);
    await stop();
    url = await start(newFolder(), '--access', 'open', '--store', store);
    await ask(url, '/ngsi-ld/v1/entities', undefined, post(lamp));
    expect((await ask(url, '/ngsi-ld/v1/access/audit')).status).toBe(403);
    expect(readdirSync(folders.at(-1) ?? '')).not.toContain('audit.db');
  });

  test('gets its grants from a file, and says first what would change', async () => {
    const folder = newFolder();
    const url = await start(folder, '--access', 'required', '--store', store);
    const file = join(folder, 'grants.json');
    const lamps = { id: 'urn:g:lamps', to: 'public', operations: ['read'], types: ['Lamp'] };
    const apply = async (wanted: readonly object[], ...flags: readonly string[]): Promise<string> => {
      writeFileSync(file, JSON.stringify(wanted));
      return (await run(grants, ['apply', file, '--data', folder, ...flags])).out;
    };
    const created = '+ urn:g:lamps {"to":"public","operations":["read"],"types":["Lamp"]}\n';
    expect(await apply([lamps], '--dry-run')).toBe(created);
    expect((await ask(url, types)).status).toBe(401);
    expect(await apply([lamps])).toBe(created);
    expect((await ask(url, types)).status).toBe(200);
    expect(await apply([lamps])).toBe('');
    const settings = join(folder, 'mlaka.json');
    writeFileSync(settings, JSON.stringify({ data: folder }));
    expect((await run(grants, ['apply', file, '--config', settings])).out).toBe('');
    const meters = { id: 'urn:g:meters', to: 'public', operations: ['read'], types: ['Meter'] };
    expect(await apply([{ ...lamps, attrs: ['power'] }, meters])).toBe(
      '~ urn:g:lamps attrs: null -> ["power"]\n+ urn:g:meters {"to":"public","operations":["read"],"types":["Meter"]}\n',
    );
    expect(await apply([meters])).toBe('');
    expect(await apply([meters], '--prune')).toMatch(/^- urn:g:lamps /);
    await expect(apply([{ ...meters, to: 'nobody' }])).rejects.toThrow(/member to/);
    await expect(apply([{ to: 'public' }])).rejects.toThrow(/Grant 1 has no id/);
  });

  test('gives administrators the API of keys, and nobody else', async () => {
    const folder = newFolder();
    const url = await start(folder, '--access', 'required', '--store', store);
    const administrator = firstKey(folder);
    const path = '/ngsi-ld/v1/access/keys';
    const made = await ask(url, path, administrator, post({ name: 'w', roles: ['writer'] }));
    expect(made).toMatchObject({ status: 201, body: { name: 'w' } });
    const { key } = made.body as { key: string };
    for (const init of [{}, post({ name: 'more', roles: ['administrator'] })])
      expect((await ask(url, path, key, init)).status).toBe(403);
    expect((await ask(url, `${path}/w`, key, { method: 'DELETE' })).status).toBe(403);
    expect((await ask(url, path)).status).toBe(401);
    const jobs = '/ngsi-ld/v1/jobs';
    const asked = [undefined, key, administrator].map(async (who) => (await ask(url, jobs, who)).status);
    expect(await Promise.all(asked)).toEqual([401, 403, 200]);
    expect((await ask(url, `${jobs}/sweep/run`, key, post({}))).status).toBe(403);
    const [, listed] = (await ask(url, path, administrator)).body as readonly Record<string, unknown>[];
    expect(Object.keys(listed ?? {}).sort()).toEqual(['createdAt', 'name', 'roles', 'secrets']);
    expect(await ask(url, path, administrator, post({ name: 'w', roles: ['reader'] }))).toMatchObject({ status: 409 });
    for (const body of [{}, { name: '../x', roles: ['reader'] }, { name: 'y', roles: [] }, { name: 'y', roles: [7] }])
      expect((await ask(url, path, administrator, post(body))).status).toBe(400);
    for (const extra of [{ secret: 'mine' }, { expiresAt: '2020-01-01T00:00:00Z' }, { expiresAt: 'soon' }])
      expect((await ask(url, path, administrator, post({ name: 'y', roles: ['reader'], ...extra }))).status).toBe(400);
    const next = await ask(url, `${path}/w/rotate`, administrator, post({ overlapSeconds: 0 }));
    expect([next.status, (await ask(url, types, key)).status]).toEqual([201, 401]);
    expect((await ask(url, `${path}/w`, administrator, { method: 'DELETE' })).status).toBe(204);
    expect((await ask(url, `${path}/w`, administrator)).status).toBe(404);
  });
});

test('metrics and event sources of ngsi-proxy need a key, the pages and health do not', async () => {
  const folder = newFolder();
  const url = await start(folder, '--access', 'required', '--ngsi-proxy');
  const key = firstKey(folder);
  for (const path of ['/', '/docs', '/api', '/openapi.yaml', '/version'])
    expect((await ask(url, path)).status).toBe(200);
  expect([(await ask(url, '/metrics')).status, (await ask(url, '/metrics', key)).status]).toEqual([401, 200]);
  const ofOneTenant = { to: 'role:star', operations: ['read'], tenants: ['*'] };
  expect((await ask(url, '/ngsi-ld/v1/access/grants', key, post(ofOneTenant))).status).toBe(201);
  const star = (await run(keys, ['create', 'star', '--role', 'star', '--data', folder])).out.trim();
  expect((await ask(url, '/metrics', star)).status).toBe(403);
  expect((await ask(url, '/eventsource', undefined, { method: 'POST' })).status).toBe(401);
  const made = await ask(url, '/eventsource', key, { method: 'POST' });
  expect(made.status).toBe(201);
  expect((await ask(url, '/callbacks', undefined, post(made.body))).status).toBe(401);
});

test('apps that are written for Keyrock get tokens by client credentials, which end with the key', async () => {
  const folder = newFolder();
  const url = await start(folder, '--access', 'required');
  const key = (await run(keys, ['create', 'app', '--role', 'reader', '--data', folder])).out.trim();
  const tokenOf = (id: string, secret: string, body = 'grant_type=client_credentials'): Promise<Answer> =>
    ask(url, '/oauth2/token', undefined, {
      method: 'POST',
      body,
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        ...(id === '' ? undefined : { Authorization: `Basic ${btoa(`${id}:${secret}`)}` }),
      },
    });
  const given = await tokenOf('app', key);
  expect(given).toMatchObject({ status: 200, body: { token_type: 'Bearer', expires_in: 3600 } });
  const { access_token: token } = given.body as { access_token: string };
  const inBody = await tokenOf('', '', `grant_type=client_credentials&client_id=app&client_secret=${key}`);
  expect(inBody.status).toBe(200);
  expect((await ask(url, types, token)).status).toBe(200);
  for (const [id, secret] of [
    ['other', key],
    ['app', `${key}x`],
    ['app', token],
    ['', ''],
    ['app', ''],
  ] as const)
    expect(await tokenOf(id, secret)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  expect(await tokenOf('app', key, '')).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  expect(await tokenOf('app', key, 'grant_type=password')).toMatchObject({
    status: 400,
    body: { error: 'unsupported_grant_type' },
  });
  const [prefix = '', id = '', expiry = '', mac = ''] = /^(mlt)_(\w{16})_(\d+)_(.*)$/.exec(token)?.slice(1) ?? [];
  const later = String(Number(expiry) + 9);
  for (const forged of [`${prefix}_${id}_${later}_${mac}`, `${prefix}_${'0'.repeat(16)}_${expiry}_${mac}`, `${token}x`])
    expect((await ask(url, types, forged)).status).toBe(401);
  await run(keys, ['revoke', 'app', '--data', folder]);
  expect((await ask(url, types, token)).status).toBe(401);
});

test('keys outlive the broker, and are made without one', async () => {
  const folder = newFolder();
  const { out } = await run(keys, ['create', 'early', '--role', 'administrator', '--data', folder]);
  const url = await start(folder, '--access', 'required');
  expect(existsSync(join(folder, 'administrator.key'))).toBe(false);
  expect((await ask(url, types, out.trim())).status).toBe(200);
  await stop();
  expect(readdirSync(folder)).not.toContain('control.sock');
  expect((await run(keys, ['list', '--data', folder])).out).toMatch(/^early {2}administrator .*last used 20/);
});

test('a first start shows the key to a terminal instead, and only the first one does', async () => {
  const folder = newFolder();
  const shown: string[] = [];
  const config = readConfig({
    args: ['--port', '0', '--data', folder, '--log-level', 'silent', '--access', 'required'],
    env: {},
  });
  for (let starts = 0; starts < 2; starts += 1) {
    const broker = await startBroker(config, { showKey: (key) => shown.push(key) });
    expect((await ask(broker.url, types, shown[0])).status).toBe(200);
    await broker.stop();
  }
  expect(shown.length).toBe(1);
  expect(existsSync(join(folder, 'administrator.key'))).toBe(false);
});

test('while access is open, credentials are not looked at, and nobody but the command line makes keys', async () => {
  const folder = newFolder();
  const url = await start(folder);
  expect((await ask(url, types, 'whatever')).status).toBe(200);
  expect(
    (await ask(url, '/ngsi-ld/v1/access/keys', undefined, post({ name: 'a', roles: ['administrator'] }))).status,
  ).toBe(403);
  const { out } = await run(keys, ['create', 'early', '--role', 'administrator', '--data', folder]);
  await stop();
  const required = await start(folder, '--access', 'required');
  expect((await ask(required, types, out.trim())).status).toBe(200);
});

test('commands take a key, and say what is missing without one', async () => {
  const folder = newFolder();
  const url = await start(folder, '--access', 'required');
  const key = firstKey(folder);
  await ask(url, '/ngsi-ld/v1/entities', key, post({ id: 'urn:x:1', type: 'A' }));
  expect((await run(exportEntities, ['--url', url, '--key', key])).out).toContain('urn:x:1');
  await expect(run(exportEntities, ['--url', url])).rejects.toThrow('needs a valid key, with --key or in MLAKA_KEY');
});

test('a stream without credentials is refused, with them it is opened', async () => {
  const folder = newFolder();
  const url = await start(folder, '--access', 'required');
  const connect = (headers: Record<string, string>, query = ''): Promise<string> =>
    new Promise((resolve) => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/ngsi-ld/v1/stream${query}`, 'ngsi-ld-ws.v1', {
        headers,
      });
      socket
        .on('unexpected-response', (_, { statusCode, headers: { 'www-authenticate': challenge = '' } }) =>
          resolve(`${statusCode ?? ''} ${challenge}`),
        )
        .on('error', () => undefined)
        .on('open', () => {
          socket.terminate();
          resolve('open');
        });
    });
  const key = firstKey(folder);
  expect(await connect({})).toBe('401 Bearer realm="mlaka"');
  expect(await connect({ Authorization: 'Bearer mlk_wrong' })).toBe('401 Bearer realm="mlaka"');
  expect(await connect({ Authorization: `Bearer ${key}` })).toBe('open');
  expect(await connect({ 'X-Auth-Token': key })).toBe('open');
  const { body } = await ask(url, '/ngsi-ld/v1/stream/tickets', key, { method: 'POST' });
  const { ticket } = body as { ticket: string };
  expect(await connect({}, `?ticket=${ticket}`)).toBe('open');
  expect(await connect({}, `?ticket=${ticket}`)).toMatch(/^403/);
});

test('a stream that was opened with the new secret of a rotated key ends when the key is revoked', async () => {
  const folder = newFolder();
  const url = await start(folder, '--access', 'required');
  const old = (await run(keys, ['create', 'app', '--role', 'reader', '--data', folder])).out.trim();
  expect((await ask(url, types, old)).status).toBe(200);
  const key = (await run(keys, ['rotate', 'app', '--overlap', '0', '--data', folder])).out.trim();
  const stream = await fetch(`${url}/ngsi-ld/v1/stream?type=Lamp`, { headers: { Authorization: `Bearer ${key}` } });
  expect(stream.status).toBe(200);
  await run(keys, ['revoke', 'app', '--data', folder]);
  expect(await stream.text()).toContain('{"reason":"rightsChanged"}');
});

test('a stream ends when the overlap of a rotated key ends, and tells why', async () => {
  const folder = newFolder();
  const url = await start(folder, '--access', 'required');
  const old = (await run(keys, ['create', 'app', '--role', 'reader', '--data', folder])).out.trim();
  const headers = { Authorization: `Bearer ${old}` };
  const events = await fetch(`${url}/ngsi-ld/v1/stream?type=Lamp`, { headers });
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ngsi-ld/v1/stream`, 'ngsi-ld-ws.v1', { headers });
  const closed = new Promise((resolve) => socket.on('close', resolve));
  await new Promise((resolve) => socket.on('open', resolve));
  const fresh = (await run(keys, ['rotate', 'app', '--overlap', '1', '--data', folder])).out.trim();
  const other = await fetch(`${url}/ngsi-ld/v1/stream?type=Lamp`, { headers: { Authorization: `Bearer ${fresh}` } });
  expect(await closed).toBe(4010);
  expect(await events.text()).toContain('{"reason":"credentialsExpired"}');
  expect(other.status).toBe(200);
  await other.body?.cancel();
});

test('a ticket opens one event stream without headers, for its tenant, with the rights of its holder', async () => {
  const folder = newFolder();
  const url = await start(folder, '--access', 'required');
  const key = firstKey(folder);
  const tenant = { 'NGSILD-Tenant': 'kranj' };
  const lamp = { id: 'urn:x:lamp', type: 'Lamp' };
  const made = await ask(url, '/ngsi-ld/v1/entities', key, {
    ...post(lamp),
    headers: { ...post(lamp).headers, ...tenant },
  });
  expect(made.status).toBe(201);
  const ticketFor = async (holder: string): Promise<string> => {
    const { body } = await ask(url, '/ngsi-ld/v1/stream/tickets', holder, { method: 'POST', headers: tenant });
    return (body as { ticket: string }).ticket;
  };
  const events = `${url}/ngsi-ld/v1/stream?type=Lamp&snapshot=true&ticket=`;
  const ticket = await ticketFor(key);
  const reader = await read(`${events}${ticket}`);
  await reader.until(() => reader.events.some(({ name }) => name === 'snapshot'));
  expect(reader.events[0]?.data).toMatchObject({ data: [lamp] });
  reader.cut();
  for (const wrong of [ticket, 'guessed', '']) expect((await ask(`${events}${wrong}`, '', key)).status).toBe(403);
  expect((await ask(url, `/ngsi-ld/v1/types?ticket=${await ticketFor(key)}`, key)).status).toBe(400);
  await run(keys, ['create', 'app', '--role', 'reader', '--data', folder]);
  const rotated = (await run(keys, ['rotate', 'app', '--overlap', '0', '--data', folder])).out.trim();
  const late = await ticketFor(rotated);
  await run(keys, ['revoke', 'app', '--data', folder]);
  expect((await ask(`${events}${late}`, '')).status).toBe(403);
});

test('everybody reads a hosted @context by its URL, but neither its details nor the list', async () => {
  const folder = newFolder();
  const url = await start(folder, '--access', 'required');
  const key = firstKey(folder);
  const hosted = '/ngsi-ld/v1/jsonldContexts';
  const content = { '@context': { Lamp: 'https://example.org/Lamp' } };
  const made = await fetch(`${url}${hosted}`, {
    ...post(content),
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` },
  });
  const path = made.headers.get('location') ?? '';
  expect(await ask(url, path)).toMatchObject({ status: 200, body: content });
  expect((await ask(url, path, 'mlk_0000000000000000_wrong')).status).toBe(401);
  expect([(await ask(url, `${path}?details=true`)).status, (await ask(url, hosted)).status]).toEqual([401, 401]);
  expect((await ask(url, `${path}?details=true`, key)).status).toBe(200);
  expect((await ask(url, path, undefined, { method: 'DELETE' })).status).toBe(401);
});
