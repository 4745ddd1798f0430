/** Carries out the points of a checklist one after another, records the requests of each, and removes what they made. */
import { setTimeout as sleep } from 'node:timers/promises';
import { failureText } from '../failure-text.ts';
import { responseText } from '../response-text.ts';
import type { Area, Check, CheckAnswer, CheckPoint, CheckRequest, Platform } from './check-point.ts';
import { WrongAnswer } from './check-point.ts';
import { jsonIn } from './json-in.ts';
import { createReceiver } from './receiver.ts';

/** What became of a point. */
export interface PointResult {
  readonly area: Area;
  readonly point: string;
  readonly result: 'green' | 'red' | 'skipped';
  /** As commands of curl, without keys. */
  readonly requests: readonly string[];
  /** Of a red point: what is wrong. Of a skipped one: why. */
  readonly reason?: string;
}

export interface SessionOptions {
  readonly platform: Platform;
  /** Unique to this run. */
  readonly run: string;
  readonly receiver: string;
  /** How long to wait for notifications, and for histories to show what was written. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
  /** Called after each point. */
  readonly onResult: (result: PointResult) => void;
}

const requestMs = 30_000;
/** Most bytes of an answer. */
const answerMax = 32 * 2 ** 20;
const pollMs = 100;

/** Checks the points in order. `cleanUp` removes what all of them made, and always runs. */
export async function checkPoints(
  points: readonly CheckPoint[],
  cleanUp: (check: Check) => Promise<void>,
  options: SessionOptions,
): Promise<readonly PointResult[]> {
  const { platform, onResult, signal } = options;
  const receiver = createReceiver({ ...options, host: options.receiver });
  const results: PointResult[] = [];
  const checkWith = (requests: string[]): Check => createCheck(options, receiver, requests);
  try {
    for (const point of points) {
      signal.throwIfAborted();
      const result = await resultOf(point, platform, checkWith);
      results.push(result);
      onResult(result);
    }
    return results;
  } finally {
    await receiver.stop();
    await cleanUp(createCheck({ ...options, signal: AbortSignal.timeout(requestMs) }, receiver, []));
  }
}

async function resultOf(
  point: CheckPoint,
  platform: Platform,
  checkWith: (requests: string[]) => Check,
): Promise<PointResult> {
  const requests: string[] = [];
  const about = { area: point.area, point: point.title, requests };
  const skipped = point.skipped?.(platform);
  if (skipped !== undefined) return { ...about, result: 'skipped', reason: skipped };
  try {
    await point.run(checkWith(requests));
    return { ...about, result: 'green' };
  } catch (error) {
    if (!(error instanceof WrongAnswer)) throw error;
    return { ...about, result: 'red', reason: error.message };
  }
}

type Receiver = ReturnType<typeof createReceiver>;

function createCheck({ platform, run, waitMs, signal }: SessionOptions, receiver: Receiver, requests: string[]): Check {
  const send: Check['send'] = async (request) => {
    const sent = { ...request, headers: headersOf(request, platform) };
    requests.push(curlOf(sent, platform));
    return exchange(sent, platform, signal);
  };
  const idOf = (type: string, name: string): string => `urn:ngsi-ld:${type}:check:${run}:parking:${name}`;
  const park = (name: string): string => idOf('OffStreetParking', name);
  return {
    platform,
    run,
    carParks: [park('1'), park('2'), park('3')],
    spot: idOf('ParkingSpot', 'spot'),
    deleted: park('deleted'),
    servicePath,
    send,
    receiverUrl: (path) => receiver.url(path),
    received: (path) => receiver.first(path),
    async until(request, passes) {
      const last = requests.length;
      for (let waitedMs = 0; ; waitedMs += pollMs) {
        requests.length = last;
        const answer = await send(request);
        if (passes(answer) || waitedMs >= waitMs) return answer;
        await sleep(pollMs, undefined, { signal });
      }
    },
  };
}

const servicePath = '/mlaka_check';

function headersOf({ body, headers = {} }: CheckRequest, { service, key }: Platform): Readonly<Record<string, string>> {
  const all: Readonly<Record<string, string>> = {
    ...(service === '' ? undefined : { 'Fiware-Service': service }),
    'Fiware-ServicePath': servicePath,
    ...(key === '' ? undefined : { 'X-Auth-Token': key }),
    ...(body === undefined ? undefined : { 'Content-Type': 'application/json' }),
    ...headers,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
}

const bodyText = ({ body, text }: CheckRequest): string | undefined =>
  text ?? (body === undefined ? undefined : JSON.stringify(body));

type SentRequest = CheckRequest & { readonly headers: Readonly<Record<string, string>> };

const urlOf = ({ at, path }: CheckRequest, { broker }: Platform): string => (at ?? broker) + path;

/** The request as a command of curl. Shell variables stand in the place of keys and tokens. */
function curlOf(request: SentRequest, platform: Platform): string {
  const { method = 'GET', headers } = request;
  const body = bodyText(request);
  return [
    'curl -i',
    ...(method === 'GET' ? [] : [`-X ${method}`]),
    quoted(urlOf(request, platform)),
    ...Object.entries(headers).map(headerText),
    ...(body === undefined ? [] : [`-d ${quoted(body)}`]),
  ].join(' ');
}

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

function headerText([name, value]: readonly [string, string]): string {
  if (name === 'X-Auth-Token') return '-H "X-Auth-Token: $TOKEN"';
  if (name === 'Authorization')
    return value.startsWith('Basic ') ? '-u "$CLIENT:$SECRET"' : '-H "Authorization: Bearer $TOKEN"';
  return `-H ${quoted(`${name}: ${value}`)}`;
}

async function exchange(request: SentRequest, platform: Platform, signal: AbortSignal): Promise<CheckAnswer> {
  const { method = 'GET', headers } = request;
  const body = bodyText(request);
  try {
    const response = await fetch(urlOf(request, platform), {
      method,
      headers,
      signal: AbortSignal.any([signal, AbortSignal.timeout(requestMs)]),
      ...(body === undefined ? undefined : { body }),
    });
    const text = await responseText(response, answerMax);
    return { status: response.status, headers: response.headers, text, json: jsonIn(text) };
  } catch (error) {
    if (signal.aborted) throw error;
    throw new WrongAnswer(`There is no answer: ${failureText(error)}`);
  }
}
