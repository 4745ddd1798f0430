/** Tests a real broker with valid and almost valid texts of the grammars of the standard: q, geo-queries, scope queries, and JSON-LD. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { startTestBroker, type TestBroker, testedStores } from '../scenario/scenario.ts';
import { runs, timeoutMs } from './fuzz.ts';
import { concise, lamp } from './samples.ts';

/** A request whose answer must not blame the broker. */
interface Asked {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly body?: string;
}

/** Mostly what is right, now and then what is odd. */
const mostly = <T>(right: fc.Arbitrary<T>, ...odd: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 15, arbitrary: right }, { weight: 1, arbitrary: fc.constantFrom(...odd) });

const name = mostly(
  fc.constantFrom('temperature', 'powerState', 'name', 'row', 'address', 'owner', 'location', 'observedAt', 'a'),
  ...['type', 'datasetId', 'scope', 'č', 'https://example.org/x', 'sl', '*'],
);
const text = fc.oneof(
  fc.constantFrom('on', 'luč', 'a,b', '\\"', '%41', '%2541', '2026-03-01', 'urn:ngsi-ld:Person:1', ''),
  fc.string({ maxLength: 6 }),
);
const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom('1e400', '-0', '00', '9007199254740993', '.5'));

/** Parts with something between them. */
const joined = (part: fc.Arbitrary<string>, between: fc.Arbitrary<string>, most = 4): fc.Arbitrary<string> =>
  fc
    .array(fc.tuple(part, between), { minLength: 1, maxLength: most })
    .map((parts) => parts.map(([one, next], index) => (index === parts.length - 1 ? one : one + next)).join(''));

/** The text, or the text with one place changed. */
const spoilt = (whole: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(
      whole,
      fc.option(
        fc.record({
          at: fc.nat(),
          cut: fc.nat({ max: 3 }),
          by: fc.constantFrom('', '(', ')', '"', ';', '|', '\\', '{'),
        }),
        { freq: 3, nil: undefined },
      ),
    )
    .map(([right, spoil]) => {
      if (!spoil) return right;
      const at = spoil.at % (right.length + 1);
      return right.slice(0, at) + spoil.by + right.slice(at + spoil.cut);
    });

const pattern = fc.letrec<{ any: string; atom: string }>((tie) => ({
  any: joined(
    fc
      .tuple(tie('atom'), fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,30}', '{2,}'))
      .map(([atom, times]) => atom + times),
    fc.constantFrom('', '', '|'),
  ),
  atom: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('a', '.', 'o', '\\d', '[a-z]', '[^x]', '[[:alpha:]]', '^', '$', '\\b', 'č', '😀', '\\u{1F600}'),
    tie('any').map((inner) => `(${inner})`),
    tie('any').map((inner) => `(?:${inner})`),
  ),
})).any;

const time = fc.constantFrom(
  '2026-03-01T08:00:00Z',
  '2026-03-01',
  '08:00:00Z',
  '2026-02-30T25:00:00Z',
  '2026-03-01T08:00:00+02:00',
);
const value = fc.oneof(
  number.map(String),
  text.map((one) => JSON.stringify(one)),
  fc.constantFrom('true', 'urn:a:b'),
  time,
);
const comparison = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('==', '!=', '<', '<=', '>', '>='),
      fc.oneof(value, joined(value, fc.constant(',')), joined(value, fc.constant('..'), 2)),
    )
    .map(([op, operand]) => op + operand),
  fc.tuple(fc.constantFrom('~=', '!~='), pattern).map(([op, source]) => `${op}"${source}"`),
);
const q = fc.letrec<{ path: string; term: string; any: string }>((tie) => ({
  path: fc.oneof(
    { maxDepth: 3 },
    joined(name, fc.constant('.'), 3),
    fc.tuple(name, joined(name, fc.constant('.'), 3)).map(([attr, inside]) => `${attr}[${inside}]`),
    fc.tuple(name, tie('path')).map(([attr, linked]) => `${attr}{${linked}}`),
  ),
  term: fc.oneof(
    { maxDepth: 4 },
    tie('path'),
    tie('path').map((path) => `!${path}`),
    fc.tuple(tie('path'), comparison).map(([path, compared]) => path + compared),
    tie('any').map((inner) => `(${inner})`),
  ),
  any: joined(tie('term'), fc.constantFrom(';', '|', ' ; ')),
})).any;

const level = mostly(fc.constantFrom('Kranj', 'Center', 'A', 'B', '+'), '#', 'č', '1', '');
const scope = fc
  .tuple(fc.constantFrom('/', ''), joined(level, fc.constant('/'), 4), fc.constantFrom('', '', '/#'))
  .map((parts) => parts.join(''));
const scopeQ = fc.letrec<{ part: string; any: string }>((tie) => ({
  part: fc.oneof(
    { maxDepth: 5 },
    scope,
    tie('any').map((inner) => `(${inner})`),
  ),
  any: joined(tie('part'), fc.constantFrom(',', ';', '|')),
})).any;

