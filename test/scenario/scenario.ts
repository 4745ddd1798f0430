/** Runs scenarios: steps over HTTP against a listening broker, on every embedded store, with each answer validated against openapi.yaml. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import request from 'supertest';
import { parse } from 'yaml';
import { type Broker, startBroker } from '../../src/app/broker.ts';
import { readConfig } from '../../src/app/config/read-config.ts';
import { createTestDatabases } from '../mongo/database.ts';

/** One request and what it must answer. `{{name}}` in its texts stands for what an earlier step saved; `{{broker}}` for the URL. */
export interface Step {
  /** The operation, as in the operation table and openapi.yaml. */
  readonly does: string;
  /** Method and path below /ngsi-ld/v1. */
  readonly send: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly answers: number;
  /** The whole body; order of arrays counts. */
  readonly gives?: unknown;
  /** A part of the body. */
  readonly has?: unknown;
  /** Headers, each equal or matching. */
  readonly with?: Readonly<Record<string, string | RegExp>>;
  /** The name under which the last part of the Location is saved. */
  readonly saves?: string;
  /** Keeps what the first group of a pattern finds in the body under a name, for later steps to fill in as `{{name}}`. */
  readonly keeps?: Readonly<Record<string, RegExp>>;
}

export interface TestBroker extends Broker {
  readonly folder: string;
}

/** A broker on a free port, with its own folder, and its own database where it needs one. */
export async function startTestBroker(args: readonly string[] = []): Promise<TestBroker> {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-'));
  const databases = args.includes('mongo') ? createTestDatabases() : undefined;
  const fixed = ['--port', '0', '--data', folder, '--log-level', 'silent', '--context-allow-private'];
  const own = databases ? ['--mongo-url', databases.url] : [];
  const broker = await startBroker(readConfig({ args: [...fixed, ...own, ...args], env: {} }));
  const stop = async (): Promise<void> => {
    await broker.stop();
    await databases?.drop();
    rmSync(folder, { recursive: true });
  };
  return { url: broker.url, stop, folder };
}

/** The stores that scenarios run on: in jest.config.js, one of its projects says another. */
export const testedStores: readonly string[] = (globalThis as { readonly storesOfScenarios?: readonly string[] })
  .storesOfScenarios ?? ['memory', 'sqlite'];

/** Scenarios that SQLite and MongoDB are tested with in two HTTP threads. With MLAKA_THREADS=2, all are. */
const inTwoThreads = new Set(['one entity', 'batches', 'queries', 'history', 'hosted contexts', 'registrations']);

/** Declares a test per scenario and store; the scenarios of one call share a broker, so their entities must differ. */
export function scenarios(
  about: string,
  steps: Readonly<Record<string, readonly Step[]>>,
  args: readonly string[] = [],
): void {
  describe.each(testedStores)(`${about} (%s)`, (store) => {
    let broker: TestBroker;
    beforeAll(async () => {
      const threads = store !== 'memory' && inTwoThreads.has(about) ? ['--threads', '2'] : [];
      broker = await startTestBroker(['--store', store, ...threads, ...args]);
    });
    afterAll(() => broker.stop());
    test.each(Object.entries(steps))('%s', async (_, list) => {
      await runSteps(list, broker.url);
    });
  });
}

/** Takes steps one after the other. */
export async function runSteps(steps: readonly Step[], url: string): Promise<void> {
  const names = new Map([['broker', url]]);
  for (const step of steps) {
    const { headers, text } = await run(filledIn(step, names) as Step, url);
    if (step.saves !== undefined) names.set(step.saves, headers['location']?.split('/').at(-1)?.split('?')[0] ?? '');
    for (const [name, pattern] of Object.entries(step.keeps ?? {})) names.set(name, pattern.exec(text)?.[1] ?? '');
  }
}

/** The same with every saved name filled in. Patterns stay as they are. */
function filledIn(part: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof part === 'string')
    return part.replace(/\{\{(\w+)\}\}/g, (_, name: string) => names.get(name) ?? `nothing saved as ${name}`);
  if (Array.isArray(part)) return part.map((one) => filledIn(one, names));
  if (typeof part !== 'object' || part === null || Object.getPrototypeOf(part) !== Object.prototype) return part;
  return Object.fromEntries(Object.entries(part).map(([name, one]) => [name, filledIn(one, names)]));
}

