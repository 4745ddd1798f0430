/** Talks to a running broker over HTTP: what the commands know of it is its public API. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isObject, type Json, parseJson } from '../../core/model/json.ts';

/** Where the broker is, and which tenant is meant. */
export interface Place {
  readonly url: string;
  readonly tenant: string;
}

export interface Answer {
  readonly status: number;
  /** Undefined when there is no body. */
  readonly body: Json | undefined;
  readonly headers: Headers;
}

export interface Client {
  /** Sends a request to a path below /ngsi-ld/v1. Throws an Error when the broker cannot be reached, or answers that it failed. */
  send(method: string, path: string, body?: { readonly json: Json; readonly type: string }): Promise<Answer>;
  /** Puts entities in, each with its own @context. Answers what was refused, and why, by id. */
  upsert(entities: readonly Json[], mode: 'replace' | 'update'): Promise<ReadonlyMap<string, string>>;
}

/** A client that tries again, for some seconds, while the broker says that it cannot take more just now. */
export function createClient({ url, tenant }: Place, signal: AbortSignal): Client {
  const send: Client['send'] = async (method, path, body) => {
    const headers = {
      ...(tenant === '' ? undefined : { 'NGSILD-Tenant': tenant }),
      ...(body ? { 'Content-Type': body.type } : undefined),
    };
    for (let attempt = 1; ; attempt += 1) {
      const answer = await once(`${url}/ngsi-ld/v1${path}`, { method, headers, signal, ...(body ? { body: JSON.stringify(body.json) } : undefined) });
      if (answer.status < 500) return answer;
      if (answer.status !== 503 || attempt >= attemptsMax) throw new Error(`The broker at ${url} answered ${answer.status}: ${detailOf(answer.body)}`);
      await sleep(200 * attempt, undefined, { signal });
    }
  };
  return {
    send,
    async upsert(entities, mode) {
      const answer = await send('POST', `/entityOperations/upsert?options=${mode}`, { json: entities, type: 'application/ld+json' });
      if (answer.status === 201 || answer.status === 204) return new Map();
      if (answer.status !== 207) throw new Error(`The broker refused the batch with ${answer.status}: ${detailOf(answer.body)}`);
      return refusedIn(answer.body);
    },
  };
}

const attemptsMax = 10;

async function once(url: string, init: RequestInit): Promise<Answer> {
  try {
    const response = await fetch(url, init);
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : parseJson(text), headers: response.headers };
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    throw new Error(`No broker can be reached at ${url}. Is it running? (npm start)`, { cause });
  }
}

/** The details of a problem, or the beginning of whatever else was answered. */
export const detailOf = (body: Json | undefined): string =>
  isObject(body) && typeof body['detail'] === 'string' ? body['detail'] : JSON.stringify(body ?? '').slice(0, 300);

/** The reasons in a BatchOperationResult by id of the entity. */
function refusedIn(body: Json | undefined): ReadonlyMap<string, string> {
  const errors = isObject(body) && Array.isArray(body['errors']) ? body['errors'] : [];
  return new Map(
    errors.flatMap((error: Json): readonly (readonly [string, string])[] => {
      if (!isObject(error) || typeof error['entityId'] !== 'string') return [];
      return [[error['entityId'], detailOf(error['error'])]];
    }),
  );
}
