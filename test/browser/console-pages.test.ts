/** Tests every page of the console in a real browser, on a broker with the simulated city: what it shows, and that everybody can use it. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { demo } from '../../src/app/command/demo.ts';
import { run } from '../app/command/test-broker.ts';
import { seriousFindings } from './axe.ts';
import { type BrokerPage, openBrokerPage } from './launch.ts';
import { xlsxOf } from './xlsx.ts';

let opened: BrokerPage;
let page: Page;
let url = '';
const stopping = new AbortController();
let city: Promise<unknown>;

const json = { 'Content-Type': 'application/json' };
const parking = 'https://smartdatamodels.org/dataModel.Parking/';

const api = (path: string, body?: object): Promise<Response> =>
  fetch(`${url}/ngsi-ld/v1${path}`, body ? { method: 'POST', headers: json, body: JSON.stringify(body) } : {});

const air = 'urn:ngsi-ld:AirQualityObserved:kranj:center';

/** A sensor reports what cannot be; the alert is as the watch writes it. */
async function makeAlert(): Promise<void> {
  const mark = { value: 'suspect', brokenRule: { value: 'range' } };
  const alert = {
    id: 'urn:ngsi-ld:Alert:range',
    type: 'Alert',
    ...{ category: 'sensorFault', severity: 'high', status: 'open', ruleName: 'range' },
    ...{ alertSource: air, attributeName: 'pm10', validFrom: new Date().toISOString() },
  };
  expect((await api('/entities', alert)).status).toBe(201);
  const body = JSON.stringify({ radon: { value: -3, observedAt: new Date().toISOString(), quality: mark } });
  const answer = await fetch(`${url}/ngsi-ld/v1/entities/${air}/attrs`, { method: 'POST', headers: json, body });
  expect(answer.status).toBe(204);
}

async function makeAggregate(): Promise<void> {
  const job = {
    id: 'urn:ngsi-ld:AggregateJob:water',
    type: 'AggregateJob',
    ...{ sourceType: 'WaterConsumptionObserved', aggregatedAttribute: 'waterConsumption', period: 'PT1H' },
    ...{ valueInPeriod: 'increase', targetTenant: 'public', startAt: new Date(Date.now() - 7_200_000).toISOString() },
    '@context': 'https://smart-data-models.mlaka.si/aggregate/context.jsonld',
  };
  const headers = { 'Content-Type': 'application/ld+json' };
  const made = await fetch(`${url}/ngsi-ld/v1/entities`, { method: 'POST', headers, body: JSON.stringify(job) });
  expect(made.status).toBe(201);
  for (const step of ['approve', 'run']) expect((await api(`/aggregates/${job.id}/${step}`, {})).ok).toBe(true);
}

beforeAll(async () => {
  opened = await openBrokerPage(['--notify-allow-private']);
  ({ page } = opened);
  url = opened.broker.url;
  city = run(demo, ['--url', url, '--history', '2'], stopping.signal);
  for (let found = 0; found < 500; ) {
    const answer = await api('/entities?type=*&limit=1&count=true&pick=id');
    found = Number(answer.headers.get('NGSILD-Results-Count'));
    await new Promise((done) => setTimeout(done, 200));
  }
  const subscription = {
    id: 'urn:ngsi-ld:Subscription:pages',
    type: 'Subscription',
    description: 'Car parks that are full',
    entities: [{ type: `${parking}OffStreetParking` }],
    q: `${parking}occupancy>2`,
    notification: { endpoint: { uri: 'http://receiver.example/hook' } },
  };
  expect((await api('/subscriptions', subscription)).status).toBe(201);
  await makeAlert();
  await makeAggregate();
}, 120_000);
afterAll(async () => {
  stopping.abort();
  await city;
  await opened.close();
}, 30_000);

/** Opens a page, waits for what it must show, and says what axe finds. */
async function findingsAt(address: string, selector: string): Promise<readonly string[]> {
  await page.goto(url + address);
  await page.waitForSelector(selector);
  return seriousFindings(page);
}

