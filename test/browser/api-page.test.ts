/** The page of the API in a real browser: it shows every operation of openapi.yaml, and its curl lines do what they say. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { operations } from '../../src/core/operation/table.ts';
import { startTestBroker, type TestBroker } from '../scenario/scenario.ts';
import { complaintsOf, launch } from './launch.ts';

let broker: TestBroker;
let browser: Browser;
let page: Page;
let complaints: readonly string[];
const asked: string[] = [];

beforeAll(async () => {
  broker = await startTestBroker();
  browser = await launch();
  page = await browser.newPage();
  complaints = complaintsOf(page);
  page.on('request', (request) => asked.push(new URL(request.url()).origin));
  await page.goto(`${broker.url}/api`);
  await page.waitForSelector('#fault', { state: 'detached' });
}, 60_000);
afterAll(async () => {
  await browser.close();
  await broker.stop();
});

/** What an attribute holds in each of the elements found. */
async function each(selector: string, attribute: string): Promise<readonly string[]> {
  const found = await page.locator(selector).all();
  return Promise.all(found.map(async (one) => (await one.getAttribute(attribute)) ?? ''));
}

const curlOf = (operation: string): Promise<string | null> => page.textContent(`#${operation} .curl`);

/** Carries a line out as a shell would; answers the status. */
async function carriedOut(line: string | null): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', ['-c', `${line ?? 'false'} -s -o /dev/null -w '%{http_code}'`]);
  return stdout;
}

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

  test.each([
    ['createEntity', '201'],
    ['queryEntities', '200'],
    ['retrieveEntity', '200'],
    ['mergeEntity', '204'],
    ['partialUpdateAttribute', '204'],
    ['queryByPost', '200'],
    ['addContext', '201'],
    ['upsertBatch', '204'],
    ['createSubscription', '201'],
    ['retrieveSubscription', '200'],
    ['updateSubscription', '204'],
    ['explainSubscription', '200'],
    ['listDeadLetters', '200'],
    ['replayDeadLetters', '204'],
    ['deleteSubscription', '204'],
    ['upsertTemporal', '204'],
    ['appendTemporal', '204'],
    ['upsertTemporalBatch', '204'],
    ['retrieveTemporal', '200'],
    ['queryTemporal', '200'],
    ['deleteTemporalAttribute', '204'],
    ['createStreamTicket', '200'],
    ['retrieveType', '200'],
    ['retrieveAttributes', '200'],
    ['deleteEntity', '204'],
    ['version', '200'],
    ['statistics', '200'],
  ])('has a line for %s that a shell can carry out', async (operation, status) => {
    expect(await carriedOut(await curlOf(operation))).toBe(status);
  });

  test('is linked from the first page, and asks nobody but the broker', async () => {
    await page.goto(broker.url);
    await page.click('footer a[href="/api"]');
    await page.waitForSelector('.operation');
    expect([...new Set(asked)]).toEqual([broker.url]);
    expect(complaints).toEqual([]);
  });
});
