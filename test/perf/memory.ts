/**
 * Measures the resident memory of a broker before and during an attack of hostile and slow clients.
 * By hand: node test/perf/memory.ts [--only PART-OF-NAME] [--in FOLDER-OF-ANOTHER-CHECKOUT] [options of the broker]
 */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, startChild } from './child.ts';

const [, , ...all] = process.argv;

/** Takes an option of this program out of the arguments. */
function take(name: string): string | undefined {
  const at = all.indexOf(name);
  return at < 0 ? undefined : all.splice(at, 2)[1];
}

const only = take('--only') ?? '';
const other = take('--in');
const file = other === undefined ? './broker-process.ts' : pathToFileURL(`${other}/test/perf/broker-process.ts`).href;
const mebibyte = 2 ** 20;

/** Resident memory of a process in MiB, told by the system: a process that is busy could not. */
const residentOf = (pid: number): number =>
  (Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096) / mebibyte;

interface Measured {
  /** What came of it, in words. */
  readonly outcome: string;
}

type Measurement = readonly [
  name: string,
  prepare: (child: Child) => Promise<void>,
  run: (child: Child) => Promise<Measured>,
];

async function post(child: Child, path: string, body: string): Promise<void> {
  const answer = await fetch(`${child.url}/ngsi-ld/v1${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body,
  });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`The broker is not prepared: ${answer.status}.`);
}

const megabyte = 'x'.repeat(1_000_000);
const entity = (n: number, value = ''): object => ({
  id: `urn:ngsi-ld:Large:${n}`,
  type: 'Large',
  text: { type: 'Property', value: `${value}${megabyte}` },
});

/** Entities of a megabyte each. */
async function fill(child: Child, count: number): Promise<void> {
  for (let n = 0; n < count; n += 5) {
    const some = Array.from({ length: Math.min(5, count - n) }, (_, at) => entity(n + at));
    await post(child, '/entityOperations/upsert', JSON.stringify(some));
  }
}

function open(child: Child, onData: (text: string) => void): Socket {
  const { hostname, port } = new URL(child.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined).on('data', (data) => onData(data.toString()));
  return socket;
}

/** Sends all of a body but its last byte. Answers the status of an answer that comes meanwhile, or "waits". */
async function sendUnfinished(child: Child, bytes: number, sockets: Socket[]): Promise<string> {
  let status = '';
  const socket = open(child, (text) => (status ||= text.slice(9, 12)));
  sockets.push(socket);
  socket.write(
    `POST /ngsi-ld/v1/entityOperations/create HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n`,
  );
  const piece = Buffer.alloc(mebibyte, ' ');
  for (let sent = 1; sent < bytes && status === '' && !socket.destroyed; sent += piece.length) {
    if (socket.write(piece.subarray(0, Math.min(piece.length, bytes - sent)))) continue;
    await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), sleep(2000)]);
  }
  return status === '' ? 'waits' : status;
}

const summary = (words: readonly string[]): string =>
  [...Map.groupBy(words, (word) => word)].map(([word, list]) => `${list.length} × ${word}`).join(', ');

async function bodies(child: Child): Promise<Measured> {
  const sockets: Socket[] = [];
  const statuses = await Promise.all(Array.from({ length: 30 }, () => sendUnfinished(child, 63 * mebibyte, sockets)));
  await sleep(1000);
  for (const socket of sockets) socket.destroy();
  return { outcome: summary(statuses) };
}

/** Reads a page as fast as it comes. */
const page =
  (query: string, accept: string) =>
  async (child: Child): Promise<Measured> => {
    const answer = await fetch(`${child.url}/ngsi-ld/v1/entities?type=Large&limit=600${query}`, {
      headers: { Accept: accept },
    });
    let bytes = 0;
    for await (const piece of answer.body as ReadableStream<Uint8Array>) bytes += piece.length;
    return { outcome: `${answer.status}, ${Math.round(bytes / mebibyte)} MiB` };
  };

/** Asks for something, reads the first bytes of the answer, and nothing any more. */
const silent =
  (head: string, then: (child: Child) => Promise<void> = () => sleep(0), readers = 100) =>
  async (child: Child): Promise<Measured> => {
    const statuses: string[] = [];
    const sockets = Array.from({ length: readers }, () => {
      const socket = open(child, (text) => {
        statuses.push(text.slice(9, 12));
        socket.pause();
      });
      socket.write(head);
      return socket;
    });
    await sleep(2000);
    await then(child);
    await sleep(5000);
    for (const socket of sockets) socket.destroy();
    return { outcome: summary(statuses) };
  };

const host = 'Host: localhost\r\n';
const changes = async (child: Child): Promise<void> => {
  for (let n = 0; n < 40; n += 1)
    await post(child, '/entityOperations/upsert', JSON.stringify([entity(n % 4, String(n))]));
};
const upgrade = `GET /ngsi-ld/v1/stream HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ngsi-ld-ws.v1\r\n\r\n`;

/** A text frame of less than 64 KiB, masked with zeros. */
function frameOf(text: string): string {
  const { length } = text;
  const head = length < 126 ? [0x81, 0x80 | length] : [0x81, 0x80 | 126, length >> 8, length & 0xff];
  return `${String.fromCharCode(...head, 0, 0, 0, 0)}${text}`;
}

const subscribe = frameOf(
  JSON.stringify({
    op: 'subscribe',
    id: '1',
    subscription: { type: 'Subscription', entities: [{ type: 'Large' }], notification: {} },
  }),
);

const webSockets = async (child: Child): Promise<Measured> => {
  const sockets = Array.from({ length: 100 }, () => {
    const socket = open(child, (text) => {
      if (!text.startsWith('HTTP/1.1 101')) return;
      socket.write(subscribe, 'latin1');
      setTimeout(() => socket.pause(), 1000);
    });
    socket.write(upgrade);
    return socket;
  });
  await sleep(2500);
  await changes(child);
  await sleep(5000);
  const outcome = `${sockets.filter(({ destroyed }) => !destroyed).length} open here`;
  for (const socket of sockets) socket.destroy();
  return { outcome };
};

const fillPage = (child: Child): Promise<void> => fill(child, 600);

/** A thousand entities of 15 kB. */
async function fillSmall(child: Child): Promise<void> {
  for (let n = 0; n < 1000; n += 200) {
    const some = Array.from({ length: 200 }, (_, at) => ({
      ...entity(n + at),
      text: { type: 'Property', value: 'x'.repeat(15_000) },
    }));
    await post(child, '/entityOperations/upsert', JSON.stringify(some));
  }
}

const fillSome = (child: Child): Promise<void> => fill(child, 26);

const measurements: readonly Measurement[] = [
  ['30 unfinished bodies of 63 MiB', () => Promise.resolve(), bodies],
  ['a page of 600 entities of 1 MB, JSON', fillPage, page('', 'application/json')],
  ['a page of 600 entities of 1 MB, JSON-LD, keyValues', fillPage, page('&format=keyValues', 'application/ld+json')],
  ['a page of 600 entities of 1 MB, GeoJSON', fillPage, page('', 'application/geo+json')],
  ['a page of 600 entities of 1 MB, by q', fillPage, page('&q=text', 'application/json')],
  ['a page of 600 entities of 1 MB, in order', fillPage, page('&orderBy=id', 'application/json')],
  [
    '100 readers of 26 MB that never read, HTTP',
    fillSome,
    silent(`GET /ngsi-ld/v1/entities?type=Large&limit=100 HTTP/1.1\r\n${host}\r\n`),
  ],
  [
    '100 readers of 1 MB that never read, HTTP',
    fillSome,
    silent(`GET /ngsi-ld/v1/entities/urn:ngsi-ld:Large:1 HTTP/1.1\r\n${host}\r\n`),
  ],
  [
    '100 readers of 1,000 entities of 15 kB that never read',
    fillSmall,
    silent(`GET /ngsi-ld/v1/entities?type=Large&limit=1000 HTTP/1.1\r\n${host}\r\n`),
  ],
  [
    '2 readers that never read, 600 requests of 1,000 entities of 15 kB each',
    fillSmall,
    silent(`GET /ngsi-ld/v1/entities?type=Large&limit=1000 HTTP/1.1\r\n${host}\r\n`.repeat(600), undefined, 2),
  ],
  [
    '100 readers of 1,000 entities of 15 kB that never read, NGSI v2',
    fillSmall,
    silent(`GET /v2/entities?type=Large&limit=1000 HTTP/1.1\r\n${host}\r\n`),
  ],
  ['100 readers of 40 changes of 1 MB that never read, WebSocket', fillSome, webSockets],
  [
    '100 readers of 40 changes of 1 MB that never read, Server-Sent Events',
    fillSome,
    silent(`GET /ngsi-ld/v1/stream?type=Large HTTP/1.1\r\n${host}Accept: text/event-stream\r\n\r\n`, changes),
  ],
];

process.stdout.write('| what | came of it | before | at most | more |\n|---|---|--:|--:|--:|\n');
for (const [name, prepare, run] of measurements.filter(([name]) => name.includes(only))) {
  const child = await startChild(file, ['--models', 'off', ...all]);
  await prepare(child);
  await sleep(3000);
  const before = residentOf(child.pid);
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, residentOf(child.pid))), 20);
  const { outcome } = await run(child).catch((error: unknown) => ({ outcome: String(error) }));
  clearInterval(watch);
  process.stdout.write(
    `| ${name} | ${outcome} | ${before.toFixed(0)} MiB | ${most.toFixed(0)} MiB | +${(most - before).toFixed(0)} MiB |\n`,
  );
  await child.stop().catch(() => undefined);
}
