/** Tests the documents in a real browser: they are reachable from the start page and the API page, and load without errors. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type BrokerPage, openBrokerPage } from './launch.ts';

let brokerPage: BrokerPage;
let broker: BrokerPage['broker'];
let page: BrokerPage['page'];
let complaints: readonly string[];

beforeAll(async () => {
  brokerPage = await openBrokerPage();
  ({ broker, page, complaints } = brokerPage);
}, 60_000);
afterAll(() => brokerPage.close());

test.each(['/', '/api'])('open from %s', async (path) => {
  await page.goto(broker.url + path);
  await page.click('footer a[href="/docs"]');
  await page.waitForURL(`${broker.url}/docs`);
  expect(await page.textContent('article h1')).toBe('Mlaka');
});

test('lead from person to page, and from page to page', async () => {
  await page.goto(`${broker.url}/docs`);
  await page.click('nav >> text=From Orion-LD');
  await page.waitForURL(`${broker.url}/docs/from-orion-ld`);
  expect(await page.textContent('nav a[aria-current]')).toBe('From Orion-LD');
  await page.click('article a[href="/docs/subscriptions#dead-letters"]');
  await page.waitForURL(`${broker.url}/docs/subscriptions#dead-letters`);
  expect(await page.isVisible('#dead-letters')).toBe(true);
});

test('have tables that are styled, on a wide and on a narrow screen', async () => {
  await page.goto(`${broker.url}/docs/configuration`);
  for (const width of [1200, 400]) {
    await page.setViewportSize({ width, height: 800 });
    expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
  }
});

test('complain of nothing', () => expect(complaints).toEqual([]));
