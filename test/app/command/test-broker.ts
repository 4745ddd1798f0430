/** Provides a broker and a folder for tests of the command line, and a function that runs a command and captures its output. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { startBroker } from '../../../src/app/broker.ts';
import type { Command, Io } from '../../../src/app/command/command.ts';
import { readConfig } from '../../../src/app/config/read-config.ts';
import type { JsonObject } from '../../../src/core/model/json.ts';

export interface TestBroker {
  readonly url: string;
  readonly folder: string;
  /** The JSON that the broker answers to a GET below /ngsi-ld/v1. */
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<JsonObject[]>;
  stop(): Promise<void>;
}

/** A broker that rejects what data models do not allow, and a folder with the fixtures of the import. `options` are more of its command line. */
export async function startTestBroker(options: readonly string[] = []): Promise<TestBroker> {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-command-'));
  cpSync(new URL('../../fixture/import', import.meta.url), folder, { recursive: true });
  const args = [
    '--port',
    '0',
    '--data',
    join(folder, 'data'),
    '--log-level',
    'silent',
    '--models',
    'reject',
    ...options,
  ];
  const broker = await startBroker(readConfig({ args, env: {} }));
  return {
    url: broker.url,
    folder,
    async get(path, headers = {}) {
      const response = await fetch(`${broker.url}/ngsi-ld/v1${path}`, { headers });
      const body = (await response.json()) as JsonObject[];
      if (!response.ok) throw new Error(`${path}: ${JSON.stringify(body)}`);
      return body;
    },
    async stop() {
      await broker.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

export interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command to its end, or until the signal. */
export async function run(
  command: Command,
  args: readonly string[],
  signal: Io['signal'] = new AbortController().signal,
): Promise<Run> {
  const [out, err] = [collector(), collector()];
  const code = await command.run(args, { out: out.stream, err: err.stream, signal });
  return { code, out: out.text(), err: err.text() };
}

function collector(): { stream: Writable; text: () => string } {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  return { stream, text: () => chunks.join('') };
}

export const mapPath = (name: string): string =>
  new URL(`../../../examples/maps/${name}.json`, import.meta.url).pathname;

export const contextOf = (family: string): Record<string, string> => ({
  Link: `<https://smart-data-models.mlaka.si/${family}/context.jsonld>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"`,
});
