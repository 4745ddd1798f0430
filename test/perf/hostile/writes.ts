/** Defines bodies of writes that are made to be expensive. */
import { attributes, datasets, each, entity, type HostileInput, id, patch, post, put } from './input.ts';

const moment = (n: number): string => new Date(1.7e12 + n * 1000).toISOString();

/** So many datasets that are there, and what is then said of them. */
const withDatasets = (what: string, request: HostileInput['request']): HostileInput => ({
  what,
  size: 9900,
  prepare: (n) => [entity(`"a":${datasets(n)}`)],
  request,
});

const instances: readonly HostileInput[] = [
  { what: 'entity of many datasets', size: 10_000, request: (n) => entity(`"a":${datasets(n)}`) },
  {
    what: 'simplified fragment of many datasets',
    size: 9900,
    prepare: () => [entity('"a":1')],
    request: (n) =>
      patch(`/entities/${id}?options=keyValues`, `{"a":{"dataset":{${each(n, (one) => `"urn:d:${one}":1`)}}}}`),
  },
  withDatasets('datasets appended again', (n) => post(`/entities/${id}/attrs`, `{"a":${datasets(n, 2)}}`)),
  withDatasets('datasets merged', (n) => patch(`/entities/${id}`, `{"a":${datasets(n, 2)}}`)),
  withDatasets('datasets replaced', (n) => put(`/entities/${id}`, `{"type":"X","a":${datasets(n, 2)}}`)),
  withDatasets('datasets of one attribute updated', (n) => patch(`/entities/${id}/attrs/a`, datasets(n, 2))),
  {
    what: 'datasets of a sub-attribute merged',
    size: 9900,
    prepare: (n) => [entity(`"a":{"value":1,"b":${datasets(n)}}`)],
    request: (n) => patch(`/entities/${id}`, `{"a":{"value":1,"b":${datasets(n, 2)}}}`),
  },
  {
    what: 'history of many datasets',
    size: 9900,
    request: (n) =>
      post(
        '/temporal/entities',
        `{"id":"${id}","type":"X","a":[${each(n, (one) => `{"value":1,"datasetId":"urn:d:${one}","observedAt":"2026-01-01T00:00:00Z"}`)}]}`,
      ),
  },
  {
    what: 'history of many moments',
    size: 24_000,
    request: (n) =>
      post(
        '/temporal/entities',
        `{"id":"${id}","type":"X","a":[${each(n, (one) => `{"value":1,"observedAt":"${moment(one)}"}`)}]}`,
      ),
  },
  {
    what: 'histories in a batch',
    size: 10_000,
    isLargest: true,
    request: (n) =>
      post(
        '/temporal/entityOperations/upsert',
        `[${each(n, (one) => `{"id":"urn:e:${one}","type":"X","a":[{"value":1,"observedAt":"${moment(one)}"}]}`)}]`,
      ),
  },
];

const members: readonly HostileInput[] = [
  { what: 'entity of many attributes', size: 10_000, request: (n) => entity(attributes(n)) },
  {
    what: 'attributes in long form',
    size: 10_000,
    request: (n) => entity(each(n, (one) => `"k${one}":{"type":"Property","value":1,"unitCode":"CEL"}`)),
  },
  {
    what: 'attributes updated',
    size: 10_000,
    prepare: (n) => [entity(attributes(n))],
    request: (n) => patch(`/entities/${id}/attrs`, `{${attributes(n, 2)}}`),
  },
  {
    what: 'attributes merged',
    size: 10_000,
    prepare: (n) => [entity(attributes(n))],
    request: (n) => patch(`/entities/${id}`, `{${attributes(n, 2)}}`),
  },
  {
    what: 'one attribute of many changed',
    size: 10_000,
    prepare: (n) => [entity(attributes(n))],
    request: () => patch(`/entities/${id}/attrs/k1`, '{"value":2}'),
  },
  {
    what: 'sub-attributes',
    size: 9900,
    request: (n) => entity(`"a":{"value":1,${attributes(n)}}`),
  },
  {
    what: 'sub-attributes, deep',
    size: 60,
    request: (n) => entity(`"a":${'{"value":1,"b":'.repeat(n)}{"value":1}${'}'.repeat(n)}`),
  },
  {
    what: 'types',
    size: 100,
    request: (n) => post('/entities', `{"id":"${id}","type":[${each(n, (one) => `"T${one}"`)}],"a":1}`),
  },
  { what: 'scopes', size: 100, request: (n) => entity(`"scope":[${each(n, (one) => `"/a/b${one}"`)}]`) },
];