describe('every page shows what it is about, and can be used by everybody', () => {
  test.each([
    ['the map and the list', '/console#/city', '.list li'],
    ['an entity', '/console#/city/urn:ngsi-ld:OffStreetParking:kranj:huje', '.entity .readings'],
    ['the overview', '/console#/dashboards', '.kpi-value'],
    ['energy and water', '/console#/dashboards/energy', '.ranking li'],
    ['parking and mobility', '/console#/dashboards/parking', '.ranking li'],
    ['lighting', '/console#/dashboards/lighting', '.ranking li'],
    ['the environment', '/console#/dashboards/environment', '.ranking li'],
    ['alerts', '/console#/dashboards/alerts', '.alerts li:has-text("outside of its range")'],
    ['the wall screen', '/console#/dashboards/wall', '.wall .kpi-value'],
    ['data', '/console#/data', '.table td'],
    ['datasets', '/console#/data/datasets', '.table td:has-text("Street lighting")'],
    ['the description of a dataset', '/console#/data/publish?type=Tram', 'form.card'],
    ['aggregates', '/console#/data/aggregates', '.table td:has-text("water consumption")'],
    ['the import', '/console#/data/import', 'input[type=file]'],
    ['subscriptions', '/console#/operate/subscriptions', '.table td:has-text("Car parks that are full")'],
    ['registrations', '/console#/operate/registrations', '.page .note'],
    ['peers', '/console#/operate/peers', '.page .note'],
    ['jobs', '/console#/operate/jobs', '.table td:has-text("UTC")'],
    ['tenants', '/console#/operate/tenants', '.table td:has-text("default")'],
    ['contexts', '/console#/operate/contexts', '.table td:has-text("parking/context.jsonld")'],
    ['metrics', '/console#/operate/metrics', '.figures dd'],
    ['the log', '/console#/operate/log', 'label:has-text("Level") select'],
    ['the builder of requests', '/console#/explore', '.request'],
    ['the public face', '/city', '.list li'],
  ])('%s', async (_, address, selector) => {
    await page.setViewportSize({ width: 1280, height: 800 });
    expect(await findingsAt(address, selector)).toEqual([]);
  });

  test('on a phone, nothing is wider than the screen', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    for (const address of [
      '/console#/city',
      '/console#/dashboards',
      '/console#/operate/subscriptions',
      '/console#/explore',
      '/console#/data',
      '/console#/data/publish?type=Tram',
      '/console#/data/import',
    ]) {
      await page.goto(url + address);
      await page.waitForSelector('main h1', { state: 'attached' });
      const width = await page.evaluate('document.documentElement.scrollWidth');
      expect([address, width]).toEqual([address, 360]);
    }
  });

  test("the mayor's page speaks Slovenian and fits a phone", async () => {
    await page.goto(`${url}/city?lang=sl#/dashboards/mayor`);
    await page.waitForSelector('.mayor h2:has-text("Kranj danes")');
    await page.waitForSelector('.lines li:has-text("Prosta parkirna mesta")');
    expect(await seriousFindings(page)).toEqual([]);
    await page.click('button:has-text("In English")');
  });

  test('the public face has no pages for those who run the broker', async () => {
    await page.goto(`${url}/city#/operate/subscriptions`);
    await page.waitForSelector('.list li');
    expect(await page.locator('nav.menu a').count()).toBe(3);
  });
});

