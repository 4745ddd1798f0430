/** Tests the order of entities over HTTP: collation of texts, missing values at the end, and the same order on every page. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { problem, scenarios, startTestBroker, type Step, type TestBroker, testedStores } from './scenario.ts';

const id = (name: string): string => `urn:ngsi-ld:Town:${name}`;
const create = (towns: Readonly<Record<string, unknown>>, type = 'Town'): Step => ({
  does: 'createBatch',
  send: 'POST /entityOperations/create',
  body: Object.entries(towns).map(([name, n]) => ({ id: id(name), type, ...(n === undefined ? {} : { n }) })),
  answers: 201,
});
const ask = (query: string, names: readonly string[]): Step => ({
  does: 'queryEntities',
  send: `GET /entities?local=true&pick=id&${query}`,
  answers: 200,
  gives: names.map((name) => ({ id: id(name) })),
});
const askByPost = (ordering: object, names: readonly string[]): Step => ({
  does: 'queryByPost',
  send: 'POST /entityOperations/query?local=true',
  body: { type: 'Query', entities: [{ type: 'Town' }], pick: ['id'], ordering },
  answers: 200,
  gives: names.map((name) => ({ id: id(name) })),
});

const towns = {
  a: 'Zagorje',
  b: 'cerknica',
  c: 'Čatež',
  d: 'Cerklje',
  e: undefined,
  f: 'Škofja Loka',
  g: 'Sežana',
  h: 5,
};
const byPeople = ['h', 'c', 'd', 'b', 'g', 'f', 'a', 'e'];
const bySlovenes = ['h', 'd', 'b', 'c', 'g', 'f', 'a', 'e'];
const byCodePoint = ['h', 'd', 'g', 'a', 'b', 'c', 'f', 'e'];
/** The other way round, but for those without a value. */
const reversed = (names: readonly string[]): readonly string[] => [
  ...names.slice(0, -1).toReversed(),
  ...names.slice(-1),
];

/** Pages of three, whatever the size of the list. */
const paged = (query: string, names: readonly string[]): readonly Step[] =>
  [0, 3, 6, 9].map((offset) => ask(`${query}&limit=3&offset=${offset}`, names.slice(offset, offset + 3)));

const many = Object.fromEntries(
  Array.from({ length: 130 }, (_, n) => [`m${n}`, n % 10 === 0 ? undefined : `${'čČcCžŽzZ'[n % 8] ?? ''}${n % 7}`]),
);
const compare = new Intl.Collator('en').compare;
const manyInOrder = (sign: 1 | -1): readonly string[] =>
  Object.entries(many)
    .sort(([, a], [, b]) =>
      a === undefined || b === undefined ? Number(a === undefined) - Number(b === undefined) : sign * compare(a, b),
    )
    .map(([name]) => name);