const values: readonly HostileInput[] = [
  {
    what: 'relationship to many',
    size: 290_000,
    request: (n) => entity(`"a":{"object":[${each(n, (one) => `"urn:e:${one}"`)}]}`),
  },
  {
    what: 'text in many languages',
    size: 45_000,
    request: (n) => entity(`"a":{"languageMap":{${each(n, (one) => `"x-${one}":"a"`)}}}`),
  },
  {
    what: 'vocabulary terms',
    size: 10_000,
    request: (n) => entity(`"a":{"vocab":[${each(n, (one) => `"v${one}"`)}]}`),
  },
  { what: 'list of numbers', size: 290_000, request: (n) => entity(`"a":[${each(n, () => '1')}]`) },
  { what: 'list of objects', size: 45_000, request: (n) => entity(`"a":[${each(n, (one) => `{"b":${one}}`)}]`) },
  { what: 'object of many members', size: 45_000, request: (n) => entity(`"a":{"value":{${attributes(n)}}}`) },
  { what: 'long text', size: 8_000_000, request: (n) => entity(`"a":"${'x'.repeat(n)}"`) },
  {
    what: 'objects changed in a list',
    size: 45_000,
    prepare: (n) => [entity(`"a":{"value":[${each(n, (one) => `{"b":${one}}`)}]}`)],
    request: (n) => patch(`/entities/${id}`, `{"a":{"value":[${each(n, (one) => `{"b":${one + 1}}`)}]}}`),
  },
];

const forms: readonly HostileInput[] = [
  {
    what: 'blanks before a body',
    size: 8_000_000,
    request: (n) => post('/entities', `${' '.repeat(n)}{"id":"${id}","type":"X"}`),
  },
  {
    what: 'blanks before a batch',
    size: 60_000_000,
    request: (n) => post('/entityOperations/upsert', `${' '.repeat(n)}[{"id":"${id}","type":"X"}]`),
  },
  {
    what: 'numbers, then a flaw',
    size: 8_000_000,
    request: (n) =>
      post('/entities', `{"id":"${id}","type":"X","a":[${'1,'.repeat(n / 10)}${' '.repeat((n * 4) / 5)}x]}`),
  },
  {
    what: 'parentheses of JSON',
    size: 64,
    request: (n) => entity(`"a":${'['.repeat(n - 2)}${']'.repeat(n - 2)}`),
  },
  {
    what: 'escaped characters',
    size: 1_300_000,
    request: (n) => entity(`"a":"${'\\u0041'.repeat(n)}"`),
  },
  {
    what: 'batch of entities',
    size: 10_000,
    request: (n) => post('/entityOperations/upsert', `[${each(n, (one) => `{"id":"urn:e:${one}","type":"X","a":1}`)}]`),
  },
  {
    what: 'batch of large entities',
    size: 16,
    isLargest: true,
    request: (n) =>
      post('/entityOperations/upsert', `[${each(n, (one) => `{"id":"urn:e:${one}","type":"X",${attributes(9900)}}`)}]`),
  },
  {
    what: 'batch of one entity',
    size: 10_000,
    request: (n) =>
      post('/entityOperations/upsert?options=update', `[${each(n, (one) => `{"id":"${id}","type":"X","a${one}":1}`)}]`),
  },
  {
    what: 'batch of faults',
    size: 10_000,
    request: (n) => post('/entityOperations/upsert', `[${each(n, (one) => `{"id":"urn:e:${one}","a":1}`)}]`),
  },
  {
    what: 'batch of deletions',
    size: 10_000,
    request: (n) => post('/entityOperations/delete', `[${each(n, (one) => `"urn:e:${one}"`)}]`),
  },
  {
    what: 'batch of merges',
    size: 10_000,
    request: (n) => post('/entityOperations/merge', `[${each(n, (one) => `{"id":"urn:e:${one}","a":{"b":{"c":1}}}`)}]`),
  },
];

export const writes: readonly HostileInput[] = [...instances, ...members, ...values, ...forms];