describe('jobs of people', () => {
  beforeAll(() => page.setViewportSize({ width: 1280, height: 800 }));

  test('find out why a receiver was not told', async () => {
    await page.goto(`${url}/console#/operate/subscriptions`);
    await page.click('.opener:has-text("Car parks that are full")');
    await page.fill('input[placeholder^="urn:ngsi-ld"]', 'urn:ngsi-ld:OffStreetParking:kranj:huje');
    await page.click('button:has-text("Why was nobody told?")');
    await page.waitForSelector('.verdict:has-text("is not notified, because q asks for")');
  });

  test('pause a subscription, and delete it only after a second click', async () => {
    await page.click('button:text-is("Pause")');
    await page.waitForSelector('.table td:has-text("paused")');
    if ((await page.locator('button:text-is("Delete")').count()) === 0)
      await page.click('.opener:has-text("Car parks that are full")');
    await page.click('button:text-is("Delete")');
    expect((await api('/subscriptions/urn:ngsi-ld:Subscription:pages')).status).toBe(200);
    await page.click('button:has-text("really")');
    await page.locator('.opener:has-text("Car parks that are full")').waitFor({ state: 'detached' });
    expect((await api('/subscriptions/urn:ngsi-ld:Subscription:pages')).status).toBe(404);
  });

  test('see why a sensor is marked bad, and acknowledge its alert', async () => {
    await page.goto(`${url}/console#/dashboards/alerts`);
    await page.click('.alerts a:has-text("Air quality Center")');
    await page.waitForSelector('.reading:has-text("radon") .mark:has-text("suspect: outside of its range")');
    await page.click('.alerts button:text-is("Acknowledge")');
    await page.fill('label:has-text("Your name") input', 'Ana');
    await page.click('form button:text-is("Acknowledge")');
    await page.waitForSelector('.alerts .tag:has-text("acknowledged by Ana")');
    const alert = (await (await api('/entities/urn:ngsi-ld:Alert:range')).json()) as Record<string, unknown>;
    expect(alert['status']).toMatchObject({ value: 'acknowledged' });
  });

  test('the map colours entities by the quality of their values, and keeps that in the address', async () => {
    await page.goto(`${url}/console#/city?quality=suspect`);
    await page.waitForSelector('.count:has-text("1")');
    await page.click('.legend button:text-is("Quality")');
    await page.waitForSelector('.legend li:has-text("suspect")');
    expect(page.url()).toContain('quality=suspect&colour=quality');
  });

  test('the map goes back in time, and returns', async () => {
    await page.goto(`${url}/console#/city?type=OffStreetParking`);
    await page.click('button:text-is("Past")');
    await page.focus('.past input');
    await page.keyboard.press('ArrowLeft');
    await page.waitForSelector('.list li:has-text("hr. ago"), .list li:has-text("min. ago")');
    await page.waitForSelector('.item-value b:has-text("%")');
    expect(page.url()).toContain('at=20');
    expect(await seriousFindings(page)).toEqual([]);
    await page.click('.past button:text-is("Now")');
    await page.waitForSelector('button:text-is("Past")');
  });

  test('what an aggregate published, and what it withheld', async () => {
    await page.goto(`${url}/console#/data/aggregates`);
    await page.click('.opener >> nth=0');
    await page.waitForSelector('.table td:has-text("all together")');
    await page.waitForSelector('label:has-text("Period") select');
    expect(await seriousFindings(page)).toEqual([]);
  });

  test('run a job now', async () => {
    await page.goto(`${url}/console#/operate/jobs`);
    await page.click('.opener >> nth=0');
    await page.click('button:text-is("Run now")');
    await page.waitForSelector('tr:has(.opener.is-open) td:has-text("done")');
  });

  test('send a dead letter again', async () => {
    let status = 400;
    const received: string[] = [];
    const receiver = createServer((request, response) => {
      received.push(request.method ?? '');
      response.writeHead(status).end();
    }).listen(0, '127.0.0.1');
    await new Promise((done) => receiver.once('listening', done));
    const uri = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const entities = [{ id: 'urn:x:letter', type: 'Letter' }];
    const description = 'Letters';
    expect(
      (
        await api('/subscriptions', {
          type: 'Subscription',
          description,
          entities,
          notification: { endpoint: { uri } },
        })
      ).status,
    ).toBe(201);
    expect((await api('/entities', { id: 'urn:x:letter', type: 'Letter', n: 1 })).status).toBe(201);
    while (received.length === 0) await new Promise((done) => setTimeout(done, 50));
    status = 204;
    await page.goto(`${url}/console`);
    await page.goto(`${url}/console#/operate/subscriptions`);
    await page.click('.opener:has-text("Letters")');
    await page.waitForSelector('td:has-text("the answer has status 400")');
    await page.click('button:has-text("Send all again")');
    while (received.length === 1) await new Promise((done) => setTimeout(done, 50));
    await page.click('.opener:has-text("Letters")');
    await page.click('.opener:has-text("Letters")');
    await page.waitForSelector('.note:has-text("There are no dead letters")');
    receiver.close();
  });

  test('a long list has pages, and says that there is more', async () => {
    for (let n = 0; n < 50; n += 1) {
      const entities = [{ type: 'Nothing' }];
      const notification = { endpoint: { uri: 'http://receiver.example/' } };
      const paused = { type: 'Subscription', description: `Paused ${n}`, isActive: false, entities, notification };
      expect((await api('/subscriptions', paused)).status).toBe(201);
    }
    await page.goto(`${url}/console`);
    await page.goto(`${url}/console#/operate/subscriptions`);
    await page.waitForSelector('.pager:has-text("1–50, there is more")');
    await page.click('button:text-is("Next page")');
    await page.waitForSelector('.pager:has-text("51–51")');
    expect(await page.isDisabled('button:text-is("Next page")')).toBe(true);
    expect(await page.locator('.opener').count()).toBe(1);
  });

  test('build a request, and send it', async () => {
    await page.goto(`${url}/console#/explore`);
    await page.selectOption('label:has-text("Type") select', `${parking}OffStreetParking`);
    await page.click('button:has-text("Add a condition")');
    await page.selectOption('label:has-text("Attribute") select', `${parking}totalSpotNumber`);
    await page.selectOption('label:has-text("Comparison") select', '>');
    await page.fill('label:has-text("Value") input', '100');
    await page.click('button:text-is("Send")');
    await page.waitForSelector('[role=status]:has-text("200")');
    expect(await page.textContent('.request')).toContain('totalSpotNumber>100');
    await page.click('button:text-is("Aggregates")');
    await page.click('button:text-is("Send")');
    await page.waitForSelector('pre:has-text("avg")');
  });

  test('follow a query live', async () => {
    await page.click('button:text-is("Follow live")');
    await page.waitForSelector('.note:has-text("Waiting")');
    const path = `/entities/urn:ngsi-ld:OffStreetParking:kranj:huje/attrs/${encodeURIComponent(`${parking}totalSpotNumber`)}`;
    // Changes from before the stream was open are not shown.
    for (let spots = 215; (await page.locator('.tail li:has-text("huje")').count()) === 0; spots += 1) {
      await fetch(`${url}/ngsi-ld/v1${path}`, { method: 'PATCH', headers: json, body: `{"value": ${spots}}` });
      await page.waitForTimeout(100);
    }
    await page.click('button:text-is("Stop")');
  });

  test('describe data that nobody has described, see what leaves, and publish it', async () => {
    await page.goto(`${url}/console#/data/datasets`);
    await page.click('tr:has-text("Device") a:has-text("Describe and publish")');
    await page.click('button:has-text("Check, and show what leaves")');
    await page.waitForSelector('label:has-text("Title (Slovenian)") .failure');
    expect(await page.isDisabled('button:text-is("Publish")')).toBe(true);
    await page.fill('label:has-text("Title (Slovenian)") input', 'Naprave');
    await page.fill('label:has-text("Name in URLs") input', 'noise');
    await page.selectOption('label:has-text("Personal data") select', 'none');
    await page.click('button:has-text("Check, and show what leaves")');
    await page.waitForSelector('label:has-text("Name in URLs") .failure:has-text("Another dataset")');
    await page.fill('label:has-text("Name in URLs") input', 'devices');
    await page.click('text=all, also those that come later');
    await page.uncheck('label.check:has-text("serial number") input');
    await page.click('button:has-text("Check, and show what leaves")');
    await page.waitForSelector('[role=status]:has-text("The rules of catalogues are met")');
    expect(await page.locator('.cells tbody tr').count()).toBe(10);
    expect(await page.locator('.cells th:text-is("serialNumber")').count()).toBe(0);
    expect(await seriousFindings(page)).toEqual([]);
    await page.click('button:text-is("Publish")');
    await page.waitForSelector('text=Everybody gets it');
    const file = await (await fetch(`${url}/data/devices.csv`)).text();
    expect(file.split('\r\n')[0]).not.toContain('serialNumber');
    expect(await (await fetch(`${url}/dcat/catalog`)).text()).toContain('Naprave');
  });

  test('change the description of a dataset, and hold it back', async () => {
    const theme = 'https://smartdatamodels.org/dataModel.DCAT-AP/theme';
    await fetch(`${url}/ngsi-ld/v1/entities/urn:ngsi-ld:Dataset:devices/attrs`, {
      method: 'POST',
      headers: json,
      // A title that is a plain text, as other programs write it, becomes one in languages.
      body: JSON.stringify({
        [theme]: { type: 'Property', value: ['ENVI', 'TRAN'] },
        title: { type: 'Property', value: 'Naprave' },
      }),
    });
    await page.goto(`${url}/console#/data/datasets`);
    await page.click('.opener:has-text("Naprave")');
    await page.click('.detail a:has-text("Edit")');
    await page.fill('label:has-text("Title (English)") input', 'Devices');
    await page.fill('label:has-text("Title (Slovenian)") input', '');
    await page.click('button:has-text("Check, and show what leaves")');
    await page.click('button:text-is("Save without publishing")');
    await page.waitForSelector('text=Saved, and not published');
    expect((await fetch(`${url}/data/devices.csv`)).status).toBe(404);
    const entity = (await (await api('/entities/urn:ngsi-ld:Dataset:devices')).json()) as Record<string, unknown>;
    expect(Object.values(entity)).toContainEqual({ type: 'LanguageProperty', languageMap: { en: 'Devices' } });
    expect(entity[theme]).toEqual({ type: 'Property', value: ['ENVI', 'TRAN'] });
  });

  const entityOf = async (id: string): Promise<Record<string, unknown>> =>
    (await (await api(`/entities/${id}`)).json()) as Record<string, unknown>;

  const choose = (name: string, content: string | Buffer): Promise<void> =>
    page.setInputFiles('input[type=file]', { name, mimeType: '', buffer: Buffer.from(content) });

  test('import CSV as spreadsheets write it here: guess, drag, type, mend what is rejected', async () => {
    await page.goto(`${url}/console#/data/import`);
    const header = 'Koda;Datum;Zemljepisna širina;Zemljepisna dolžina;Mest;Temp [°C]';
    const good = Array.from({ length: 19 }, (_, n) => `P${n};${n + 1}.3.2026 8:05;46,25;14,35;${100 + n};${n},5`);
    await choose('garages.csv', [header, ...good, 'P19;1.3.2026 8:05;46,25;14,35;full;1,5'].join('\r\n'));
    await page.fill('label:has-text("Time zone") input', 'Europe/Ljubljana');
    await page.waitForSelector('[role=status]:has-text("19 fit")');
    await page.waitForSelector('td:has-text("Mest is \\"full\\", which is no number")');
    expect(await page.inputValue('label:has-text("Id of the entity") input')).toBe('urn:ngsi-ld:Garages:{Koda}');
    expect(await page.inputValue('[aria-label="Datum: Pattern of the time"]')).toBe('d.M.yyyy H:mm');
    expect(await page.inputValue('[aria-label="Temp [°C]: Unit"]')).toBe('°C');
    await page.fill('label.choice:has-text("Type") >> input[list=known-types]', 'OffStreetParking');
    await page.dragAndDrop('.draggable:text-is("totalSpotNumber")', 'tr:has(th:text-is("Mest"))');
    await page.fill('[aria-label="Koda: Attribute"]', 'name');
    expect(await seriousFindings(page)).toEqual([]);
    await page.click('button:text-is("Import (20)")');
    await page.waitForSelector('.verdict:has-text("19 imported")');
    // What was imported is still there when the person has looked at something else.
    await page.click('nav.menu a:has-text("Dashboards")');
    await page.waitForSelector('.kpi-value');
    await page.goto(`${url}/console#/data/import`);
    await page.waitForSelector('.verdict:has-text("19 imported")');
    await page.fill('[aria-label="Row 20: Mest"]', '119');
    expect(await seriousFindings(page)).toEqual([]);
    await page.click('button:text-is("Send again (1)")');
    await page.waitForSelector('.verdict:has-text("20 imported")');
    const entity = await entityOf('urn:ngsi-ld:Garages:P19');
    expect(entity['type']).toBe(`${parking}OffStreetParking`);
    expect(entity[`${parking}totalSpotNumber`]).toMatchObject({ value: 119, observedAt: '2026-03-01T07:05:00Z' });
    expect(entity['temp']).toMatchObject({ value: 1.5, unitCode: 'CEL' });
    expect(entity['location']).toMatchObject({ value: { coordinates: [14.35, 46.25] } });
  });

  test.each([
    [
      'XLSX',
      'trees.xlsx',
      // A spreadsheet stores fractions of days: 00:05:00 is read as 00:04:59.999.
      xlsxOf([
        ['id', 'height', 'measured'],
        ['oak', 12.5, new Date('2026-03-29T00:05:00Z')],
        ['elm', 7, new Date('2026-03-29T02:30:00Z')],
      ]),
      ':05:00',
    ],
    ['JSON', 'trees.json', '[{"id": "oak", "height": 12.5}, {"id": "elm", "height": 7}]', 'oak'],
    [
      'GeoJSON',
      'trees.json',
      JSON.stringify({
        type: 'FeatureCollection',
        features: [
          {
            type: 'Feature',
            id: 'oak',
            properties: { height: 12.5 },
            geometry: { type: 'Point', coordinates: [14, 46] },
          },
        ],
      }),
      'oak',
    ],
  ])('import %s', async (kind, name, content, part) => {
    const type = `${kind}Tree`;
    await page.goto(`${url}/console#/data`);
    await page.goto(`${url}/console#/data/import`);
    await choose(name, content);
    await page.fill('label.choice:has-text("Type") >> input[list=known-types]', type);
    await page.fill('label:has-text("Id of the entity") input', `urn:x:${type}:{${kind === 'GeoJSON' ? '$id' : 'id'}}`);
    await page.click('button:has-text("Import (")');
    await page.waitForSelector(`.verdict:has-text("${kind === 'GeoJSON' ? 1 : 2} imported")`);
    const oak = await entityOf(`urn:x:${type}:oak`);
    expect(oak['height']).toMatchObject({ value: 12.5 });
    expect(JSON.stringify(oak)).toContain(part);
  });

  test('say why a file cannot be imported', async () => {
    await choose('empty.csv', 'a,b\n');
    await page.waitForSelector('.failure:has-text("no rows with data")');
    await page.fill('label:has-text("an address") input', 'https://elsewhere.example/a.csv');
    await page.click('button:text-is("Read")');
    await page.waitForSelector('.failure:has-text("may not read from other hosts")');
    await page.fill('label:has-text("an address") input', '/data/noise.csv');
    await page.click('button:text-is("Read")');
    await page.waitForSelector('h2:has-text("3. Preview")');
  });

  test('take data out as CSV', async () => {
    await page.goto(`${url}/console#/data`);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.click('tr:has-text("OffStreetParking") button:text-is("CSV")'),
    ]);
    expect(download.suggestedFilename()).toBe('OffStreetParking.csv');
    const rows = readFileSync(await download.path(), 'utf8')
      .trim()
      .split('\r\n');
    // Those of the city, and those that were imported above.
    expect(rows.length).toBe(1 + 10 + 20);
    expect(rows[0]).toContain('totalSpotNumber');
    expect(rows.some((row) => row.includes('"{""type"":""Point""'))).toBe(true);
  });
});

test('the first view is small before the map is loaded', async () => {
  const html = await (await fetch(`${url}/console`)).text();
  const names = [...html.matchAll(/(?:src|href)="(\/console\/assets\/[^"]+)"/g)].map(([, name = '']) => name);
  expect(names.length).toBeGreaterThan(1);
  const sizes = await Promise.all(
    names.map(async (name) => (await (await fetch(url + name)).arrayBuffer()).byteLength),
  );
  expect(sizes.reduce((sum, size) => sum + size, html.length)).toBeLessThan(300_000);
});

test('no page complained of anything', () => expect(opened.complaints).toEqual([]));
