/** Runs jobs of ngsijs, in Node and in a page of Chromium. */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { EventSource } from 'eventsource';
import { launch } from '../browser/launch.ts';

/** What every connection has: ngsijs has no types. */
interface AnyConnection {
  readonly ngsi_proxy: { close(): Promise<void> };
}

/** A job. It is carried out in a page too, so that it names nothing around it. */
type Job<Connection> = (connection: Connection, tenant: string) => Promise<readonly unknown[]>;

/** As in a browser: it takes the text of whatever it is given, and finds a listener again that was added with `true`. */
class BrowserEventSource extends EventSource {
  constructor(url: unknown) {
    super(String(url));
  }

  override removeEventListener(type: string, listener: never, options: unknown): void {
    super.removeEventListener(type, listener, { capture: options === true });
  }
}

/** What the job sees in Node. */
export async function runInNode<Connection extends AnyConnection>(
  url: string,
  job: Job<Connection>,
): Promise<readonly unknown[]> {
  Object.assign(globalThis, { EventSource: BrowserEventSource });
  const { Connection: Client } = createRequire(import.meta.url)('ngsijs') as {
    Connection: new (url: string, options: object) => Connection;
  };
  const client = new Client(url, { ngsi_proxy_url: url });
  try {
    return await job(client, 'node');
  } finally {
    await client.ngsi_proxy.close();
  }
}

/** Serves a page with the script of ngsijs, from an origin of its own. */
async function servePage(): Promise<Server> {
  const script = readFileSync(createRequire(import.meta.url).resolve('ngsijs/NGSI.js'));
  const server = createServer(({ url }, response) => {
    response.setHeader('Content-Type', url === '/NGSI.js' ? 'text/javascript' : 'text/html');
    response.end(url === '/NGSI.js' ? script : '<!doctype html><script src="/NGSI.js"></script>');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** What the job sees in a page of another origin than the broker. */
export async function runInPage<Connection>(url: string, job: Job<Connection>): Promise<unknown> {
  const server = await servePage();
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const client = `new NGSI.Connection('${url}', { ngsi_proxy_url: '${url}' })`;
    return await page.evaluate(`(${job.toString()})(${client}, 'chromium')`);
  } finally {
    await browser.close();
    server.close();
  }
}
