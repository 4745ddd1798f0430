/** Opens a page of a broker in a real browser with connections that can be cut, and provides a counter entity in that broker. */
import { expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import { type Proxy, startProxy } from '../client/proxy.ts';
import { startTestBroker } from '../scenario/scenario.ts';
import { complaintsOf, launch } from './launch.ts';

export interface CounterPage {
  readonly page: Page;
  /** What the page complains of. */
  readonly complaints: readonly string[];
  /** The page itself comes through it, so that its connections are of the same origin. */
  readonly proxy: Proxy;
  /** Sets the counter `urn:x:1`. */
  write(n: number): Promise<void>;
  close(): Promise<void>;
}

export async function openCounterPage(): Promise<CounterPage> {
  const broker = await startTestBroker();
  const proxy = await startProxy(broker.url);
  const browser = await launch();
  const page = await browser.newPage();
  const complaints = complaintsOf(page);
  await page.goto(`${proxy.url}/api`);
  return {
    page,
    complaints,
    proxy,
    async write(n) {
      const body = JSON.stringify([{ id: 'urn:x:1', type: 'Counter', n }]);
      const headers = { 'Content-Type': 'application/json' };
      const url = `${broker.url}/ngsi-ld/v1/entityOperations/upsert`;
      expect((await fetch(url, { method: 'POST', body, headers })).ok).toBe(true);
    },
    async close() {
      await browser.close();
      await proxy.stop();
      await broker.stop();
    },
  };
}
