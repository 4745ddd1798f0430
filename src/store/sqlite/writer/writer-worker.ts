/** The writer's thread: commits everything that has arrived in one transaction per tenant, then answers. */
import { type MessagePort, parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { failureOf } from '../failure.ts';
import { type Ledger, openLedger } from './ledger.ts';
import type { FromWriter, Reply, Request, ToWriter } from '../message.ts';

/** Writes in one group at most: bounds how long the first of them waits. */
const groupMax = 2000;

/** Only the main thread's writer posts here: whatever comes is a message of its own, and nothing means that nothing waits. */
const isToWriter = (message: unknown): message is ToWriter => message !== undefined;

if (parentPort) serve(parentPort);

function serve(port: MessagePort): void {
  const ledgers = new Map<string, Ledger>();
  const say = (message: FromWriter): void => port.postMessage(message);
  const tidier = createTidier(ledgers, say);

  port.on('message', (first: unknown) => {
    const { requests, isLast } = gather(port, first);
    for (const [path, group] of Map.groupBy(requests, (request) => request.path)) {
      say(commitIn(ledgers, path, group));
    }
    tidier.wake();
    if (isLast) close();
  });

  const close = (): void => {
    tidier.stop();
    for (const ledger of ledgers.values()) ledger.close();
    say({ kind: 'closed' });
    port.close();
  };
}

/** All that has arrived so far, up to the bound: while one group is committed, the next one gathers. */
function gather(
  port: MessagePort,
  first: unknown,
): { readonly requests: readonly Request[]; readonly isLast: boolean } {
  const requests: Request[] = [];
  let weight = 0;
  for (let message = first; isToWriter(message); message = next(port)) {
    if (message === 'close') return { requests, isLast: true };
    requests.push(...message);
    for (const request of message) weight += request.weight;
    if (weight >= groupMax) break;
  }
  return { requests, isLast: false };
}

const next = (port: MessagePort): unknown => receiveMessageOnPort(port)?.message;

function commitIn(ledgers: Map<string, Ledger>, path: string, group: readonly Request[]): FromWriter {
  try {
    const ledger = ledgers.get(path) ?? openLedger(path);
    ledgers.set(path, ledger);
    const replies = ledger.commit(group);
    const position = ledger.position();
    if (group.some(({ job }) => job.op === 'close') || replies.some(isLost)) {
      ledgers.delete(path);
      ledger.close();
    }
    return { kind: 'done', path, position, replies };
  } catch (error) {
    const failure = failureOf(error, path);
    return { kind: 'done', path, position: 0, replies: group.map(({ seq }): Reply => ({ seq, failure })) };
  }
}

/** A file that cannot be used is opened anew by the next request: somebody may have put another in its place. */
const isLost = (reply: Reply): boolean => 'failure' in reply && reply.failure.problem?.type === 'TenantUnavailable';

interface Tidier {
  wake(): void;
  stop(): void;
}

/** Does what need not be done before an answer, in small pieces, whenever no message is waiting. */
function createTidier(ledgers: ReadonlyMap<string, Ledger>, say: (message: FromWriter) => void): Tidier {
  let next: NodeJS.Immediate | undefined;
  const tidyAll = (): boolean => {
    try {
      return [...ledgers.values()].filter((ledger) => ledger.tidy()).length > 0;
    } catch (error) {
      say({ kind: 'failed', where: 'store: tidying', message: String(error) });
      return false;
    }
  };
  const wake = (): void => {
    next ??= setImmediate(() => {
      next = undefined;
      if (tidyAll()) wake();
    });
  };
  return { wake, stop: () => next && clearImmediate(next) };
}
