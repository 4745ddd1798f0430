/** Starts the browser of the development packages, and records the errors of its pages. */
import chromium from '@sparticuz/chromium';
import { type Browser, chromium as driver, type Page } from 'playwright-core';
import { startTestBroker, type TestBroker } from '../scenario/scenario.ts';

/** Chromium comes with an npm package, and so do the libraries that a bare machine lacks: both are unpacked where this says. */
export async function launch(): Promise<Browser> {
  process.env['AWS_EXECUTION_ENV'] = 'AWS_Lambda_nodejs22.x';
  const executablePath = await chromium.executablePath();
  const args = [...chromium.args, '--disable-background-networking', '--disable-quic'];
  return driver.launch({
    executablePath,
    args,
    headless: true,
    env: { ...process.env, LD_LIBRARY_PATH: '/tmp/al2023/lib' },
  });
}

/** A broker with its own pages, open in a browser. */
export interface BrokerPage {
  readonly broker: TestBroker;
  readonly page: Page;
  /** The errors of the page and of its console, as they come. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

export async function openBrokerPage(args: readonly string[] = []): Promise<BrokerPage> {
  const broker = await startTestBroker(args);
  const browser = await launch();
  const page = await browser.newPage({ locale: 'en-US' });
  const close = async (): Promise<void> => {
    await browser.close();
    await broker.stop();
  };
  return { broker, page, complaints: complaintsOf(page), close };
}

/** The errors of a page and of its console, as they come. */
export function complaintsOf(page: Page): readonly string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  return complaints;
}
