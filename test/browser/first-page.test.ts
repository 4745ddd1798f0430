/** Tests the start page in a real browser: its initial content, its live updates, and its reconnects. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type BrokerPage, openBrokerPage } from './launch.ts';

let brokerPage: BrokerPage;
let broker: BrokerPage['broker'];
let page: BrokerPage['page'];
let complaints: readonly string[];

async function post(id: string, powerState: string): Promise<void> {
  const body = JSON.stringify([
    { id, type: 'Streetlight', powerState: { value: powerState, observedAt: '2026-03-01T18:00:00Z' } },
  ]);
  const answer = await fetch(`${broker.url}/ngsi-ld/v1/entityOperations/upsert`, {
    method: 'POST',
    body,
    headers: { 'Content-Type': 'application/json' },
  });
  expect(answer.ok).toBe(true);
}

beforeAll(async () => {
  brokerPage = await openBrokerPage();
  ({ broker, page, complaints } = brokerPage);
}, 60_000);
afterAll(() => brokerPage.close());

describe('the first page', () => {
  test('of an empty broker says how to begin', async () => {
    await page.goto(broker.url);
    await page.waitForSelector('#empty:not([hidden])');
    expect(await page.textContent('#curl')).toContain(`curl ${broker.url}/ngsi-ld/v1/entities`);
    await page.waitForSelector('#link[data-live]');
  });

  test('shows a change as it happens, and counts what is there', async () => {
    await post('urn:ngsi-ld:Streetlight:1', 'on');
    await page.waitForSelector('#live li:has-text("Streetlight:1")');
    await page.waitForSelector('#entities:text-is("1")');
    expect(await page.textContent('#summary')).toContain('Streetlight');
    await post('urn:ngsi-ld:Streetlight:1', 'off');
    await page.waitForSelector('#live li:has-text("powerState off")');
  });

  test('writes text from data as text', async () => {
    await post('urn:ngsi-ld:Streetlight:2', '<img src=x onerror=document.title="broken">');
    await page.waitForSelector('#live li:has-text("<img")');
    expect(await page.title()).not.toBe('broken');
  });

  test('can be paused', async () => {
    await page.click('#pause');
    await post('urn:ngsi-ld:Streetlight:3', 'on');
    await page.waitForSelector('#entities:text-is("3")');
    expect(await page.locator('#live li:has-text("Streetlight:3")').count()).toBe(0);
    await page.click('#pause');
  });

  test('shows the changes before it was opened', async () => {
    await page.reload();
    await page.waitForSelector('#live li:has-text("Streetlight:1")');
  });

  test('complains of nothing', () => expect(complaints).toEqual([]));
});
