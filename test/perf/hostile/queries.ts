/** Defines queries that are made to be expensive: long lists, complex conditions, and much data to compare. */
import {
  attributes,
  datasets,
  each,
  entity,
  found,
  get,
  type HostileInput,
  type HostileRequest,
  many,
  post,
  query,
} from './input.ts';

const list = (name: string, members = ''): HostileInput => ({
  what: `names in ${name}`,
  size: 9900,
  prepare: (n) => [entity(attributes(n))],
  request: (n) =>
    found(`${members}"${name}":[${each(n, (one) => `"${name === 'datasetId' ? 'urn:d:' : 'k'}${one}"`)}]`),
});

const lists: readonly HostileInput[] = [
  list('attrs'),
  list('pick'),
  list('omit'),
  list('datasetId'),
  list('expandValues', '"q":"a==1",'),
  {
    what: 'pick with braces',
    size: 9900,
    request: (n) => found(`"join":"flat","pick":["${each(n, (one) => `a{b${one}}`)}"]`),
  },
  {
    what: 'datasetId of an entity of many',
    size: 9900,
    prepare: (n) => [entity(`"a":${datasets(n)}`)],
    request: (n) => found(`"datasetId":[${each(n, (one) => `"urn:d:${one}"`)}]`),
  },
  {
    what: 'ids',
    size: 9900,
    prepare: (n) => many(n, () => '"a":1'),
    request: (n) => query(`"entities":[{"id":[${each(n, (one) => `"urn:e:${one}"`)}],"type":"X"}]`),
  },
  {
    what: 'containedBy',
    size: 9900,
    request: (n) => found(`"join":"flat","containedBy":[${each(n, (one) => `"urn:e:${one}"`)}]`),
  },
  {
    what: 'orderBy',
    size: 9900,
    prepare: () => many(1000, (one) => `"a":${one}`),
    request: (n) => found(`"ordering":{"orderBy":[${each(n, (one) => `"a${one}"`)}]}`),
  },
  {
    what: 'lang',
    size: 9900,
    prepare: () => [entity(`"a":{"languageMap":{${each(10_000, (one) => `"x-${one}":"a"`)}}}`)],
    request: (n) => found(`"lang":"${each(n, (one) => `l${one}`)}"`),
  },
  {
    what: 'temporal attrs',
    size: 9900,
    request: (n) =>
      post(
        '/temporal/entityOperations/query',
        `{"type":"Query","entities":[{"type":"X"}],"temporalQ":{"timerel":"after","timeAt":"2020-01-01T00:00:00Z"},"attrs":[${each(n, (one) => `"a${one}"`)}]}`,
      ),
  },
  { what: 'attrs by GET', size: 3000, request: (n) => get(`/entities?attrs=${each(n, (one) => `a${one}`)}`) },
];

const thousand = (): readonly HostileRequest[] => many(1000, (one) => `"a":${one},"scope":["/a/b","/c/d"]`);

const selectors: readonly HostileInput[] = [
  {
    what: 'selectors',
    size: 4900,
    prepare: thousand,
    request: (n) => query(`"entities":[${each(n, (one) => `{"type":"T${one}"}`)}]`),
  },
  {
    what: 'selectors with plain patterns',
    size: 500,
    prepare: thousand,
    request: (n) => query(`"entities":[${each(n, (one) => `{"type":"X","idPattern":"b${one}$"}`)}]`),
  },
  {
    what: 'selectors with complex patterns',
    size: 300,
    prepare: thousand,
    request: (n) => query(`"entities":[${each(n, (one) => `{"type":"X","idPattern":"(.*){20}b${one}"}`)}]`),
  },
  {
    what: 'idPattern that is nested',
    size: 300,
    prepare: () =>
      many(1000, () => '"a":1').map(({ body = '', ...one }) => ({
        ...one,
        body: body.replaceAll('urn:e:', `urn:e:${'a'.repeat(500)}`),
      })),
    request: (n) => query(`"entities":[{"type":"X","idPattern":"${'(a*)*'.repeat(n / 6)}b"}]`),
  },
  {
    what: 'type selection',
    size: 500,
    prepare: thousand,
    request: (n) => query(`"entities":[{"type":"${each(n, (one) => `T${one}`)}"}]`),
  },
  {
    what: 'scopeQ',
    size: 500,
    prepare: () => many(1000, () => `"scope":[${each(100, (one) => `"/a/b${one}"`)}]`),
    request: (n) => found(`"scopeQ":"${each(n, (one) => `/a/c${one}`)}"`),
  },
  {
    what: 'scopeQ of combinations',
    size: 22,
    prepare: () => many(1000, () => `"scope":[${each(100, (one) => `"/a/b${one}"`)}]`),
    request: (n) => found(`"scopeQ":"(${each(n, (one) => `/a/b${one}`)});(${each(n, (one) => `/a/d${one}`)})"`),
  },
];

const conditions: readonly HostileInput[] = [
  {
    what: 'q of many terms',
    size: 500,
    prepare: () => many(1000, () => attributes(50)),
    request: (n) => found(`"q":"${each(n, (one) => `k${one}==2`, '|')}"`),
  },
  {
    what: 'q of many terms, long list',
    size: 500,
    prepare: () => [entity(`"a":[${each(290_000, String)}]`)],
    request: (n) => found(`"q":"${each(n, (one) => `a==-${one + 1}`, '|')}"`),
  },
  {
    what: 'q of a list, long list',
    size: 499,
    prepare: () => [entity(`"a":[${each(290_000, String)}]`)],
    request: (n) => found(`"q":"a==${each(n, (one) => `-${one + 1}`)}"`),
  },
  {
    what: 'q of times, long list',
    size: 499,
    prepare: () => [entity(`"a":[${each(200_000, (one) => `"2026-01-01T00:00:00.${one}Z"`)}]`)],
    request: (n) => found(`"q":"a==${each(n, (one) => `2025-01-01T00:00:00.${one}Z`)}"`),
  },
  {
    what: 'q of a pattern, long text',
    size: 400,
    prepare: () => [entity(`"a":"${'x'.repeat(8_000_000)}"`)],
    request: (n) => found(`"q":"a~=\\"${'(x*)*'.repeat(n / 8)}y\\""`),
  },
  {
    what: 'q of a pattern, many texts',
    size: 400,
    prepare: () => [entity(`"a":[${each(200_000, (one) => `"xxxxxxxxxxxxxxxxxxxxxxxx${one}"`)}]`)],
    request: (n) => found(`"q":"a~=\\"${'(x*)*'.repeat(n / 8)}y\\""`),
  },
  {
    what: 'q of parentheses',
    size: 64,
    request: (n) => found(`"q":"${'('.repeat(n)}a${')'.repeat(n)}"`),
  },
  { what: 'q of a long text', size: 16_000, request: (n) => found(`"q":"a==\\"${'x'.repeat(n)}\\""`) },
  { what: 'q that is encoded', size: 16_000, request: (n) => found(`"q":"a==\\"${'%41'.repeat(n / 3)}\\""`) },
  {
    what: 'q through relationships',
    size: 10,
    prepare: () => many(1000, (one) => `"r":{"object":"urn:e:${(one + 1) % 1000}"},"a":1`),
    request: (n) => found(`"join":"flat","joinLevel":${n},"q":"${'r{'.repeat(n)}a==2${'}'.repeat(n)}"`),
  },
  {
    what: 'q with a path of many names',
    size: 4000,
    request: (n) => found(`"q":"a[${each(n, () => 'b', '.')}]==1"`),
  },
];

export const queries: readonly HostileInput[] = [...lists, ...selectors, ...conditions];