const ordinate = fc.oneof(
  { weight: 5, arbitrary: fc.double({ min: -180, max: 180, noNaN: true }) },
  { weight: 5, arbitrary: fc.integer({ min: -90, max: 90 }) },
  { weight: 1, arbitrary: fc.constantFrom(1e308, -1e-308, 181, 1e16) },
);
const position = fc.oneof(
  { weight: 9, arbitrary: fc.tuple(ordinate, ordinate) },
  { weight: 1, arbitrary: fc.array(ordinate, { maxLength: 4 }) },
);
const line = fc.array(position, { minLength: 1, maxLength: 6 });
const ring = line.map((positions) => [...positions, positions[0] ?? []]);
const shapes = {
  Point: position,
  MultiPoint: line,
  LineString: line,
  MultiLineString: fc.array(line, { maxLength: 3 }),
  Polygon: fc.array(ring, { maxLength: 2 }),
  MultiPolygon: fc.array(fc.array(ring, { maxLength: 2 }), { maxLength: 2 }),
};
const shape = fc.constantFrom(...Object.keys(shapes)).chain((type) =>
  fc.record({
    geometry: fc.oneof(
      { weight: 9, arbitrary: fc.constant(type) },
      { weight: 1, arbitrary: fc.constantFrom('Box', '') },
    ),
    coordinates: fc.oneof(
      ...Object.entries(shapes).map(([one, arbitrary]) => ({ weight: one === type ? 20 : 1, arbitrary })),
    ),
  }),
);
const georel = fc.oneof(
  fc.constantFrom('within', 'contains', 'overlaps', 'intersects', 'equals', 'disjoint', 'near', 'touches'),
  fc
    .tuple(fc.constantFrom('max', 'min'), mostly(fc.nat().map(String), '-1', '1e9', '0.5', ''))
    .map(([bound, metres]) => `near;${bound}Distance==${metres}`),
);

const api = '/ngsi-ld/v1';
const inQuery = (params: Readonly<Record<string, string>>): string =>
  Object.entries(params)
    .map(([one, is]) => `${one}=${encodeURIComponent(is.toWellFormed())}`)
    .join('&');

/** By GET, by POST, of histories, and as the condition of a subscription. */
const askedBy = (
  params: fc.Arbitrary<Readonly<Record<string, string>>>,
  members: (given: Readonly<Record<string, string>>) => object,
) =>
  fc.tuple(fc.nat({ max: 3 }), params).map(([way, given]): Asked => {
    const body = { type: 'Query', entities: [{ type: 'Streetlight' }], ...members(given) };
    if (way === 0) return { method: 'GET', path: `${api}/entities?local=true&${inQuery(given)}` };
    if (way === 1)
      return {
        method: 'GET',
        path: `${api}/temporal/entities?local=true&timerel=after&timeAt=2020-01-01T00:00:00Z&${inQuery(given)}`,
      };
    if (way === 2) return { method: 'POST', path: `${api}/entityOperations/query`, body: JSON.stringify(body) };
    const notification = { endpoint: { uri: 'http://127.0.0.1:9/none' } };
    const { type: _, ...conditions } = body;
    const id = 'urn:ngsi-ld:Subscription:fuzzed';
    const subscription = { id, type: 'Subscription', isActive: false, notification, ...conditions };
    return { method: 'POST', path: `${api}/subscriptions`, body: JSON.stringify(subscription) };
  });

const term = fc.constantFrom(
  'temperature',
  'a',
  'b',
  'ex',
  '@vocab',
  '@base',
  '@version',
  '@import',
  '@protected',
  '@id',
  '@type',
  '',
  '__proto__',
  'constructor',
  'type',
  'value',
);
const iri = fc.oneof(
  fc.constantFrom(
    'http://example.org/',
    'ex:',
    'ex:a',
    'a',
    'b',
    '@id',
    '@type',
    '@json',
    '@odd',
    'urn:x',
    '_:b',
    '',
    'https://uri.etsi.org/ngsi-ld/',
  ),
  fc.webUrl(),
  fc.string({ maxLength: 5 }),
);
const definition = fc.oneof(
  { weight: 6, arbitrary: iri },
  { weight: 1, arbitrary: fc.constantFrom(null, true, 7, []) },
  {
    weight: 4,
    arbitrary: fc.dictionary(
      fc.constantFrom(
        '@id',
        '@type',
        '@container',
        '@reverse',
        '@prefix',
        '@protected',
        '@context',
        '@language',
        '@nest',
        '@odd',
      ),
      fc.oneof(iri, fc.constantFrom(true, false, null, '@set', '@list', {})),
      { maxKeys: 3 },
    ),
  },
);
const context = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    fc.dictionary(term, definition, { maxKeys: 6, noNullPrototype: true }),
    fc.constantFrom(
      'https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld',
      'http://127.0.0.1:9/none',
      'ftp://x',
      null,
      5,
    ),
    fc.array(tie('any'), { maxLength: 3 }),
  ),
})).any;
const linked = fc
  .tuple(
    fc.constantFrom(lamp, concise),
    context,
    fc.dictionary(term, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }),
    fc.nat({ max: 3 }),
  )
  .map(([document, given, members, way]): Asked => {
    const whole = { ...(document as object), ...members, '@context': given };
    const body = JSON.stringify(whole);
    if (way === 0) return { method: 'POST', path: `${api}/entityOperations/upsert`, body: `[${body}]` };
    if (way === 1) return { method: 'PATCH', path: `${api}/entities/urn:ngsi-ld:Streetlight:1`, body };
    if (way === 2) return { method: 'POST', path: `${api}/temporal/entities`, body };
    return {
      method: 'POST',
      path: `${api}/entityOperations/query`,
      body: JSON.stringify({ type: 'Query', entities: [{ type: 'Streetlight' }], '@context': given, pick: 'id,a' }),
    };
  });

