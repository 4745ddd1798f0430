/**
 * Compares a server that limits its callers by grants with one that has nothing but what they may see, for every way to read; and what may
 * be written with a naive opinion.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isArray, isObject, type Json } from '../../../src/core/model/json.ts';
import type { Stores } from '../../../src/core/port/store.ts';
import { type TestServer, administrator, startTestServer } from '../../edge/access/test-server.ts';
import { historiesOfOthers, readsOfOthers } from './other-roads.ts';
import {
  accessible,
  accessibleByCedar,
  type Class,
  entityOf,
  grantBody,
  grantShapes,
  type Held,
  partOf,
  senders,
  type TestGrant,
  type Thing,
  things,
} from './city.ts';

const near = 'georel=near%3BmaxDistance==30000&geometry=Point&coordinates=%5B14.5,46%5D';

/** Ways to read what is present. */
export const reads: readonly string[] = [
  'GET /entities?type=*',
  'GET /entities?type=A',
  'GET /entities?type=*&count=true&limit=2&offset=1',
  'GET /entities?type=*&count=true&limit=0&q=p>2',
  'GET /entities?type=*&q=p>2',
  'GET /entities?type=*&q=!r',
  'GET /entities?type=*&q=p!=3',
  'GET /entities?type=*&q=p>2|!s',
  'GET /entities?type=*&attrs=r&count=true',
  'GET /entities?type=*&pick=id,p',
  'GET /entities?type=*&omit=p&format=simplified',
  'GET /entities?type=*&scopeQ=/k/%23',
  'GET /entities?type=*&id=urn:x:a:0,urn:x:b:1&options=keyValues',
  'GET /entities?type=*&idPattern=b&limit=1',
  `GET /entities?type=*&${near}`,
  'GET /entities?type=*&orderBy=p',
  'GET /entities?type=*&orderBy=p;desc&limit=3',
  'GET /entities?type=*&join=flat&joinLevel=1&limit=2',
  'GET /entities?type=*&join=inline&joinLevel=1&limit=2',
  'GET /entities?type=*&join=flat&joinLevel=1&q=next%7BA:p%7D>2',
  'GET /types',
  'GET /types?details=true',
  'GET /types/A',
  'GET /attributes',
  'GET /attributes?details=true',
  'GET /attributes/p',
  ...things.map(({ id }) => `GET /entities/${id}`),
  'GET /entities/urn:x:a:0?attrs=p',
  'GET /entities/urn:x:a:0/attrs/p',
  'GET /entities/urn:x:b:1/attrs/r/value',
  'GET /entities/urn:x:none',
  'POST /entityOperations/query',
  ...readsOfOthers,
];

/** Without it, the history APIs read only what has no scope. */
const wholePath = { 'Fiware-ServicePath': '/#' };

const bodies: Readonly<Record<string, Json>> = {
  'POST /entityOperations/query': {
    type: 'Query',
    entities: [{ type: 'A' }, { type: 'B', idPattern: 'b' }],
    q: '!p|p>1',
  },
  'POST /temporal/entityOperations/query?format=temporalValues': {
    type: 'Query',
    entities: [{ type: 'A' }],
    q: '!r|p>1',
    temporalQ: { timerel: 'after', timeAt: '2020-01-01T00:00:00Z' },
  },
  'POST /ql/v2/op/query': {
    entities: [
      { id: 'urn:x:a:0', type: 'A' },
      { id: 'urn:x:b:1', type: 'B' },
    ],
    attrs: ['p', 'r'],
  },
  'POST /v2/op/query': {
    entities: [{ idPattern: '.*', typePattern: 'A|B' }],
    expression: { q: 'p>1' },
    attrs: ['p', 'r'],
  },
};

const always = 'timerel=after&timeAt=2020-01-01T00:00:00Z&format=temporalValues';
/** Ways to read history. */
export const histories: readonly string[] = [
  `GET /temporal/entities?type=*&${always}`,
  `GET /temporal/entities?type=A&count=true&limit=2&${always}`,
  `GET /temporal/entities?type=*&attrs=r&count=true&${always}`,
  `GET /temporal/entities?type=*&q=p>2&${always}`,
  `GET /temporal/entities?type=*&q=!r&count=true&${always}`,
  'GET /temporal/entities?type=*&attrs=p&aggrMethods=max&aggrPeriodDuration=PT0S&format=aggregatedValues&timerel=after&timeAt=2020-01-01T00:00:00Z',
  ...things.slice(0, 4).map(({ id }) => `GET /temporal/entities/${id}?${always}`),
  'POST /temporal/entityOperations/query?format=temporalValues',
  ...historiesOfOthers,
];

