/** Sends requests to the API of the broker that served this page, as the person who is signed in. */
import { say } from '../words/words.ts';
import { type Json, textOf } from './json.ts';
import { callerHeaders, needsKey } from './session.ts';

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly tookMs: number;
}

export interface ApiRequest {
  readonly method?: string;
  readonly body?: Json;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const apiRoot = '/ngsi-ld/v1';

/** A path of the API with its parameters. Parameters without a value are left out. */
export function apiPath(path: string, parameters: Readonly<Record<string, string | number | undefined>> = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined && value !== '') query.set(name, String(value));
  const text = query.toString();
  return `${apiRoot}${path}${text === '' ? '' : `?${text}`}`;
}

/** The headers of a request, without those that the browser adds. */
const headersOf = ({ body, method = 'GET', accept, headers }: ApiRequest): Record<string, string> => ({
  ...(accept === undefined ? undefined : { Accept: accept }),
  ...(body === undefined && method !== 'POST' ? undefined : { 'Content-Type': 'application/json' }),
  ...callerHeaders(),
  ...headers,
});

/** The answer to a request, whatever its status. Throws an Error in words for people when there is none. */
export async function send(path: string, request: ApiRequest = {}): Promise<ApiAnswer> {
  const { method = 'GET', body } = request;
  const began = performance.now();
  const response = await fetch(path, {
    method,
    headers: headersOf(request),
    ...(body === undefined ? undefined : { body: JSON.stringify(body) }),
  }).catch(() => {
    throw new Error(say('unreachable'));
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, tookMs: performance.now() - began };
}

/** The JSON of an answer. Throws an Error that says why, in words for people, when the broker refused the request. */
export async function call(path: string, request: ApiRequest = {}): Promise<unknown> {
  return (await callWhole(path, request)).json;
}

/** Like `call`, with the headers of the answer. */
export async function callWhole(
  path: string,
  request: ApiRequest = {},
): Promise<{ readonly json: unknown; readonly headers: Headers }> {
  const { status, text, headers } = await send(path, request);
  const json = parse(text);
  if (status === 401) needsKey.value = true;
  if (status >= 400) throw new Error(detailOf(json, status));
  return { json, headers };
}

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function detailOf(json: unknown, status: number): string {
  return textOf(json, 'detail') ?? textOf(json, 'title') ?? textOf(json, 'description') ?? `HTTP ${status}`;
}

/** A request as a command line. The credential is shown as a variable, so that nobody copies it by mistake. */
export function asCurl(path: string, request: ApiRequest = {}): string {
  const { method = 'GET', body } = request;
  const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
  const parts = ['curl', ...(method === 'GET' ? [] : ['-X', method]), quoted(location.origin + path)];
  for (const [name, value] of Object.entries(headersOf(request)))
    parts.push('-H', name === 'Authorization' ? '"Authorization: Bearer $MLAKA_KEY"' : quoted(`${name}: ${value}`));
  if (body !== undefined) parts.push('-d', quoted(JSON.stringify(body)));
  return parts.join(' ');
}
