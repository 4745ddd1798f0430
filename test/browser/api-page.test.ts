/** Tests the API page in a real browser: it shows every operation of openapi.yaml, and its curl commands work. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { v2RegistrationOperations } from '../../src/core/operation/registration/v2/operations.ts';
import { v2SubscriptionOperations } from '../../src/core/operation/subscription/v2/operations.ts';
import { operations } from '../../src/core/operation/table.ts';
import { v2EntityOperations } from '../../src/core/operation/v2/table.ts';
import { eventually } from '../edge/deliver/test-broker.ts';
import { startTestBroker, type TestBroker } from '../scenario/scenario.ts';
import { type BrokerPage, openBrokerPage } from './launch.ts';

let brokerPage: BrokerPage;
let broker: BrokerPage['broker'];
let page: BrokerPage['page'];
let complaints: readonly string[];
const asked: string[] = [];

beforeAll(async () => {
  brokerPage = await openBrokerPage();
  ({ broker, page, complaints } = brokerPage);
  page.on('request', (request) => asked.push(new URL(request.url()).origin));
  await page.goto(`${broker.url}/api`);
  await page.waitForSelector('#fault', { state: 'detached' });
}, 60_000);
afterAll(() => brokerPage.close());

/** What an attribute holds in each of the elements found. */
async function each(selector: string, attribute: string): Promise<readonly string[]> {
  const found = await page.locator(selector).all();
  return Promise.all(found.map(async (one) => (await one.getAttribute(attribute)) ?? ''));
}

interface Printed {
  readonly operation: string;
  readonly lines: string;
}

/** What can only be asked for when there is a dead letter, for which a receiver must have refused something. */
const ofOneLetter = new Set(['retrieveDeadLetter', 'replayDeadLetter', 'discardDeadLetter']);

/** The same of subscriptions to registrations, of which no letter is made here. */
const ofRegistrationLetter = 'replayRegistrationDeadLetter';

/** What needs a dataset that the data officer has described. */
const ofOneDataset = ['readDatasetRecord', 'readDatasetFile'];

/** What needs a kind of fault that can be reported, and a report of it: docs/open311.md. */
const ofOneReport = ['readReportKind', 'submitReport', 'readReport', 'readReportToken'];

/** What needs a definition that somebody has written, in an order in which it can be asked for. */
const ofOneDefinition = [
  ...['approveAggregate', 'runAggregate', 'retrieveAggregate', 'reportAggregate'],
  ...['approveIndicator', 'runIndicator', 'repeatIndicator', 'retrieveIndicator'],
];

/** The lines of each operation in the order of the page, as the page of a broker prints them. */
async function printed({ url }: TestBroker): Promise<readonly Printed[]> {
  const ids = await each('.operation', 'id');
  const lines = await page.locator('.operation .curl').allTextContents();
  return ids.map((operation, index) => ({
    operation,
    lines: (lines[index] ?? 'false').replaceAll(broker.url, url),
  }));
}

/** Carries lines out in one shell, in order, with a key if there is one. Streams, which do not end, are cut off. */
async function carriedOut(
  all: readonly Printed[],
  key = '',
): Promise<readonly (Printed & { status: string; body: string })[]> {
  const script = [
    'set -u',
    `curl() { case "$*" in *-N*) set -- -m 1 "$@";; esac; command curl -sS -H 'X-Auth-Token: ${key}' -w '~~%{http_code}' "$@"; }`,
    ...all.flatMap(({ lines }) => [lines, 'echo "~~next~~"']),
  ];
  const { stdout } = await promisify(execFile)('sh', ['-c', script.join('\n')]);
  const outcomes = stdout.split('~~next~~\n');
  return all.map((one, index) => {
    const [body = '', status = ''] = outcomes[index]?.split('~~') ?? [];
    return { ...one, status, body };
  });
}

/** Of a batch, 207 says that something failed. */
const isDone = (status: string): boolean => /^20[0-6]$/.test(status);

