/**
 * Measures the console on a running broker with the demo: how many clicks, keys and seconds five jobs of people take, and how large and how
 * fast the first view is on a processor that is four times slower. `node test/perf/console.ts [URL]`
 */
import chromium from '@sparticuz/chromium';
import { type Browser, chromium as driver, type Page } from 'playwright-core';

const url = process.argv[2] ?? 'http://localhost:1026';

async function launch(): Promise<Browser> {
  process.env['AWS_EXECUTION_ENV'] = 'AWS_Lambda_nodejs22.x';
  const executablePath = await chromium.executablePath();
  const env = { ...process.env, LD_LIBRARY_PATH: '/tmp/al2023/lib' };
  return driver.launch({ executablePath, args: chromium.args, headless: true, env });
}

/** Counts what a person does. Texts that are typed or pasted count once. */
class Person {
  clicks = 0;
  typed = 0;
  readonly page: Page;
  constructor(page: Page) {
    this.page = page;
  }
  async click(selector: string): Promise<void> {
    this.clicks += 1;
    await this.page.click(selector);
  }
  async type(selector: string, text: string): Promise<void> {
    this.typed += 1;
    await this.page.fill(selector, text);
  }
  async choose(selector: string, value: string): Promise<void> {
    this.clicks += 1;
    await this.page.selectOption(selector, value);
  }
  async sees(selector: string): Promise<void> {
    await this.page.waitForSelector(selector);
  }
}

type Job = (person: Person) => Promise<void>;

const receiverJob: Job = async (person) => {
  await person.click('nav.menu a:has-text("Operate")');
  await person.click('.opener >> nth=0');
  await person.type('input[placeholder^="urn:ngsi-ld"]', 'urn:ngsi-ld:OffStreetParking:kranj:huje');
  await person.click('button:has-text("Why was nobody told?")');
  await person.sees('.verdict');
};

const jobs: readonly (readonly [string, Job])[] = [
  [
    'find the fullest car park',
    async (person) => {
      await person.click('nav.menu a:has-text("Dashboards")');
      await person.click('.tabs a:has-text("Parking")');
      await person.sees('.ranking li');
    },
  ],
  [
    'see why an air sensor is marked bad',
    async (person) => {
      await person.click('nav.menu a:has-text("Dashboards")');
      await person.click('.tabs a:has-text("Alerts")');
      await person.click('.alerts a:has-text("Air quality")');
      await person.sees('.alerts:has-text("outside of its range")');
    },
  ],
  [
    'publish a dataset',
    async (person) => {
      await person.click('nav.menu a:has-text("Data")');
      await person.click('.tabs a:has-text("Datasets")');
      await person.click('tr:has-text("Device") a:has-text("Describe and publish")');
      await person.type('label:has-text("Title (Slovenian)") input', 'Naprave');
      await person.choose('label:has-text("Personal data") select', 'none');
      await person.click('button:has-text("Check, and show what leaves")');
      await person.sees('[role=status]:has-text("The rules of catalogues are met")');
      await person.click('button:text-is("Publish")');
      await person.sees('text=Everybody gets it');
    },
  ],
  [
    'import a wide CSV',
    async (person) => {
      await person.click('nav.menu a:has-text("Data")');
      await person.click('.tabs a:has-text("Import")');
      person.clicks += 1;
      const names = Array.from({ length: 48 }, (_, n) => `value${n}`);
      const rows = Array.from({ length: 200 }, (_, n) => [`m${n}`, ...names.map((_name, k) => n + k)].join(';'));
      const buffer = Buffer.from([['id', ...names].join(';'), ...rows].join('\n'));
      await person.page.setInputFiles('input[type=file]', { name: 'meters.csv', mimeType: '', buffer });
      await person.click('button:text-is("Import (200)")');
      await person.sees('.verdict:has-text("200 imported")');
    },
  ],
  ['find out why a receiver was not told', receiverJob],
];

async function measureJob(page: Page, [name, job]: (typeof jobs)[number]): Promise<void> {
  await page.goto('about:blank');
  await page.goto(`${url}/console#/city`);
  await page.waitForSelector('.list li');
  const person = new Person(page);
  const began = performance.now();
  const problem = await job(person).then(
    () => '',
    (error: unknown) => ` FAILED: ${String(error).split('\n')[0] ?? ''}`,
  );
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${name}: ${person.clicks} clicks, ${person.typed} texts, ${seconds} s${problem}`);
}

async function measureFirstView(page: Page): Promise<void> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Network.enable');
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  let bytes = 0;
  cdp.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
  const began = performance.now();
  await page.goto(`${url}/console#/dashboards`);
  await page.waitForSelector('nav.menu a');
  const frame = performance.now() - began;
  await page.waitForSelector('.kpi-value');
  const view = performance.now() - began;
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: 1 });
  console.log(
    `first view at a quarter of the speed: menu after ${Math.round(frame)} ms, figures after ${Math.round(view)} ms,`,
  );
  console.log(`  ${Math.round(bytes / 1024)} KiB, in which the data are`);
}

const browser = await launch();
const page = await browser.newPage({ locale: 'en-US', viewport: { width: 1280, height: 800 } });
await measureFirstView(page);
for (const job of jobs) await measureJob(page, job);
await browser.close();