interface MatrixRun {
  readonly server: TestServer;
  readonly given: readonly Held[];
  readonly as: string | undefined;
}

/** Declares the tests of one kind of store. */
export function testMatrix(title: string, openStores: () => Promise<Stores>, runs: number): void {
  test(`what grants show is what there is (${title})`, async () => {
    // What is written has a history of its own.
    const all = await Promise.all([openStores(), openStores()]);
    const [reading, writing] = await Promise.all(all.map((stores) => startTestServer(stores)));
    if (!reading || !writing) throw new Error('There are two sites.');
    try {
      for (const server of [reading, writing]) {
        await server.send('POST /access/grants', { as: administrator, body: recordsOwners });
        await load(server, things);
      }
      await fc.assert(
        fc.asyncProperty(grantShapes, async (shape) => {
          await checkShape(reading, shape, compareAllReads);
          await checkShape(writing, shape, compareWrites);
        }),
        { numRuns: runs, endOnFailure: true },
      );
    } finally {
      await Promise.all([reading.stop(), writing.stop()]);
      await Promise.all(all.map((stores) => stores.close()));
    }
  }, 600_000);
}

/** Writes entities, each as its owner, who needs a grant for own entities to be one. */
async function load({ send }: TestServer, all: readonly Thing[]): Promise<void> {
  for (const [owner, own] of Map.groupBy(all, (thing) => thing.owner)) {
    const sent = { as: `${owner} administrator`, body: own.map(entityOf) };
    expect([201, 204]).toContain((await send('POST /entityOperations/upsert', sent)).status);
  }
}

async function loadParts({ send }: TestServer, parts: readonly Json[]): Promise<void> {
  await send('POST /access/grants', {
    as: administrator,
    body: { to: 'public', operations: ['read', 'history'] },
  });
  if (parts.length === 0) return;
  const { status } = await send('POST /entityOperations/upsert', { as: administrator, body: [...parts] });
  expect(status).toBe(201);
}

/** Whoever has it owns what he creates. It gives no right that the matrix is about. */
const recordsOwners = { to: 'authenticated', operations: ['audit'], own: true };

async function compareAllReads(run: MatrixRun): Promise<void> {
  await compareReads(run, 'read', reads);
  await compareReads(run, 'history', histories);
}

async function checkShape(
  server: TestServer,
  shape: readonly TestGrant[],
  check: (run: MatrixRun) => Promise<void>,
): Promise<void> {
  for (const [index, grant] of shape.entries()) {
    const body = { ...grantBody(grant), id: `urn:g:${index}` };
    expect(await server.send('POST /access/grants', { as: administrator, body })).toMatchObject({ status: 201 });
  }
  try {
    for (const { as, subject, receives } of senders) {
      const given = shape.filter(({ to }) => receives.includes(to)).map((grant) => ({ ...grant, holder: subject }));
      compareOpinions(given, receives);
      await check({ server, given, as });
    }
  } finally {
    for (const index of shape.keys()) await server.send(`DELETE /access/grants/urn:g:${index}`, { as: administrator });
  }
}

function compareOpinions(given: readonly Held[], receives: readonly string[]): void {
  for (const operation of ['read', 'write', 'delete', 'history'] as const)
    for (const thing of things.slice(0, 6))
      expect(accessibleByCedar(thing, operation, { given, receives })).toEqual(accessible(thing, operation, given));
}

/** The same requests to a server that has only what is visible. */
async function compareReads(
  { server, given, as }: MatrixRun,
  operation: Class,
  requests: readonly string[],
): Promise<void> {
  const sender = as === undefined ? {} : { as };
  if (!given.some(({ operations }) => operations.includes(operation))) {
    for (const request of requests.slice(0, 1))
      expect((await server.send(request, sender)).status).toBe(as === undefined ? 401 : 403);
    return;
  }
  const mirror = await startTestServer();
  try {
    const parts = things.flatMap((thing) => {
      const names = accessible(thing, operation, given);
      return names ? [partOf(thing, names)] : [];
    });
    await loadParts(mirror, parts);
    for (const request of requests) {
      const body = bodies[request];
      const more = { headers: wholePath, ...(body === undefined ? {} : { body }) };
      const [shown, expected] = [
        await server.send(request, { ...sender, ...more }),
        await mirror.send(request, { ...(as === undefined ? {} : { as: administrator }), ...more }),
      ];
      expect([request, ...comparable(shown)]).toEqual([request, ...comparable(expected)]);
    }
  } finally {
    await mirror.stop();
  }
}

type Answer = Awaited<ReturnType<TestServer['send']>>;

