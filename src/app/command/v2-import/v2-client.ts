/** Sends requests of NGSI v2 to a broker of any maker. */
import { type Json, parseJson } from '../../../core/model/json.ts';

export interface V2Broker {
  readonly url: string;
  /** The header Fiware-Service. Empty: the default tenant. */
  readonly service: string;
  /** A key or token, sent as X-Auth-Token. Empty: none. */
  readonly key: string;
}

export interface V2Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Undefined when the body is no JSON. */
  readonly json: Json | undefined;
}

interface V2Request {
  readonly body?: Json;
  readonly servicePath?: string;
}

export interface V2Client {
  /** Sends a request such as `GET /v2/entities`. Throws an Error when there is no answer. */
  send(line: string, request?: V2Request): Promise<V2Answer>;
}

const requestMs = 60_000;

export function createV2Client({ url, service, key }: V2Broker, signal: AbortSignal): V2Client {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url))
    throw new Error(`A broker is named by a URL such as http://localhost:1026, not ${JSON.stringify(url)}.`);
  const base = url.replace(/\/+$/, '').replace(/\/v2$/, '');
  const common = {
    ...(service === '' ? undefined : { 'Fiware-Service': service }),
    ...(key === '' ? undefined : { 'X-Auth-Token': key }),
  };
  return {
    async send(line, request = {}) {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(requestMs)]);
      try {
        const response = await fetch(...fetched(base, line, { ...request, common, signal: limited }));
        const text = await response.text();
        return { status: response.status, headers: response.headers, text, json: jsonOf(text) };
      } catch (cause) {
        if (signal.aborted) throw cause;
        throw new Error(`The broker at ${base} does not answer.`, { cause });
      }
    },
  };
}

interface Sending extends V2Request {
  readonly common: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** The arguments of `fetch`. */
function fetched(base: string, line: string, { body, servicePath, common, signal }: Sending): [string, RequestInit] {
  const [method = 'GET', path = ''] = line.split(/ (.*)/s);
  const headers = {
    ...common,
    ...(servicePath === undefined ? undefined : { 'Fiware-ServicePath': servicePath }),
    ...(body === undefined ? undefined : { 'Content-Type': 'application/json' }),
  };
  return [
    base + path,
    { method, headers, signal, ...(body === undefined ? undefined : { body: JSON.stringify(body) }) },
  ];
}

/** The answer of a success. Throws an Error with what the broker says otherwise. */
export function requireSuccess(answer: V2Answer, what: string): V2Answer {
  if (answer.status < 300) return answer;
  throw new Error(`${what}: the broker answered ${answer.status}: ${answer.text.slice(0, 300)}`);
}

function jsonOf(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
