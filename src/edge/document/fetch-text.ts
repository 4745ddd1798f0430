/** Fetches one document over HTTP or HTTPS, within limits of time, size, redirects and addresses. */
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { isPublicAddress } from '../address.ts';
import { lookupPublic } from './lookup.ts';

export interface FetchLimits {
  readonly allowPrivate: boolean;
  /** Timeout for the whole fetch. */
  readonly timeoutMs: number;
  readonly bytesMax: number;
  readonly redirectsMax: number;
  /** Aborts the fetch. */
  readonly signal: AbortSignal;
}

const headers = {
  accept: 'application/ld+json, application/json',
  'accept-encoding': 'identity',
  'user-agent': 'mlaka',
};

const redirects = new Set([301, 302, 303, 307, 308]);

/** Fetches the text at a URL. Throws an Error whose message completes "cannot be had: ...". */
export async function fetchText(url: string, limits: FetchLimits): Promise<string> {
  const stop = new AbortController();
  const abort = (): void => stop.abort(limits.signal.reason);
  if (limits.signal.aborted) abort();
  limits.signal.addEventListener('abort', abort);
  const timer = setTimeout(() => stop.abort(new Error(`it took longer than ${limits.timeoutMs} ms`)), limits.timeoutMs);
  try {
    return await follow(url, limits, stop.signal);
  } catch (cause) {
    throw stop.signal.aborted ? stop.signal.reason : cause;
  } finally {
    clearTimeout(timer);
    limits.signal.removeEventListener('abort', abort);
  }
}

async function follow(start: string, limits: FetchLimits, signal: AbortSignal): Promise<string> {
  let url = urlOf(start);
  for (let followed = 0; followed <= limits.redirectsMax; followed += 1) {
    const response = await ask(url, limits, signal);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return readBody(response, limits.bytesMax);
    response.destroy();
    if (!redirects.has(status)) throw new Error(`the answer has status ${status}`);
    if (response.headers.location === undefined) throw new Error(`the answer has status ${status} without a Location`);
    url = urlOf(response.headers.location, url.href);
  }
  throw new Error(`there are more than ${limits.redirectsMax} redirects`);
}

function urlOf(reference: string, base?: string): URL {
  const url = URL.parse(reference, base);
  if (url === null) throw new Error(`${JSON.stringify(reference)} is no URL`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new Error(`${url.href} is neither http nor https`);
  return url;
}

/** Sends a request and returns the response before its body. The name is resolved once, and the connection uses exactly that address. */
async function ask(url: URL, { allowPrivate }: FetchLimits, signal: AbortSignal): Promise<IncomingMessage> {
  const address = url.hostname.replace(/^\[|\]$/g, '');
  if (!allowPrivate && isIP(address) !== 0 && !isPublicAddress(address))
    throw new Error(`${address} is not a public address`);
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const options = { agent: false as const, headers, signal, ...(allowPrivate ? undefined : { lookup: lookupPublic }) };
  return new Promise((resolve, reject) => {
    request(url, options, resolve).on('error', reject).end();
  });
}

async function readBody(response: IncomingMessage, bytesMax: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) throw new Error('the body is not binary');
    bytes += chunk.length;
    if (bytes > bytesMax) throw new Error(`it is larger than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}