const kinds: Readonly<Record<string, fc.Arbitrary<Asked>>> = {
  q: askedBy(
    spoilt(q).map((one) => ({ q: one })),
    (given) => given,
  ),
  'scope queries': askedBy(
    spoilt(scopeQ).map((one) => ({ scopeQ: one })),
    (given) => given,
  ),
  'geo-queries': askedBy(
    fc
      .tuple(georel, shape)
      .map(([one, { geometry, coordinates }]) => ({ georel: one, geometry, coordinates: JSON.stringify(coordinates) })),
    ({ georel: one, geometry, coordinates = '[]' }) => ({
      geoQ: { georel: one, geometry, coordinates: JSON.parse(coordinates) as unknown },
    }),
  ),
  'JSON-LD': linked,
};

/** Beside 504 for an @context that cannot be had, and what is said when there is no room, the broker is never to blame. */
const isBlameless = (status: number): boolean => status < 500 || [503, 504, 507].includes(status);

/** A request that takes longer hangs, also on a machine that is busy. */
const patienceMs = 15_000;

async function statusOf(url: string, { method, path, body }: Asked): Promise<number> {
  const type = body?.includes('"@context"') === true ? 'application/ld+json' : 'application/json';
  const answer = await fetch(`${url}${path}`, {
    method,
    // Connections that are kept may be closed by the broker in the moment in which they are used again.
    headers: { Connection: 'close', ...(body === undefined ? {} : { 'Content-Type': type }) },
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.timeout(patienceMs),
  });
  await answer.arrayBuffer();
  return answer.status;
}

/** The error, and its cause: "fetch failed" alone says nothing. */
const reasonOf = (error: unknown): string =>
  error instanceof Error && error.cause !== undefined ? `${String(error)} ${String(error.cause)}` : String(error);

const atATime = 8;

/** Sends all, some at a time. Answers how often each status came, and the requests that were not answered as they should be. */
async function sendAll(url: string, all: readonly Asked[]): Promise<{ told: Map<number, number>; faults: unknown[] }> {
  const told = new Map<number, number>();
  const faults: unknown[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let one = all[next++]; one; one = all[next++]) {
      const ended = await statusOf(url, one).catch(reasonOf);
      if (typeof ended === 'number') told.set(ended, (told.get(ended) ?? 0) + 1);
      if (typeof ended !== 'number' || !isBlameless(ended)) faults.push({ ...one, ended });
    }
  };
  await Promise.all(Array.from({ length: atATime }, work));
  return { told, faults };
}

describe.each(testedStores)('what the grammars make (%s)', (store) => {
  let broker: TestBroker;
  beforeAll(async () => {
    broker = await startTestBroker(['--store', store, '--context-timeout-ms', '200', '--models', 'off']);
    const entities = JSON.stringify([
      lamp,
      { ...(concise as object), name: { languageMap: { sl: 'luč' } }, status: 'x' },
    ]);
    await statusOf(broker.url, { method: 'POST', path: `${api}/entityOperations/upsert`, body: entities });
    await statusOf(broker.url, { method: 'POST', path: `${api}/entities`, body: JSON.stringify(lamp) });
  });
  afterAll(() => broker.stop());

  test.each(Object.entries(kinds))(
    'is answered, and by no 5xx: %s',
    async (kind, arbitrary) => {
      const { told, faults } = await sendAll(broker.url, fc.sample(arbitrary, runs(300).numRuns));
      if (process.env['MLAKA_FUZZ'] !== undefined) console.log(store, kind, Object.fromEntries(told));
      expect(faults.slice(0, 5)).toEqual([]);
      // Requests that are all refused would prove nothing.
      expect([...told.keys()]).toEqual(expect.arrayContaining([kind === 'JSON-LD' ? 204 : 200, 400]));
      expect((await fetch(`${broker.url}/health/ready`)).status).toBe(204);
    },
    timeoutMs,
  );
});
