/** Runs the baseline: raw node:http in front of bare SQLite in a worker with group commit, without NGSI-LD. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { answerParent } from './answer-parent.ts';

const [, , folder = ''] = process.argv;
const worker = new Worker(new URL('./floor-worker.ts', import.meta.url), { workerData: join(folder, 'floor.sqlite') });
const texts = new Map<string, Buffer>();
let waiting: { readonly id: string; readonly doc: string; readonly done: () => void }[] = [];
let isBusy = false;

function flush(): void {
  if (isBusy || waiting.length === 0) return;
  const batch = waiting;
  waiting = [];
  isBusy = true;
  worker.once('message', () => {
    isBusy = false;
    for (const { done } of batch) done();
    flush();
  });
  worker.postMessage(batch.map(({ id, doc }) => [id, doc]));
}

function read(request: IncomingMessage, done: (body: Buffer) => void): void {
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => pieces.push(piece));
  request.on('end', () => done(Buffer.concat(pieces)));
}

function answer(response: ServerResponse, status: number, body?: Buffer): void {
  response.writeHead(status, body ? { 'Content-Type': 'application/json', 'Content-Length': body.length } : {});
  response.end(body);
}

const server = createServer((request, response) => {
  const id = request.url ?? '';
  if (request.method === 'GET') return answer(response, texts.has(id) ? 200 : 404, texts.get(id));
  read(request, (body) => {
    const { id: own } = JSON.parse(body.toString()) as { id?: string };
    const key = own ?? id;
    if (request.method === 'PUT') {
      texts.set(id, body);
      return answer(response, 204);
    }
    waiting.push({ id: key, doc: body.toString(), done: () => answer(response, 201) });
    flush();
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  answerParent(`http://127.0.0.1:${port}`, async () => {
    await worker.terminate();
  });
});
