/** Defines inputs with large answers: entities of the largest size, and pages with the most entities. */
import {
  attributes,
  datasets,
  each,
  entity,
  get,
  type HostileInput,
  type HostileRequest,
  id,
  many,
  post,
} from './input.ts';

const moment = (n: number): string => new Date(1.7e12 + n * 1000).toISOString();

const large = (n: number): readonly HostileRequest[] => [entity(attributes(n))];

const shown = (what: string, path: string, accept = 'application/json'): HostileInput => ({
  what: `large entity ${what}`,
  size: 10_000,
  isLargest: true,
  prepare: large,
  request: () => get(`/entities/${id}${path}`, { Accept: accept }),
});

const page = (what: string, path: string, accept = 'application/json'): HostileInput => ({
  what: `page of entities ${what}`,
  size: 1000,
  isLargest: true,
  prepare: (n) => many(n, (one) => `"location":{"type":"Point","coordinates":[14,46]},"b":${one},${attributes(98)}`),
  request: (n) => get(`/entities?type=X&limit=${n}${path}`, { Accept: accept }),
});

const measured = (n: number): readonly HostileRequest[] => [
  ...Array.from({ length: Math.ceil(n / 10_000) }, (_, part) =>
    post(
      '/temporal/entities',
      `{"id":"${id}","type":"X","a":[${each(Math.min(10_000, n), (one) => `{"value":${one},"observedAt":"${moment(part * 10_000 + one)}"}`)}]}`,
    ),
  ),
];

const since = 'timerel=after&timeAt=2020-01-01T00:00:00Z';

const history = (what: string, path: string): HostileInput => ({
  what: `history ${what}`,
  size: 90_000,
  isLargest: true,
  prepare: measured,
  request: () => get(`/temporal/entities/${id}?${since}${path}`),
});

export const answers: readonly HostileInput[] = [
  shown('normalized', ''),
  shown('concise', '?format=concise'),
  shown('simplified', '?format=simplified'),
  shown('with time stamps', '?options=sysAttrs'),
  shown('as GeoJSON', '', 'application/geo+json'),
  {
    what: 'many datasets shown',
    size: 10_000,
    isLargest: true,
    prepare: (n) => [entity(`"a":${datasets(n)}`)],
    request: () => get(`/entities/${id}`),
  },
  {
    what: 'long list shown',
    size: 290_000,
    isLargest: true,
    prepare: (n) => [entity(`"a":[${each(n, () => '1')}]`)],
    request: () => get(`/entities/${id}`),
  },
  {
    what: 'long text shown',
    size: 8_000_000,
    isLargest: true,
    prepare: (n) => [entity(`"a":"${'x'.repeat(n)}"`)],
    request: () => get(`/entities/${id}`),
  },
  {
    what: 'relationship to many followed',
    size: 290_000,
    isLargest: true,
    prepare: (n) => [entity(`"a":{"object":[${each(n, (one) => `"urn:e:${one}"`)}]}`), ...many(1000, () => '"b":1')],
    request: () => get(`/entities/${id}?join=inline`),
  },
  page('normalized', ''),
  page('with time stamps', '&options=sysAttrs'),
  page('in JSON-LD', '&format=concise', 'application/ld+json'),
  page('as GeoJSON', '', 'application/geo+json'),
  page('in order', '&orderBy=b'),
  page('in an older version', '&format=simplified'),
  {
    what: 'types there are',
    size: 10_000,
    isLargest: true,
    prepare: (n) => [
      post('/entityOperations/create', `[${each(n, (one) => `{"id":"urn:e:${one}","type":"T${one}","a":1}`)}]`),
    ],
    request: () => get('/types?details=true'),
  },
  {
    what: 'attributes there are',
    size: 10_000,
    isLargest: true,
    prepare: large,
    request: () => get('/attributes?details=true'),
  },
  history('shown', ''),
  history('as lists of values', '&format=temporalValues'),
  history('as averages', '&aggrMethods=avg,min,max,stddev&aggrPeriodDuration=PT1H&format=aggregatedValues'),
  history('with lastN', '&lastN=10000'),
];