async function run(step: Step, url: string): Promise<Answered> {
  const answer = await send(step, url);
  const seen = { does: step.does, send: step.send, status: answer.status, text: answer.text };
  expect(seen).toEqual({ ...seen, status: step.answers });
  if (step.gives !== undefined) expect(answer.body).toEqual(step.gives);
  if (step.has !== undefined) expect(answer.body).toMatchObject(step.has as object);
  for (const [name, value] of Object.entries(step.with ?? {})) {
    const header = String(answer.headers[name.toLowerCase()]);
    if (typeof value === 'string') expect({ [name]: header }).toEqual({ [name]: value });
    else expect(header).toMatch(value);
  }
  checkAgainstOpenApi(step, answer);
  return answer;
}

interface Answered {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

async function send(step: Step, url: string): Promise<Answered> {
  const [method = 'GET', path = ''] = step.send.split(/ (.*)/s);
  const verb = method.toLowerCase() as 'get' | 'post' | 'put' | 'patch' | 'delete';
  const call = request(url)
    [verb](`/ngsi-ld/v1${path}`)
    .set(step.headers ?? {});
  if (step.body !== undefined) {
    if (!step.headers?.['Content-Type']) call.set('Content-Type', 'application/json');
    call.send(typeof step.body === 'string' ? step.body : JSON.stringify(step.body));
  }
  const answer = await call.buffer(true).parse((response, done) => {
    const pieces: Buffer[] = [];
    response.on('data', (piece: Buffer) => pieces.push(piece));
    response.on('end', () => done(null, Buffer.concat(pieces).toString()));
  });
  const text = answer.body as string;
  const headers = answer.headers as Readonly<Record<string, string>>;
  const body: unknown = text === '' ? undefined : JSON.parse(text);
  return { status: answer.status, type: headers['content-type'] ?? '', text, body, headers };
}

interface OpenApi {
  readonly paths: Record<
    string,
    Record<string, { operationId?: string; responses?: Record<string, { $ref?: string }> }>
  >;
  readonly components: {
    readonly responses: Record<string, { content?: Record<string, { schema: { $ref: string } }> }>;
  };
}

const openApi = parse(readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8')) as OpenApi;
const ajv = new Ajv2020({ strict: false });
formats.default(ajv);
ajv.addFormat('iri', true);
ajv.addSchema({ $id: 'openapi', ...openApi });
const documented = new Map(
  Object.values(openApi.paths).flatMap((item) =>
    Object.values(item).flatMap(({ operationId, responses }) =>
      operationId && responses ? [[operationId, responses] as const] : [],
    ),
  ),
);

/** The status must be one that openapi.yaml names for the operation, and the body as its schema says. */
function checkAgainstOpenApi({ does }: Step, { status, type, body }: Answered): void {
  const reference = documented.get(does)?.[String(status)]?.$ref;
  expect({ does, status, documented: reference !== undefined }).toEqual({ does, status, documented: true });
  const response = openApi.components.responses[reference?.split('/').at(-1) ?? ''];
  if (response?.content) checkBody({ does, status, type }, response.content[type]?.schema.$ref, body);
  else expect(body).toBeUndefined();
}

function checkBody(
  about: { does: string; status: number; type: string },
  schema: string | undefined,
  body: unknown,
): void {
  expect({ ...about, documented: schema !== undefined }).toEqual({ ...about, documented: true });
  const validate = ajv.getSchema(`openapi${schema ?? ''}`);
  expect({ ...about, valid: validate?.(body), errors: validate?.errors ?? null }).toEqual({
    ...about,
    valid: true,
    errors: null,
  });
}

/** The header that names a @context. */
export const contextLink = (url: string): string =>
  `<${url}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"`;

export const coreContext = 'https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld';
export const defaultVocabulary = 'https://uri.etsi.org/ngsi-ld/default-context/';
/** The type of a problem. */
export const problem = (type: string): { type: string } => ({ type: `https://uri.etsi.org/ngsi-ld/errors/${type}` });