const comparable = ({ status, body, headers }: Answer): readonly unknown[] => [
  status,
  status < 300 ? timeless(withoutIds(body)) : isObject(body) ? (body['type'] ?? body['error']) : body,
  headers.get('NGSILD-Results-Count') ?? headers.get('Fiware-Total-Count'),
  headers.get('Link')?.includes('rel="next"'),
];

/** Times and the address of the broker are not those of the other one. */
const timeless = (body: Json): unknown =>
  JSON.stringify(body)
    .replaceAll(/20(?!26-03-01T08)\d\d-\d\d-\d\dT[\d:.]*(?:Z|\+00:00)?/g, 'now')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'broker');

/** Lists of types and attributes have an id of their own in each answer. Their members have no order. */
function withoutIds(body: Json): Json {
  if (isArray(body)) return body.map(withoutIds);
  if (!isObject(body)) return body;
  const { id, ...rest } = body;
  return typeof id === 'string' && /List/.test(id) ? rest : body;
}

interface WriteCase {
  readonly request: string;
  readonly operation: Class;
  readonly body?: Json;
  /** The attributes that it touches. Undefined: the whole entity. */
  readonly names?: readonly string[];
  /** The entity afterwards. Undefined: it is gone. */
  readonly after?: Thing;
}

const with9 = (thing: Thing): Thing => ({ ...thing, attrs: { ...thing.attrs, p: 9 } });
const value9 = { type: 'Property', value: 9 };

const writesOf = (thing: Thing): readonly WriteCase[] => [
  {
    request: `PATCH /entities/${thing.id}/attrs`,
    operation: 'write',
    body: { p: value9 },
    names: ['p'],
    after: with9(thing),
  },
  {
    request: `PATCH /entities/${thing.id}`,
    operation: 'write',
    body: { p: value9 },
    names: ['p'],
    after: with9(thing),
  },
  {
    request: `PATCH /entities/${thing.id}`,
    operation: 'write',
    body: { scope: '/l/other' },
    after: { ...thing, scope: '/l/other' },
  },
  { request: `DELETE /entities/${thing.id}/attrs/location`, operation: 'delete', names: ['location'], after: thing },
  {
    request: `POST /v2/entities/${thing.id}/attrs`,
    operation: 'write',
    body: { p: { type: 'Number', value: 9 } },
    names: ['p'],
    after: with9(thing),
  },
  { request: `DELETE /v2/entities/${thing.id}`, operation: 'delete' },
  { request: `DELETE /entities/${thing.id}`, operation: 'delete' },
];

/** Entities of all owners. */
const changed = things.filter((_, index) => index % 4 === 0);

/** What may be written is done; what may not is refused and changes nothing. */
async function compareWrites({ server, given, as }: MatrixRun): Promise<void> {
  const sender = as === undefined ? {} : { as };
  const refusedWith = as === undefined ? 401 : 403;
  for (const thing of changed)
    for (const { request, operation, body, names, after } of writesOf(thing)) {
      if (!given.some(({ operations }) => operations.includes(operation))) continue;
      const isAllowed = [thing, ...(after ? [after] : [])].every((one) => mayTouch(one, operation, { given, names }));
      const before = await stateOf(server, thing);
      // NGSI v2 changes what is at the path that a request names.
      const headers = { 'Fiware-ServicePath': thing.scope };
      const sent = { ...sender, headers, ...(body === undefined ? {} : { body }) };
      const { status } = await server.send(request, sent);
      if (isAllowed) {
        expect([request, status]).toEqual([request, 204]);
        await load(server, [thing]);
        continue;
      }
      const isKnown = [operation, 'read' as const].some((one) => accessible(thing, one, given) !== undefined);
      expect([request, status]).toEqual([request, isKnown ? refusedWith : 404]);
      expect(await stateOf(server, thing)).toEqual(before);
    }
}

function mayTouch(
  thing: Thing,
  operation: Class,
  { given, names }: { readonly given: readonly Held[]; readonly names: readonly string[] | undefined },
): boolean {
  const own = given.filter((grant) => grant.operations.includes(operation));
  const whole = own.filter(({ attrs }) => attrs === undefined);
  if (names === undefined) return accessible(thing, operation, whole) !== undefined;
  return names.every((name) =>
    own.some((grant) => accessible(thing, operation, [grant]) !== undefined && (grant.attrs?.includes(name) ?? true)),
  );
}

const stateOf = async ({ send }: TestServer, { id }: Thing): Promise<Json> =>
  (await send(`GET /entities/${id}?options=sysAttrs`, { as: administrator })).body;