describe('the page of the API', () => {
  test('shows every operation of the table, and what belongs to the broker', async () => {
    const shown = await each('.operation', 'id');
    expect(shown).toEqual(expect.arrayContaining([...operations.map(({ name }) => name), 'version', 'metrics']));
    expect(new Set(shown).size).toBe(shown.length);
    const links = await each('#contents a', 'href');
    expect([...links].sort()).toEqual(shown.map((id) => `#${id}`).sort());
  });

  test('tells parameters, members of the body, an example and the answers', async () => {
    const text = await page.textContent('#createSubscription');
    for (const told of [
      'NGSILD-Tenant',
      'watchedAttributes',
      'endpoint',
      'receiverInfo',
      '"type": "Subscription"',
      '201',
      '415',
      'ProblemDetails',
    ])
      expect(text).toContain(told);
    expect(await page.textContent('#queryEntities')).toContain('Such as powerState=="on"');
  });

  test('shows nothing that has no name', async () => {
    expect(await page.textContent('#operations')).not.toMatch(/undefined|\[object|NaN/);
  });

  test('opens the operation that the address names', async () => {
    await page.goto(`${broker.url}/api#queryByPost`);
    await page.waitForSelector('#queryByPost[open]');
    await page.click('#contents a[href="#deleteEntity"]');
    await page.waitForSelector('#deleteEntity[open]');
  });

  test('finds operations by words', async () => {
    await page.fill('#find', 'subscription delete');
    const found = await each('.operation:visible', 'id');
    expect(found).toContain('deleteSubscription');
    expect(found).not.toContain('deleteEntity');
    expect(found).not.toContain('createSubscription');
    await page.fill('#find', '');
    expect(await page.locator('.operation:visible').count()).toBeGreaterThan(operations.length);
  });

  test('has lines for every operation that a shell can carry out from top to bottom, beginning with nothing', async () => {
    const fresh = await startTestBroker(['--access', 'required']);
    try {
      const key = readFileSync(join(fresh.folder, 'administrator.key'), 'utf8').trim();
      const outcomes = await carriedOut(await printed(fresh), key);
      expect(outcomes.map(({ operation }) => operation).sort()).toEqual((await each('.operation', 'id')).toSorted());
      const ofOne = [...ofOneLetter, ...ofOneDataset, ...ofOneReport, ...ofOneDefinition];
      const needsMore = new Set([ofRegistrationLetter, ...ofOne]);
      const failed = outcomes.filter(({ operation, status }) => !isDone(status) && !needsMore.has(operation));
      expect(failed).toEqual([]);
    } finally {
      await fresh.stop();
    }
  }, 60_000);

  test('has lines for single dead letters, once a receiver has refused a notification', async () => {
    const receiver = createServer((_, response) => response.writeHead(400).end()).listen(0);
    const fresh = await startTestBroker(['--notify-allow-private']);
    const { port } = receiver.address() as AddressInfo;
    try {
      const lines = (await printed(fresh)).map((one) => ({
        ...one,
        lines: one.lines.replace('https://receiver.example', `http://localhost:${port}`),
      }));
      const of = (...names: readonly string[]): readonly Printed[] =>
        names.flatMap((name) => lines.filter(({ operation }) => operation === name));
      const before = await carriedOut(of('createSubscription', 'createEntity', 'mergeEntity'));
      await eventually(
        () => carriedOut(of('listDeadLetters')),
        ([list]) => list?.body.includes('DeadLetter') ?? false,
      );
      const after = await carriedOut(of(...ofOneLetter));
      expect([...before, ...after].filter(({ status }) => !isDone(status))).toEqual([]);
    } finally {
      await fresh.stop();
      receiver.close();
    }
  }, 60_000);

  test('has lines for aggregates and indicators, once somebody has defined them', async () => {
    const models = 'https://smart-data-models.mlaka.si';
    const definitions = [
      {
        '@context': `${models}/aggregate/context.jsonld`,
        id: 'urn:ngsi-ld:AggregateJob:kranj:water-by-area',
        type: 'AggregateJob',
        sourceType: 'WaterConsumptionObserved',
        aggregatedAttribute: 'waterConsumption',
        period: 'P1D',
        targetTenant: 'published',
      },
      {
        '@context': `${models}/indicator/context.jsonld`,
        id: 'urn:ngsi-ld:Indicator:kranj:pm10',
        type: 'Indicator',
        inputs: { pm10: { type: 'AirQualityObserved', attribute: 'pm10', combine: 'average' } },
        calculationFormula: 'pm10',
      },
    ];
    for (const definition of definitions) {
      const headers = { 'Content-Type': 'application/ld+json' };
      const sent = { method: 'POST', headers, body: JSON.stringify(definition) };
      expect((await fetch(`${broker.url}/ngsi-ld/v1/entities`, sent)).status).toBe(201);
    }
    const lines = await printed(broker);
    const outcomes = await carriedOut(
      ofOneDefinition.flatMap((name) => lines.filter(({ operation }) => operation === name)),
    );
    expect(outcomes.map(({ operation, status }) => [operation, status])).toEqual(
      ofOneDefinition.map((name) => [name, '200']),
    );
  });

  test('is linked from the first page, and asks nobody but the broker', async () => {
    await page.goto(broker.url);
    await page.click('footer a[href="/api"]');
    await page.waitForSelector('.operation');
    expect([...new Set(asked)]).toEqual([broker.url]);
    expect(complaints).toEqual([]);
  });
});

test('the operations of NGSI v2 are shown too', async () => {
  await page.goto(`${broker.url}/api`);
  await page.click('#to-v2');
  await page.waitForSelector('#createV2Entity');
  const described = [...v2EntityOperations, ...v2SubscriptionOperations, ...v2RegistrationOperations];
  expect(await each('.operation', 'id')).toEqual(expect.arrayContaining(described.map(({ name }) => name)));
  const lines = (await page.locator('#createV2Entity .curl').textContent()) ?? '';
  expect(lines).toContain(`'${broker.url}/v2/entities'`);
  await promisify(execFile)('bash', ['-c', `${lines} --fail`]);
  expect((await fetch(`${broker.url}/v2/entities/Room1`)).status).toBe(200);
});
