/** Tests the examples of docs/access.md and docs/security.md on a broker that requires access. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { grants } from '../../src/app/command/grants.ts';
import { keys } from '../../src/app/command/keys.ts';
import { readConfig } from '../../src/app/config/read-config.ts';
import { readTokenIssuers } from '../../src/app/config/read-issuers.ts';
import { run } from '../app/command/test-broker.ts';
import { eventually } from '../edge/deliver/test-broker.ts';
import { startTestBroker, type TestBroker } from '../scenario/scenario.ts';
import { blocksIn, jsonIn } from './document.ts';
import { openTerminal } from './terminal.ts';

let broker: TestBroker;
let administrator: string;
let scratch: string;
beforeEach(async () => {
  broker = await startTestBroker(['--access', 'required', '--models', 'off']);
  administrator = readFileSync(join(broker.folder, 'administrator.key'), 'utf8').trim();
  scratch = mkdtempSync(join(tmpdir(), 'mlaka-printed-'));
});
afterEach(async () => {
  await broker.stop();
  rmSync(scratch, { recursive: true });
});

/** The request line and the JSON of the block of a document that begins so. */
function printed(document: string, begin: string): { readonly request: string; readonly json: unknown } {
  const found = blocksIn(document).find(({ text }) => text.startsWith(begin));
  if (!found) throw new Error(`${document} has no block that begins with ${begin}.`);
  const [request = '', ...rest] = found.text.split('\n');
  return { request, json: jsonIn(rest.join('\n')) };
}

async function send(request: string, key: string, json?: unknown) {
  const [method = '', path = ''] = request.split(' ');
  const response = await fetch(`${broker.url}${path}`, {
    method,
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    ...(json === undefined ? undefined : { body: JSON.stringify(json) }),
  });
  const text = await response.text();
  return { status: response.status, body: jsonIn(text) };
}

const command = async (text: string): Promise<string> => {
  const [, name, ...args] = text.split(' ');
  const answer = await run(name === 'keys' ? keys : grants, [...args, '--data', broker.folder]);
  expect([text, answer.code]).toEqual([text, 0]);
  return answer.out.trim();
};

const linesOf = (document: string, begin: string): readonly string[] =>
  blocksIn(document).flatMap(({ text }) => text.split('\n').filter((line) => line.startsWith(begin)));

test('docs/access.md: the grant, its file, the explanation, the audit and the grant of a data owner', async () => {
  const document = 'docs/access.md';
  const app = await command('mlaka keys create parking-app --role app');
  const grant = printed(document, 'POST /ngsi-ld/v1/access/grants');
  expect((await send(grant.request, administrator, grant.json)).status).toBe(201);

  // The same grant from a file makes no difference.
  writeFileSync(join(scratch, 'grants.json'), JSON.stringify([grant.json]));
  for (const line of linesOf(document, 'mlaka grants'))
    expect(await command(line.replace('grants.json', join(scratch, 'grants.json')))).not.toMatch(/^[+~-]/m);

  const id = 'urn:ngsi-ld:OffStreetParking:1';
  const number = (value: number): object => ({ type: 'Property', value });
  const entity = { id, type: 'OffStreetParking', availableSpotNumber: number(7), turnover: number(100) };
  expect((await send('POST /ngsi-ld/v1/entities', administrator, entity)).status).toBe(201);
  const change = { availableSpotNumber: number(6) };
  expect((await send(`PATCH /ngsi-ld/v1/entities/${id}/attrs`, app, change)).status).toBe(204);

  const explained = printed(document, 'GET /ngsi-ld/v1/access/explain');
  const { body } = await send(explained.request, app);
  expect(body).toEqual(explained.json);

  const recorded = printed(document, 'GET /ngsi-ld/v1/access/audit');
  const audit = async () => (await send(recorded.request, administrator)).body as readonly object[];
  const [line] = await eventually(audit, (lines) => JSON.stringify(lines).includes('updateAttributes'));
  const [expected] = recorded.json as readonly object[];
  const varying = { id: expect.any(String), at: expect.any(String), address: expect.any(String) };
  expect(line).toEqual({ ...expected, ...varying });

  const [ofOwner] =
    /\{"to": "key:utility".*?\}/.exec(readFileSync(new URL(`../../${document}`, import.meta.url), 'utf8')) ?? [];
  expect((await send(grant.request, administrator, jsonIn(ofOwner ?? ''))).status).toBe(201);
});

test('docs/security.md: keys on the command line, the headers of clients, tokens and issuers', async () => {
  const document = 'docs/security.md';
  const printedKeys = linesOf(document, 'mlaka keys');
  const outputs = new Map<string, string>();
  for (const line of printedKeys.filter((one) => !one.includes('revoke'))) outputs.set(line, await command(line));
  expect(outputs.get('mlaka keys list')).toContain('dashboard');
  const key = outputs.get('mlaka keys create dashboard --role reader') ?? '';

  const types = `${broker.url}/ngsi-ld/v1/types`;
  const headers = linesOf(document, 'Authorization: ').concat(linesOf(document, 'X-Auth-Token: '));
  expect(headers).toHaveLength(2);
  for (const header of headers) {
    const [name = '', value = ''] = header.replace('KEY', key).split(': ');
    expect((await fetch(types, { headers: { [name]: value } })).status).toBe(200);
  }

  const terminal = openTerminal({ 'localhost:1026': new URL(broker.url).host, $KEY: key });
  try {
    const [curl = ''] = linesOf(document, 'curl -u');
    const token = jsonIn(await terminal.run(curl)) as { readonly access_token: string };
    const answer = await fetch(types, { headers: { Authorization: `Bearer ${token.access_token}` } });
    expect(answer.status).toBe(200);
  } finally {
    terminal.close();
  }

  for (const line of printedKeys.filter((one) => one.includes('revoke'))) await command(line);
  await eventually(
    async () => (await fetch(types, { headers: { 'X-Auth-Token': key } })).status,
    (status) => status === 401,
  );

  const path = join(scratch, 'issuers.yaml');
  writeFileSync(path, blocksIn(document).find(({ text }) => text.startsWith('- issuer'))?.text ?? '');
  const [issuer] = readTokenIssuers(readConfig({ args: ['--issuers', path], env: {} }));
  expect(issuer).toMatchObject({ issuer: 'https://login.example/realms/city', audience: ['mlaka'] });
});
