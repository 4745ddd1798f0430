/** The writer's thread: receives requests and takes one turn per iteration of the event loop. */
import { type MessagePort, parentPort } from 'node:worker_threads';
import type { FromWriter, Reply, ToWriter } from '../message.ts';
import { createDatabaseWriters } from './database-writers.ts';
import { clientOf } from './requests.ts';
import { createScheduler } from './scheduler.ts';

/** A type assertion: only the writer of the main thread posts here. */
const isToWriter = (message: unknown): message is ToWriter => message !== undefined;

if (parentPort) serve(parentPort);

function serve(port: MessagePort): void {
  const clients = new Map<number, MessagePort>();
  const say = (message: FromWriter): void => answerAll(message, port, clients);
  const writers = createDatabaseWriters(say);
  const turns = createScheduler(writers);
  let next: NodeJS.Immediate | undefined;
  let isLast = false;

  const wake = (): void => {
    next ??= setImmediate(() => {
      next = undefined;
      const isMore = turns.take();
      if (isLast && turns.areAnswered()) close();
      else if (isMore) wake();
    });
  };
  const close = (): void => {
    writers.close();
    say({ kind: 'closed' });
    for (const one of [port, ...clients.values()]) one.close();
  };

  const receive = (message: unknown): void => {
    if (!isToWriter(message)) return;
    if (message === 'close') isLast = true;
    else if ('client' in message) admit(message);
    else turns.add(message);
    wake();
  };
  const admit = ({ client, port: own }: NewClient): void => {
    clients.set(client, own);
    own.on('message', receive);
  };
  port.on('message', receive);
}

type NewClient = Extract<ToWriter, { readonly client: number }>;

/** Sends replies to the threads that asked. The main thread hears of each commit, because it announces the positions. */
function answerAll(message: FromWriter, main: MessagePort, clients: ReadonlyMap<number, MessagePort>): void {
  if (message.kind !== 'done' || clients.size === 0) return main.postMessage(message);
  const byClient = new Map<number, Reply[]>([[0, []]]);
  for (const reply of message.replies) {
    const client = clientOf(reply.seq);
    const own = byClient.get(client);
    if (own) own.push(reply);
    else byClient.set(client, [reply]);
  }
  for (const [client, replies] of byClient) (clients.get(client) ?? main).postMessage({ ...message, replies });
}
