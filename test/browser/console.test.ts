/** Tests the console in a real browser: the city on a map and in a list, an entity with its history and its JSON, and signing in. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { type BrokerPage, complaintsOf, launch, openBrokerPage } from './launch.ts';
import { seriousFindings } from './axe.ts';
import { startTestBroker } from '../scenario/scenario.ts';

const lights = 'https://smartdatamodels.org/dataModel.Streetlighting/';
const light = 'urn:ngsi-ld:Streetlight:console:1';
const json = { 'Content-Type': 'application/json' };

const entityOf = (id: string, name: string): object => ({
  id,
  type: `${lights}Streetlight`,
  location: { type: 'Point', coordinates: [14.3492, 46.2728] },
  'https://smartdatamodels.org/name': { languageMap: { sl: `Luč ${name}`, en: `Light ${name}` } },
  'https://smartdatamodels.org/areaServed': 'Stražišče',
  [`${lights}powerState`]: { value: 'on', observedAt: '2026-03-01T18:00:00Z' },
  [`${lights}illuminanceLevel`]: { value: 0.8, observedAt: new Date().toISOString() },
});

async function upsert(url: string, entities: readonly object[], headers: Readonly<Record<string, string>> = {}) {
  const answer = await fetch(`${url}/ngsi-ld/v1/entityOperations/upsert`, {
    method: 'POST',
    headers: { ...json, ...headers },
    body: JSON.stringify(entities),
  });
  expect(answer.ok).toBe(true);
}

describe('the console', () => {
  let opened: BrokerPage;
  let page: Page;
  beforeAll(async () => {
    opened = await openBrokerPage();
    ({ page } = opened);
    await upsert(opened.broker.url, [entityOf(light, 'one')]);
    await page.goto(`${opened.broker.url}/console`);
  }, 60_000);
  afterAll(() => opened.close());

  test('shows what is there, and what comes, in a list and on a map', async () => {
    await page.waitForSelector('.list a:has-text("Light one")');
    await upsert(opened.broker.url, [entityOf('urn:ngsi-ld:Streetlight:console:2', 'two')]);
    await page.waitForSelector('.list a:has-text("Light two")');
    await page.waitForSelector('.map canvas');
  });

  test('says that access is open', async () => {
    await page.waitForSelector('.head:has-text("Access is open")');
  });

  test('finds without accents, and filters by state; the address keeps both', async () => {
    await page.fill('input[type=search]', 'strazisce');
    await page.waitForSelector('.count:has-text("2")');
    await page.fill('input[type=search]', 'two');
    await page.waitForFunction("document.querySelectorAll('.list a').length === 1");
    expect(page.url()).toContain('find=two');
    await page.fill('input[type=search]', '');
    await page.selectOption('label:has-text("State") select', 'good');
    expect(page.url()).toContain('level=good');
    await page.click('text=Clear the filters');
  });

  test('shows an entity with units, draws its curve, and follows it', async () => {
    await page.click('.list a:has-text("Light one")');
    await page.waitForSelector('h1:has-text("Light one")');
    expect(await page.textContent('.entity')).toContain('80 %');
    await page.click('.reading-name:has-text("illuminance level")');
    await page.waitForSelector('.curve canvas');
    await page.click('button:has-text("7 days")');
    await page.waitForSelector('.curve canvas');
    const path = `${opened.broker.url}/ngsi-ld/v1/entities/${light}/attrs/${encodeURIComponent(`${lights}illuminanceLevel`)}`;
    const observedAt = new Date().toISOString();
    await fetch(path, { method: 'PATCH', headers: json, body: JSON.stringify({ value: 0.3, observedAt }) });
    await page.waitForSelector('.reading-value:has-text("30 %")');
  });

  test('changes a value, where that is granted', async () => {
    await page.click('.reading-name:has-text("power state")');
    await page.click('button:has-text("Edit")');
    await page.fill('label:has-text("New value") input', 'off');
    await page.click('button:has-text("Save")');
    await page.waitForSelector('.reading-value:has-text("off")');
  });

  test('shows the earlier values of what is no number', async () => {
    await page.click('.reading-name:text-is("name")');
    await page.waitForSelector('.states b:has-text("Light one")');
  });

  test('shows the entity in every representation', async () => {
    await page.click('summary:has-text("Raw")');
    for (const [form, text] of [
      ['simplified', '"off"'],
      ['geojson', '"Feature"'],
      ['jsonld', '"@context"'],
      ['v2', '"metadata"'],
    ] as const) {
      await page.selectOption('label:has-text("Representation") select', form);
      await page.waitForSelector(`.raw pre:has-text('${text}')`);
    }
  });

  test('speaks Slovenian', async () => {
    await page.click('button:has-text("V slovenščini")');
    await page.waitForSelector('h1:has-text("Luč one")');
    await page.waitForSelector('.entity header:has-text("Svetilka")');
    await page.waitForSelector('.reading-value:has-text("ugasnjeno")');
    expect(await page.getAttribute('html', 'lang')).toBe('sl');
    await page.click('button:has-text("In English")');
  });

  test('can be walked by keyboard', async () => {
    await page.goto(`${opened.broker.url}/console#/city`);
    await page.waitForSelector('.list a');
    await page.focus('input[type=search]');
    const wanted = new Set(['Light one', 'Light two']);
    for (let steps = 0; steps < 40; steps += 1) {
      await page.keyboard.press('Tab');
      const text = String(await page.evaluate('document.activeElement.textContent'));
      if ([...wanted].some((name) => text.includes(name))) break;
    }
    await page.keyboard.press('Enter');
    await page.waitForSelector('.entity h1');
  });

  test('has no serious finding of axe, in light and dark', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await seriousFindings(page)).toEqual([]);
    }
  });

  test('shows more entities than it can follow by tiles, and a sample of them in the list', async () => {
    const headers = { 'NGSILD-Tenant': 'many' };
    const spot = (n: number): object => ({
      id: `urn:ngsi-ld:Spot:${n}`,
      type: n === 0 ? 'Lone' : 'Spot',
      location: { type: 'Point', coordinates: [14.35 + (n % 100) / 1000, 46.24 + Math.floor(n / 100) / 1000] },
    });
    for (let from = 0; from <= 10_000; from += 1000)
      await upsert(
        opened.broker.url,
        Array.from({ length: from === 10_000 ? 1 : 1000 }, (_, n) => spot(from + n)),
        headers,
      );
    const tile = page.waitForResponse((response) => response.url().includes('/tiles/') && response.ok());
    await page.goto(`${opened.broker.url}/console?tenant=many#/city`);
    await page.waitForSelector('.count:has-text("10001")');
    expect((await tile).request().headers()['ngsild-tenant']).toBe('many');
    await page.waitForSelector('.note:has-text("count for the list only")');
    expect(await page.locator('.legend').innerText()).not.toMatch(/Quality|alert/);
    await page.selectOption('label:has-text("Type") select', 'Lone');
    await page.waitForFunction("document.querySelectorAll('.list a').length === 1");
    await page.goto(`${opened.broker.url}/console?tenant=many#/city/urn:ngsi-ld:Spot:9999`);
    await page.waitForSelector('.entity h1');
  });

  test('complains of nothing', () => expect(opened.complaints).toEqual([]));
});

describe('where access is required', () => {
  let broker: Awaited<ReturnType<typeof startTestBroker>>;
  let browser: Browser;
  beforeAll(async () => {
    broker = await startTestBroker(['--access', 'required']);
    browser = await launch();
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await broker.stop();
  });

  test('the console asks for a key, and shows the city to whom it belongs', async () => {
    const key = readFileSync(join(broker.folder, 'administrator.key'), 'utf8').trim();
    await upsert(broker.url, [entityOf(light, 'one')], { Authorization: `Bearer ${key}` });
    const page = await browser.newPage({ locale: 'en-US' });
    const complaints = complaintsOf(page);
    await page.goto(`${broker.url}/console`);
    await page.waitForSelector('dialog[open]');
    await page.fill('dialog input', 'wrong');
    await page.click('dialog button[type=submit]');
    await page.waitForSelector('dialog .failure');
    await page.fill('dialog input', key);
    await page.click('dialog button[type=submit]');
    await page.waitForSelector('.list a:has-text("Light one")');
    expect(await page.locator('dialog[open]').count()).toBe(0);
    expect(await page.locator('text=Access is open').count()).toBe(0);
    const log = `${broker.url}/ngsi-ld/v1/access/log`;
    expect((await fetch(log, { headers: { Authorization: `Bearer ${key}` } })).status).toBe(200);
    expect((await fetch(log)).status).toBe(401);
    // A browser reports each 401 by itself.
    expect(complaints.filter((text) => !text.includes('401') && !text.includes('WebSocket'))).toEqual([]);
  });
});
