/** Runs a server in a separate process, as users do, and measures how long its event loop was blocked. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Delays of the event loop since they were last asked for, in milliseconds. */
export interface LoopDelay {
  readonly p99: number;
  readonly max: number;
  /** The most processor time that the thread took in one go: unlike a delay, it does not grow with what else the machine does. */
  readonly held: number;
}

export interface Child {
  readonly url: string;
  readonly pid: number;
  /** Where it keeps its data. */
  readonly folder: string;
  loopDelay(): Promise<LoopDelay>;
  /** Resident memory in MiB. */
  memory(): Promise<number>;
  /** Processor time that it has used, in milliseconds. */
  cpu(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts `broker-process.ts` or `floor-process.ts` on a fresh folder. */
export async function startChild(file: string, args: readonly string[] = []): Promise<Child> {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-bench-'));
  const child = fork(new URL(file, import.meta.url), [folder, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const { url } = await ask<{ url: string }>(child, undefined);
  return {
    url,
    pid: child.pid ?? 0,
    folder,
    loopDelay: () => ask(child, 'loopDelay'),
    memory: async () => (await ask<{ mebibytes: number }>(child, 'memory')).mebibytes,
    cpu: async () => (await ask<{ ms: number }>(child, 'cpu')).ms,
    async stop() {
      child.send('stop');
      await once(child, 'exit');
      rmSync(folder, { recursive: true });
    },
  };
}

async function ask<T>(child: ChildProcess, question: string | undefined): Promise<T> {
  const stop = new AbortController();
  const died = once(child, 'exit', { signal: stop.signal }).then(([code]) =>
    Promise.reject(new Error(`The child ended with ${String(code)}.`)),
  );
  died.catch(() => undefined);
  if (question !== undefined) child.send(question);
  const [answer] = (await Promise.race([once(child, 'message'), died])) as [T];
  stop.abort();
  return answer;
}
