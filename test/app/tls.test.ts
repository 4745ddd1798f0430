/** Tests HTTPS with the certificate of the operator: every binding, new certificates without a restart, and the headers that need TLS. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { type Broker, startBroker } from '../../src/app/broker.ts';
import { readConfig } from '../../src/app/config/read-config.ts';
import { makeCertificate } from '../edge/mqtt/certificate.ts';

const [first, second] = [makeCertificate(), makeCertificate()];

let folder = '';
const started: Broker[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlaka-tls-'));
});
afterEach(async () => {
  for (const broker of started.splice(0)) await broker.stop();
  rmSync(folder, { recursive: true, force: true });
});

type Pair = NonNullable<typeof first>;

function write({ cert, key }: { readonly cert: string; readonly key: string }): readonly string[] {
  const files = [join(folder, 'cert.pem'), join(folder, 'key.pem')] as const;
  writeFileSync(files[0], cert);
  writeFileSync(files[1], key);
  return ['--tls-cert', files[0], '--tls-key', files[1]];
}

async function start(...args: readonly string[]): Promise<number> {
  const fixed = ['--port', '0', '--store', 'memory', '--data', folder, '--log-level', 'silent'];
  const broker = await startBroker(readConfig({ args: [...fixed, ...args], env: {} }));
  started.push(broker);
  expect(broker.url).toMatch(/^https:/);
  return Number(new URL(broker.url).port);
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
}

/** Sends a GET to a broker whose certificate must be this one. `until`: ends an answer without end. */
function get(port: number, path: string, ca: string, until?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: 'localhost', family: 4, port, path, ca, agent: false }, (response) => {
      const { statusCode: status = 0, headers } = response;
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (until === undefined || !text.includes(until)) return;
        asked.destroy();
        resolve({ status, headers, text });
      });
      response.on('end', () => resolve({ status, headers, text }));
    });
    asked.on('error', reject).end();
  });
}

/** Asks until the answer is as wanted. */
async function eventually(ask: () => Promise<string>, isWanted: (text: string) => boolean): Promise<void> {
  while (!isWanted(await ask())) await wait(100);
}

const describeWithCertificates = first && second ? describe : describe.skip;

describeWithCertificates('a broker with a certificate', () => {
  const [one, other] = [first, second] as readonly [Pair, Pair];

  test('answers the API, its pages, and both streams by TLS', async () => {
    const port = await start(...write(one));
    const answer = await get(port, '/ngsi-ld/v1/types', one.cert);
    expect([answer.status, answer.headers['strict-transport-security']]).toEqual([200, 'max-age=31536000']);
    expect((await get(port, '/openapi.yaml', one.cert)).text).toContain(`url: https://localhost:${port}\n`);
    const events = await get(port, '/ngsi-ld/v1/stream?type=Lamp', one.cert, 'retry: ');
    expect(events.headers['content-type']).toBe('text/event-stream');
    const socket = new WebSocket(`wss://localhost:${port}/ngsi-ld/v1/stream`, 'ngsi-ld-ws.v1', {
      ca: one.cert,
      family: 4,
      origin: `https://localhost:${port}`,
    });
    const hello = await new Promise((resolve, reject) => {
      socket.on('message', (data: Buffer) => resolve(JSON.parse(data.toString())));
      socket.on('error', reject);
    });
    expect(hello).toMatchObject({ op: 'hello' });
    socket.close();
  });

  test('takes no TLS older than 1.2, and no plain HTTP', async () => {
    const port = await start(...write(one));
    const protocolOf = (maxVersion: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'): Promise<string | null> =>
      new Promise((resolve) => {
        const ciphers = 'DEFAULT@SECLEVEL=0';
        const options = { host: '127.0.0.1', port, ca: one.cert, servername: 'localhost', ciphers } as const;
        const socket = connect({ ...options, minVersion: 'TLSv1', maxVersion }, () => {
          resolve(socket.getProtocol());
          socket.end();
        });
        socket.on('error', () => resolve(null));
      });
    expect([await protocolOf('TLSv1.1'), await protocolOf('TLSv1.2'), await protocolOf('TLSv1.3')]).toEqual([
      null,
      'TLSv1.2',
      'TLSv1.3',
    ]);
    await expect(fetch(`http://127.0.0.1:${port}/version`)).rejects.toThrow();
  });

  test('uses a new certificate without a restart, and keeps it when the next one is wrong', async () => {
    const port = await start(...write(one), '--access', 'open');
    const statusWith = ({ cert }: Pair): Promise<string> =>
      get(port, '/health/live', cert).then(
        ({ status }) => String(status),
        () => 'refused',
      );
    expect([await statusWith(one), await statusWith(other)]).toEqual(['204', 'refused']);
    write(other);
    await eventually(
      () => statusWith(other),
      (status) => status === '204',
    );
    expect(await statusWith(one)).toBe('refused');
    write({ cert: one.cert, key: other.key });
    const metrics = async (): Promise<string> => (await get(port, '/metrics', other.cert)).text;
    await eventually(metrics, (text) => text.includes('mlaka_failures_total{where="TLS certificate"} 1'));
    expect(await statusWith(other)).toBe('204');
    expect(await metrics()).toMatch(/mlaka_tls_certificate_end_seconds\{file="[^"]+"\} 1\.?\d+/);
  }, 30_000);

  test('does not start with files that it cannot use', async () => {
    const [, certFile = '', , keyFile = ''] = write({ cert: one.cert, key: other.key });
    await expect(start('--tls-cert', certFile, '--tls-key', keyFile)).rejects.toThrow(/cannot be used: .*mismatch/);
    await expect(start('--tls-cert', certFile)).rejects.toThrow('need each other');
    await expect(start('--tls-cert', join(folder, 'none'), '--tls-key', keyFile)).rejects.toThrow(/ENOENT/);
    writeFileSync(certFile, 'no certificate');
    await expect(start('--tls-cert', certFile, '--tls-key', keyFile)).rejects.toThrow(/cannot be used/);
  });
});
