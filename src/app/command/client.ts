/** Sends requests to a running broker over HTTP. Commands use only its public API. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { BrokenRule } from '../../core/model/broken-rules.ts';
import { isArray, isObject, type Json, parseJson } from '../../core/model/json.ts';
import { keyOf, webUrlOf } from './options.ts';

/** The URL and the tenant of a broker. */
export interface BrokerTarget {
  readonly url: string;
  readonly tenant: string;
  /** The API key. Empty or absent: that in the environment variable MLAKA_KEY, if any. */
  readonly key?: string;
  /** URL of the @context for the answers. Empty or absent: the core @context, so names appear as full IRIs. */
  readonly context?: string;
  /** True: entities in batches name no @context, so that the default of the broker applies. */
  readonly isInDefault?: boolean;
  /** Called for each rule of a data model that accepted elements of a batch break. Absent: batches do not ask for warnings. */
  readonly onModelWarning?: (broken: BrokenRule) => void;
}

interface Answer {
  readonly status: number;
  /** Undefined when the answer has no body. */
  readonly body: Json | undefined;
  readonly headers: Headers;
}

interface RequestBody {
  readonly json: Json;
  readonly type: string;
  /** Further headers of the request. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Client {
  /** Sends a request to a path below /ngsi-ld/v1. Throws an Error when the broker is unreachable or answers with a failure. */
  send(method: string, path: string, body?: RequestBody): Promise<Answer>;
  /**
   * Sends a batch of entities, each with its own @context or all in that of the client, and returns the refused elements. Upsert replaces
   * an entity, or keeps attributes that are not named and, with keepNewest, values with a later `observedAt`. Update needs an existing
   * entity. `isRepeated`: the elements were accepted before, so their warnings were already given.
   */
  batch(
    operation: BatchOperation,
    entities: readonly Json[],
    how?: { readonly isRepeated?: boolean },
  ): Promise<readonly Refusal[]>;
}

/** Paths below `/entityOperations` or, for histories, below `/temporal/entityOperations`. */
export type BatchOperation =
  | 'entityOperations/upsert?options=replace'
  | 'entityOperations/upsert?options=update'
  | 'entityOperations/upsert?options=update,keepNewest'
  | 'entityOperations/update'
  | 'temporal/entityOperations/upsert'
  | 'temporal/entityOperations/upsert?format=temporalValues';

/** A refused element of a batch. Refusals have the order of the elements. */
export interface Refusal {
  /** The id of the entity. */
  readonly id: string;
  /** The index in the batch, from 0, when the broker returns it. */
  readonly element?: number;
  /** The reason, as the broker worded it. */
  readonly reason: string;
}

/** Creates a client that retries for some seconds while the broker is unreachable or overloaded. A retried request may arrive twice. */
export function createClient(place: BrokerTarget, signal: AbortSignal): Client {
  const { context = '', isInDefault = false, onModelWarning } = place;
  const url = webUrlOf('--url', place.url);
  const common = headersOf(place);
  const send: Client['send'] = async (method, path, body) => {
    const headers = { ...common, ...(body ? { 'Content-Type': body.type, ...body.headers } : undefined) };
    const text = body ? { body: JSON.stringify(body.json) } : undefined;
    for (let attempt = 1; ; attempt += 1) {
      const answer = await ask(`${url}/ngsi-ld/v1${path}`, { method, headers, signal, ...text });
      refuseWithoutKey(url, answer);
      if (answer !== undefined && (answer.status < 500 || answer.status === notImplemented)) return answer;
      if (attempt >= attemptsMax || (answer !== undefined && answer.status !== 503)) throw failureOf(url, answer);
      await sleep(100 * attempt, undefined, { signal });
    }
  };
  return {
    send,
    batch: createBatch(send, {
      type: context === '' && !isInDefault ? 'application/ld+json' : 'application/json',
      ...(onModelWarning ? { onModelWarning } : undefined),
    }),
  };
}

