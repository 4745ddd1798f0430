/** Runs the broker as its users do, in a process that can be killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type Api, createApi } from './test-broker.ts';

const main = new URL('../../../src/app/main.ts', import.meta.url).pathname;
const running = new Set<ChildProcess>();

export interface Process extends Api {
  readonly url: string;
  /** Kills it with -9. */
  kill(): Promise<void>;
  /** Tells it to stop, and answers its exit code. */
  stop(): Promise<number | null>;
}

/** Starts a broker on the data in a folder. Throws an Error when it ends before it listens. */
export async function startProcess(folder: string, args: readonly string[] = []): Promise<Process> {
  const fixed = ['serve', '--port', '0', '--data', folder, '--models', 'off', '--log-level', 'silent'];
  const child = spawn(process.execPath, [main, ...fixed, '--notify-allow-private', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(child);
  child.once('exit', (code, signal) => {
    // Nobody here has killed it.
    if (running.delete(child)) process.stderr.write(`A broker has ended by itself: ${String(code ?? signal)}\n`);
  });
  const ended = once(child, 'exit').then(([code]) =>
    Promise.reject(new Error(`The broker ended with ${String(code)}.`)),
  );
  ended.catch(() => undefined);
  const line = once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>;
  const url = (await Promise.race([line, ended]))[0].replace(/^.* /, '');
  return { ...createApi(url), url, kill: () => kill(child), stop: () => stop(child) };
}

async function kill(child: ChildProcess): Promise<void> {
  running.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function stop(child: ChildProcess): Promise<number | null> {
  running.delete(child);
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  return (await ended)[0] as number | null;
}

/** Kills all that still run. */
export async function killProcesses(): Promise<void> {
  for (const child of running) await kill(child);
}