scenarios('an order of entities', {
  'is as people sort texts, by a language where one is named, and missing values come last both ways': [
    create(towns),
    ask('type=Town&orderBy=n', byPeople),
    ask('type=Town&orderBy=n;asc', byPeople),
    ask('type=Town&orderBy=n;desc', reversed(byPeople)),
    ask('type=Town&orderBy=n&collation=und-x-icu', byPeople),
    ask('type=Town&orderBy=n&collation=und', byPeople),
    ask('type=Town&orderBy=n&collation=sl', bySlovenes),
    ask('type=Town&orderBy=n;desc&collation=sl-x-icu', reversed(bySlovenes)),
    ...paged('type=Town&orderBy=n', byPeople),
    ...paged('type=Town&orderBy=n;desc&collation=sl', reversed(bySlovenes)),
    ask('type=Town&orderBy=n.observedAt;desc,n&q=n', byPeople.slice(0, -1)),
    ask('type=Town&orderBy=n[deeper];desc,id;desc', ['h', 'g', 'f', 'e', 'd', 'c', 'b', 'a']),
    askByPost({ orderBy: ['n;desc'] }, reversed(byPeople)),
    askByPost({ orderBy: ['n'], collation: 'sl' }, bySlovenes),
    ...['not_a_tag!', '', 'codepoint'].map(
      (tag): Step => ({
        does: 'queryEntities',
        send: `GET /entities?local=true&type=Town&orderBy=n&collation=${tag}`,
        answers: 400,
        has: problem('BadRequestData'),
      }),
    ),
  ],
  'can be explained, and other reads too, as it is described': [
    create({ told: 'Kranj' }, 'Told'),
    ...[
      ['queryEntities', '/entities?type=Told&orderBy=n&count=true&'],
      ['retrieveEntity', `/entities/${id('told')}?`],
      ['retrieveEntityAttribute', `/entities/${id('told')}/attrs/n?`],
      ['queryTemporal', '/temporal/entities?type=Told&'],
      ['retrieveTemporal', `/temporal/entities/${id('told')}?`],
      ['retrieveTypes', '/types?'],
    ].map(
      ([does = '', path = '']): Step => ({
        ...{ does, send: `GET ${path}local=true&explain=true`, answers: 200 },
        has: { registrations: [], registrationsLeftOut: 0 },
      }),
    ),
  ],
  'is the same on every page of a long list': [
    create(many, 'Many'),
    ...([1, -1] as const).flatMap((sign) =>
      [0, 50, 100, 150].map((offset) =>
        ask(
          `type=Many&orderBy=n;${sign === 1 ? 'asc' : 'desc'}&limit=50&offset=${offset}`,
          manyInOrder(sign).slice(offset, offset + 50),
        ),
      ),
    ),
  ],
});

scenarios(
  'an order of entities, by code point',
  {
    'is what the option says, unless the query says another': [
      create(towns),
      ask('type=Town&orderBy=n', byCodePoint),
      ask('type=Town&orderBy=n;desc', reversed(byCodePoint)),
      ask('type=Town&orderBy=n&collation=und-x-icu', byPeople),
    ],
  },
  ['--collation', 'codepoint'],
);

scenarios(
  'an order of entities, by a language',
  { 'is what the option says': [create(towns), ask('type=Town&orderBy=n', bySlovenes)] },
  ['--collation', 'sl'],
);

/** An index comes in SQLite only. */
const testSqlite = testedStores.includes('sqlite') ? test : test.skip;
let broker: TestBroker;
beforeAll(async () => {
  broker = await startTestBroker(['--store', 'sqlite', '--access', 'open']);
});
afterAll(() => broker.stop());

testSqlite('an order by numbers is the same with an index as without one, which reads all entities', async () => {
  const answer = async (query: string): Promise<unknown> =>
    (await fetch(`${broker.url}/ngsi-ld/v1/entities?type=Town&local=true&${query}`)).json();
  const all = Array.from({ length: 600 }, (_, n) => ({ id: id(`${n}`), type: 'Town', n: (n * 7) % 50 }));
  const body = JSON.stringify(all);
  const headers = { 'Content-Type': 'application/json' };
  await fetch(`${broker.url}/ngsi-ld/v1/entityOperations/create`, { method: 'POST', headers, body });
  const pages = ['orderBy=n&limit=20&offset=30', 'orderBy=n;desc&limit=20', 'orderBy=n;desc&limit=20&q=n<40'];
  const before = await Promise.all(pages.map(answer));
  const explained = async (query: string): Promise<readonly { access: string; entitiesRead: number }[]> =>
    ((await answer(`${query}&explain=true`)) as { reads: { access: string; entitiesRead: number }[] }).reads;
  while ((await explained(pages[1] ?? '')).at(-1)?.access !== 'values');
  // The bound of the range is read too.
  for (const [index, entitiesRead] of [51, 21, 33].entries()) {
    expect(await answer(pages[index] ?? '')).toEqual(before[index]);
    expect(await explained(pages[index] ?? '')).toMatchObject([{ access: 'values', entitiesRead }]);
  }
});
