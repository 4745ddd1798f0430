/** Asks the platform that is checked, and notes what was asked. */
import { isArray, isObject, type JsonObject } from '../../../../core/model/json.ts';
import { failureText } from '../../failure-text.ts';
import { responseText } from '../../response-text.ts';
import { jsonIn } from '../json-in.ts';
import { type Asking, listIn, type Probe, type Reply, type SampleOfType, textIn, typeQuery } from './requirement.ts';

const timeoutMs = 30_000;
const answerMax = 16 * 2 ** 20;
/** How much of the platform is looked at. */
const [typesMax, entitiesMax] = [40, 20];

export interface ProbeOptions {
  readonly url: string;
  readonly key: string;
  readonly tenant: string;
  readonly mayWrite: boolean;
  readonly run: string;
  readonly signal: AbortSignal;
  /** Gets each request as `METHOD path -> status`. */
  readonly onAsked: (line: string) => void;
}

/** Throws an Error when the platform does not answer at all. */
export async function createProbe(options: ProbeOptions): Promise<Probe> {
  const { url, key, mayWrite, run } = options;
  const ask: Probe['ask'] = (path, asking = {}) => exchange(path, asking, options);
  return { url, hasKey: key !== '', mayWrite, run, ask, sample: await readSample(ask, url) };
}

async function readSample(ask: Probe['ask'], url: string): Promise<readonly SampleOfType[]> {
  const { status, json } = await ask('/ngsi-ld/v1/types');
  if (status === 0) throw new Error(`${url} does not answer.`);
  if (status !== 200)
    throw new Error(`${url}/ngsi-ld/v1/types answers ${status}: no NGSI-LD that may be read is there.`);
  const list = json !== undefined && isObject(json) ? json['typeList'] : undefined;
  const types = (isArray(list) ? list : []).filter((one) => typeof one === 'string').slice(0, typesMax);
  const sample: SampleOfType[] = [];
  for (const type of types) {
    const answer = await ask(`${typeQuery(type)}&limit=${entitiesMax}`);
    const entities: readonly JsonObject[] = listIn(answer.json).filter((one) => textIn(one, 'id') !== '');
    if (entities.length > 0) sample.push({ type, entities });
  }
  return sample;
}

async function exchange(path: string, asking: Asking, options: ProbeOptions): Promise<Reply> {
  const { url, signal, onAsked } = options;
  const { method = 'GET', body } = asking;
  try {
    const response = await fetch(url + path, {
      method,
      headers: headersOf(asking, options),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      ...(body === undefined ? undefined : { body: JSON.stringify(body) }),
    });
    const text = await responseText(response, answerMax);
    onAsked(`${describeAsked(path, asking)} -> ${response.status}`);
    return { status: response.status, headers: response.headers, text, json: jsonIn(text) };
  } catch (error) {
    if (signal.aborted) throw error;
    onAsked(`${describeAsked(path, asking)} -> ${failureText(error)}`);
    return { status: 0, headers: new Headers(), text: '', json: undefined };
  }
}

function describeAsked(path: string, { method = 'GET', headers = {}, isAnonymous = false }: Asking): string {
  const accept = headers['Accept'] === undefined ? '' : ` (${headers['Accept']})`;
  return `${method} ${path}${accept}${isAnonymous ? ' without a key' : ''}`;
}

const headersOf = (
  { headers, isAnonymous = false }: Asking,
  { key, tenant }: ProbeOptions,
): Readonly<Record<string, string>> => ({
  ...(key === '' || isAnonymous ? undefined : { 'X-Auth-Token': key }),
  ...(tenant === '' ? undefined : { 'NGSILD-Tenant': tenant }),
  ...headers,
});