/** A batch that is too large for the broker is split in halves. A single element that is too large counts as refused. */
function createBatch(
  send: Client['send'],
  { type, onModelWarning }: Pick<BrokerTarget, 'onModelWarning'> & { readonly type: string },
): Client['batch'] {
  const sendOnce = async (operation: BatchOperation, json: Json, isRepeated: boolean): Promise<Answer> => {
    if (!onModelWarning || isRepeated) return send('POST', `/${operation}`, { json, type });
    const answer = await send('POST', `/${operation}`, { json, type, headers: { Prefer: 'model-warnings' } });
    warningsIn(answer.body).forEach(onModelWarning);
    return answer;
  };
  const batch: Client['batch'] = async (operation, entities, how = {}) => {
    const { status, body } = await sendOnce(operation, entities, how.isRepeated === true);
    if (status === 201 || status === 204) return [];
    if (status === 200 || status === 207) return refusedIn(body);
    const [first] = entities;
    if (status !== tooLarge || first === undefined)
      throw new Error(`The broker refused the batch with ${status}: ${detailOf(body)}`);
    if (entities.length === 1) return [{ id: textOf(first, 'id'), element: 0, reason: detailOf(body) }];
    const half = Math.ceil(entities.length / 2);
    const refused = await batch(operation, entities.slice(0, half), how);
    const others = await batch(operation, entities.slice(half), how);
    return [...refused, ...others.map((one) => laterBy(half, one))];
  };
  return batch;
}

const tooLarge = 413;

/** The refusal with its index shifted by `count` elements. */
export const laterBy = (count: number, { element, ...refusal }: Refusal): Refusal => ({
  ...refusal,
  ...(element === undefined ? undefined : { element: element + count }),
});

const textOf = (json: Json, member: string): string => {
  const text = isObject(json) ? json[member] : undefined;
  return typeof text === 'string' ? text : '';
};

const headersOf = ({ tenant, context = '', key = '' }: BrokerTarget): Readonly<Record<string, string>> => ({
  ...authorizationOf(keyOf(key)),
  ...(tenant === '' ? undefined : { 'NGSILD-Tenant': tenant }),
  ...(context === ''
    ? undefined
    : { Link: `<${context}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"` }),
});

const authorizationOf = (key: string): Readonly<Record<string, string>> =>
  key === '' ? {} : { Authorization: `Bearer ${key}` };

const attemptsMax = 10;
/** Not a failure: the broker does not implement the operation. */
const notImplemented = 501;

function refuseWithoutKey(url: string, answer: Answer | undefined): void {
  if (answer?.status === 401)
    throw new Error(`The broker at ${url} needs a valid key, with --key or in MLAKA_KEY. ${detailOf(answer.body)}`);
}

const failureOf = (url: string, answer: Answer | undefined): Error =>
  new Error(
    answer
      ? `The broker at ${url} answered ${answer.status}: ${detailOf(answer.body)}`
      : `No broker can be reached at ${url}. Is it running? (npm start)`,
  );

/** The answer; undefined when the broker is unreachable. */
async function ask(url: string, init: RequestInit): Promise<Answer | undefined> {
  const answer = await fetchText(url, init);
  if (!answer) return undefined;
  const { response, text } = answer;
  return { status: response.status, body: text === '' ? undefined : parseJson(text), headers: response.headers };
}

async function fetchText(url: string, init: RequestInit) {
  try {
    const response = await fetch(url, init);
    return { response, text: await response.text() };
  } catch (error) {
    if (init.signal?.aborted || !URL.canParse(url)) throw error;
    return undefined;
  }
}

/** The `detail` of a problem document, or the beginning of any other body. */
export const detailOf = (body: Json | undefined): string =>
  isObject(body) && typeof body['detail'] === 'string' ? body['detail'] : JSON.stringify(body ?? '').slice(0, 300);

/** The errors of a BatchOperationResult (CIM 009 clause 5.2.16). */
function refusedIn(body: Json | undefined): readonly Refusal[] {
  const errors = isObject(body) ? body['errors'] : undefined;
  if (!isArray(errors)) throw new Error(`The broker answered a batch without errors: ${detailOf(body)}`);
  return errors.map((error) => {
    const { entityId, element, error: problem } = isObject(error) ? error : {};
    return {
      id: typeof entityId === 'string' ? entityId : '',
      ...(typeof element === 'number' ? { element } : undefined),
      reason: detailOf(problem),
    };
  });
}

/** The warnings of data models in the answer to a batch. */
function warningsIn(body: Json | undefined): readonly BrokenRule[] {
  const warnings = isObject(body) ? body['modelWarnings'] : undefined;
  return (isArray(warnings) ? warnings : []).filter(isObject).map((warning) => {
    const { attribute, values, example = null } = warning;
    return {
      type: textOf(warning, 'type'),
      ...(typeof attribute === 'string' ? { attribute } : undefined),
      rule: textOf(warning, 'rule'),
      values: typeof values === 'number' ? values : 0,
      example: { entityId: textOf(example, 'entityId'), value: textOf(example, 'value') },
    };
  });
}
