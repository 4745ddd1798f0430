/** Tests reading history over HTTP: results without a temporal query, the newest first, and the values that aggregates apply to. */
import { expect } from '@jest/globals';
import { id, past } from './air.ts';
import { problem, scenarios, type Step } from './scenario.ts';

const read = (name: string, query: string, has: object): Step => ({
  does: 'retrieveTemporal',
  send: `GET /temporal/entities/${id(name)}?${query}`,
  answers: 200,
  has,
});
const write = (body: Readonly<Record<string, unknown>> & { readonly name: string }): Step => {
  const { name, ...attrs } = body;
  return {
    does: 'upsertTemporal',
    send: 'POST /temporal/entities',
    body: { id: id(name), type: 'Air', ...attrs },
    answers: 201,
  };
};
const observed = (...values: readonly unknown[]) =>
  values.map((value, hour) => ({ type: 'Property', value, observedAt: `2026-03-01T0${hour}:00:00Z` }));
const anyTime = expect.stringMatching(/^20\d\d-.*Z$/);

/** The first result of each method, for an attribute of which all instances are in one period; undefined: there is none. */
const aggregates = (name: string, attr: string, results: Readonly<Record<string, unknown>>): readonly Step[] =>
  Object.entries(results).map(([method, result]) => ({
    does: 'retrieveTemporal',
    send: `GET /temporal/entities/${id(name)}?attrs=${attr}&aggrMethods=${method}`,
    ...(result === undefined
      ? { answers: 400, has: { ...problem('InvalidRequest'), detail: expect.stringContaining(`aggrMethods`) } }
      : { answers: 200, has: { [attr]: { [method]: [[result, anyTime, anyTime]] } } }),
  }));

scenarios('reading history', {
  'aggregates follow the calendar of a time zone': [
    write({ name: 'local', pm10: observed(21, 22, 23, 24) }),
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('local')}?attrs=pm10&aggrMethods=sum&aggrPeriodDuration=P1D&timeZone=America/Noronha`,
      answers: 200,
      gives: {
        id: id('local'),
        type: 'Air',
        pm10: {
          type: 'Property',
          sum: [
            [43, '2026-02-28T02:00:00Z', '2026-03-01T02:00:00Z'],
            [47, '2026-03-01T02:00:00Z', '2026-03-02T02:00:00Z'],
          ],
        },
      },
    },
    {
      does: 'queryTemporalByPost',
      send: 'POST /temporal/entityOperations/query',
      body: {
        type: 'Query',
        entities: [{ type: 'Air', id: id('local') }],
        attrs: ['pm10'],
        aggrParams: { aggrMethods: ['sum'], aggrPeriodDuration: 'P1M', timeZone: 'Europe/Ljubljana' },
      },
      answers: 200,
      gives: [
        {
          id: id('local'),
          type: 'Air',
          pm10: { type: 'Property', sum: [[90, '2026-02-28T23:00:00Z', '2026-03-31T22:00:00Z']] },
        },
      ],
    },
    ...['Europe/Kranj', '', '+25:00'].map((zone) => ({
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('local')}?aggrMethods=avg&timeZone=${encodeURIComponent(zone)}`,
      answers: 400,
      has: { ...problem('BadRequestData'), detail: expect.stringContaining('timeZone') },
    })),
  ],
  'without a temporal query, what was not observed stands at the time of its writing': [
    {
      does: 'createEntity',
      send: 'POST /entities',
      body: {
        id: id('plain'),
        type: 'Air',
        n: 1,
        seen: { type: 'Property', value: 5, observedAt: '2026-03-01T01:00:00Z' },
      },
      answers: 201,
    },
    { does: 'updateAttributes', send: `PATCH /entities/${id('plain')}/attrs`, body: { n: 2, seen: 6 }, answers: 204 },
    read('plain', 'format=temporalValues', {
      n: {
        type: 'Property',
        values: [
          [1, anyTime],
          [2, anyTime],
        ],
      },
      seen: {
        type: 'Property',
        values: [
          [5, '2026-03-01T01:00:00Z'],
          [6, anyTime],
        ],
      },
    }),
    read('plain', 'format=temporalValues&lastN=1', {
      n: { values: [[2, anyTime]] },
      seen: { values: [[6, anyTime]] },
    }),
    read('plain', 'aggrMethods=totalCount,max', {
      n: { totalCount: [[2, anyTime, anyTime]], max: [[2, anyTime, anyTime]] },
      seen: { totalCount: [[2, '2026-03-01T01:00:00Z', anyTime]] },
    }),
    ...['timeproperty=observedAt', 'timerel=after&timeAt=2020-01-01T00:00:00Z'].map(
      (query): Step => ({
        does: 'retrieveTemporal',
        send: `GET /temporal/entities/${id('plain')}?format=temporalValues&${query}`,
        answers: 200,
        gives: {
          id: id('plain'),
          type: 'Air',
          seen: { type: 'Property', values: [[5, '2026-03-01T01:00:00Z']] },
        },
      }),
    ),
    read('plain', 'format=temporalValues&timeproperty=any&timerel=after&timeAt=2026-03-02T00:00:00Z', {
      n: {
        values: [
          [1, anyTime],
          [2, anyTime],
        ],
      },
      seen: { type: 'Property', values: [[6, anyTime]] },
    }),
    { does: 'deleteAttribute', send: `DELETE /entities/${id('plain')}/attrs/n`, answers: 204 },
    read('plain', 'attrs=n&format=temporalValues', {
      n: {
        values: [
          [1, anyTime],
          [2, anyTime],
        ],
      },
    }),
    read('plain', 'attrs=n&format=temporalValues&timeproperty=deletedAt', {
      n: { values: [['urn:ngsi-ld:null', anyTime]] },
    }),
  ],
  'gives the newest first with lastN, in every form and dataset': [
    write({
      name: 'newest',
      v: [...observed(0, 1, 2), ...observed(10, 11, 12).map((one) => ({ ...one, datasetId: 'urn:x:d' }))],
    }),
    read('newest', 'lastN=2&format=temporalValues&datasetId=@none', {
      v: {
        values: [
          [2, '2026-03-01T02:00:00Z'],
          [1, '2026-03-01T01:00:00Z'],
        ],
      },
    }),
    read('newest', 'lastN=1&format=temporalValues', {
      v: expect.arrayContaining([
        { type: 'Property', values: [[2, '2026-03-01T02:00:00Z']] },
        { type: 'Property', datasetId: 'urn:x:d', values: [[12, '2026-03-01T02:00:00Z']] },
      ]),
    }),
    read('newest', 'lastN=2&datasetId=@none', {
      v: [expect.objectContaining({ value: 2 }), expect.objectContaining({ value: 1 })],
    }),
    {
      does: 'queryTemporalByPost',
      send: 'POST /temporal/entityOperations/query?format=temporalValues',
      body: {
        type: 'Query',
        entities: [{ type: 'Air', id: id('newest') }],
        datasetId: ['urn:x:d'],
        temporalQ: { timerel: 'before', timeAt: '2026-03-01T02:00:00Z', lastN: 2 },
      },
      answers: 200,
      gives: [
        {
          id: id('newest'),
          type: 'Air',
          v: {
            type: 'Property',
            datasetId: 'urn:x:d',
            values: [
              [11, '2026-03-01T01:00:00Z'],
              [10, '2026-03-01T00:00:00Z'],
            ],
          },
        },
      ],
    },
  ],
  'aggregates each kind of value by the methods that apply to it, and refuses the others': [
    write({
      name: 'kinds',
      number: observed(1, 2, 3),
      boolean: observed(true, false, true),
      text: observed('b', 'a', 'b'),
      clock: observed('10:00:00Z', '12:00:00Z'),
      moment: observed('2026-03-01T00:00:00.5Z', '2026-03-01T00:00:00Z'),
      typed: observed(
        { '@type': 'DateTime', '@value': '2026-03-02T00:00:00Z' },
        { '@type': 'DateTime', '@value': '2026-03-01T00:00:00Z' },
      ),
      list: observed([1, 2, 3], [1]),
      thing: observed({ a: 1 }, { a: 2 }),
      place: [
        { type: 'GeoProperty', value: { type: 'Point', coordinates: [1, 2] }, observedAt: '2026-03-01T00:00:00Z' },
      ],
      owner: [{ type: 'Relationship', object: 'urn:x:1', observedAt: '2026-03-01T00:00:00Z' }],
      owners: [{ type: 'ListRelationship', objectList: ['urn:x:1'], observedAt: '2026-03-01T00:00:00Z' }],
      steps: [{ type: 'ListProperty', valueList: [1, 2], observedAt: '2026-03-01T00:00:00Z' }],
      called: [{ type: 'LanguageProperty', languageMap: { sl: 'a' }, observedAt: '2026-03-01T00:00:00Z' }],
      word: [{ type: 'VocabProperty', vocab: 'a', observedAt: '2026-03-01T00:00:00Z' }],
    }),
    ...aggregates('kinds', 'number', {
      totalCount: 3,
      distinctCount: 3,
      sum: 6,
      avg: 2,
      min: 1,
      max: 3,
      stddev: Math.sqrt(2 / 3),
      sumsq: 14,
    }),
    ...aggregates('kinds', 'boolean', {
      totalCount: 3,
      distinctCount: 2,
      sum: 2,
      avg: 2 / 3,
      min: 0,
      max: 1,
      stddev: expect.closeTo(Math.sqrt(2) / 3, 12),
      sumsq: 2,
    }),
    ...aggregates('kinds', 'text', {
      totalCount: 3,
      distinctCount: 2,
      sum: undefined,
      avg: undefined,
      min: 'a',
      max: 'b',
      stddev: undefined,
      sumsq: undefined,
    }),
    ...aggregates('kinds', 'clock', {
      totalCount: 2,
      sum: undefined,
      avg: '11:00:00Z',
      min: '10:00:00Z',
      max: '12:00:00Z',
      stddev: undefined,
    }),
    ...aggregates('kinds', 'moment', {
      totalCount: 2,
      avg: undefined,
      min: '2026-03-01T00:00:00Z',
      max: '2026-03-01T00:00:00.5Z',
    }),
    ...aggregates('kinds', 'typed', {
      totalCount: 2,
      avg: undefined,
      min: '2026-03-01T00:00:00Z',
      max: '2026-03-02T00:00:00Z',
    }),
    ...aggregates('kinds', 'list', {
      totalCount: 2,
      distinctCount: 2,
      sum: 4,
      avg: 2,
      min: 1,
      max: 3,
      stddev: undefined,
      sumsq: undefined,
    }),
    ...aggregates('kinds', 'steps', {
      totalCount: 1,
      sum: 2,
      avg: 2,
      min: 2,
      max: 2,
      stddev: undefined,
      sumsq: undefined,
    }),
    ...['thing', 'place', 'owner', 'owners', 'called', 'word'].flatMap((attr) =>
      aggregates('kinds', attr, {
        totalCount: expect.any(Number),
        distinctCount: expect.any(Number),
        ...Object.fromEntries(['sum', 'avg', 'min', 'max', 'stddev', 'sumsq'].map((method) => [method, undefined])),
      }),
    ),
    read('kinds', 'attrs=text,number&aggrMethods=sum', {
      text: { type: 'Property', sum: [] },
      number: { sum: [[6, anyTime, anyTime]] },
    }),
    read('kinds', 'attrs=text&aggrMethods=avg,max', { text: { avg: [], max: [['b', anyTime, anyTime]] } }),
    // Where nothing is found, nothing is wrong.
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('kinds')}?attrs=text&aggrMethods=avg&timerel=before&timeAt=2020-01-01T00:00:00Z`,
      answers: 200,
      gives: { id: id('kinds'), type: 'Air' },
    },
    {
      does: 'queryTemporal',
      send: `GET /temporal/entities?type=Air&id=${id('kinds')}&attrs=text,place&aggrMethods=avg,sum&timerel=after&timeAt=2020-01-01T00:00:00Z`,
      answers: 400,
      has: problem('InvalidRequest'),
    },
    {
      does: 'queryTemporal',
      send: `GET /temporal/entities?type=Air&id=urn:x:nobody&attrs=text&aggrMethods=avg&timerel=after&timeAt=2020-01-01T00:00:00Z`,
      answers: 200,
      gives: [],
    },
  ],
  'refuses times that are none, and names the parameter': [
    write({ ...past('times', 1), name: 'times' }),
    ...[
      '2026-03-01T00:00:00+02:00',
      '2026-03-01 00:00:00Z',
      '2026-03-01',
      '2026-03-01T24:00:00Z',
      '2026-02-30T00:00:00Z',
      'now',
      '',
    ].flatMap((time): readonly Step[] => [
      ...[
        'timerel=after&timeAt=TIME',
        'timerel=between&timeAt=2026-01-01T00:00:00Z&endTimeAt=TIME',
        'partAfter=TIME',
      ].flatMap((query) =>
        ['/temporal/entities?type=Air&', `/temporal/entities/${id('times')}?`].map(
          (path): Step => ({
            does: path.includes('?type') ? 'queryTemporal' : 'retrieveTemporal',
            send: `GET ${path}${query.replace('TIME', encodeURIComponent(time))}`,
            answers: 400,
            has: { ...problem('BadRequestData'), detail: expect.stringContaining(/(\w+)=TIME/.exec(query)?.[1] ?? '') },
          }),
        ),
      ),
      {
        does: 'queryTemporalByPost',
        send: 'POST /temporal/entityOperations/query',
        body: { type: 'Query', entities: [{ type: 'Air' }], temporalQ: { timerel: 'after', timeAt: time } },
        answers: 400,
        has: { ...problem('BadRequestData'), detail: expect.stringContaining('timeAt') },
      },
    ]),
    ...Object.entries({ timerel: ['after'], timeAt: 5, endTimeAt: null, lastN: true, timeproperty: {} }).map(
      ([name, value]): Step => ({
        does: 'queryTemporalByPost',
        send: 'POST /temporal/entityOperations/query',
        body: {
          type: 'Query',
          entities: [{ type: 'Air' }],
          temporalQ: { timerel: 'after', timeAt: '2026-03-01T00:00:00Z', [name]: value },
        },
        answers: 400,
        has: { ...problem('BadRequestData'), detail: expect.stringContaining(name) },
      }),
    ),
    ...['orderBy=pm10', 'pick=pm10{x}', 'omit=pm10{x}', 'lastN=x', 'timeproperty=then', 'format=x', 'datasetId=x'].map(
      (query): Step => ({
        does: 'queryTemporal',
        send: `GET /temporal/entities?type=Air&${encodeURI(query)}`,
        answers: 400,
        has: { detail: expect.stringContaining(query.split('=')[0] ?? '') },
      }),
    ),
  ],
});

scenarios(
  'a history that is shown in parts',
  {
    'has a link to the next part, and none where nothing is missing': [
      write({ name: 'parts', v: observed(0, 1, 2, 3), w: observed('a', 'b', 'c', 'd') }),
      {
        does: 'retrieveTemporal',
        send: `GET /temporal/entities/${id('parts')}?format=temporalValues&timerel=after&timeAt=2026-03-01T01:00:00Z`,
        answers: 206,
        with: {
          'Content-Range': 'date-time 2026-03-01T01:00:00Z-2026-03-01T02:00:00Z/*',
          Link: /<[^>]*partAfter=2026-03-01T02:00:00Z[^>]*>;rel="next"/,
        },
        has: {
          v: {
            values: [
              [1, anyTime],
              [2, anyTime],
            ],
          },
          w: {
            values: [
              ['b', anyTime],
              ['c', anyTime],
            ],
          },
        },
      },
      {
        does: 'retrieveTemporal',
        send: `GET /temporal/entities/${id('parts')}?format=temporalValues&timerel=after&timeAt=2026-03-01T01:00:00Z&partAfter=2026-03-01T02:00:00Z`,
        answers: 200,
        has: { v: { values: [[3, anyTime]] }, w: { values: [['d', anyTime]] } },
      },
      read('parts', 'attrs=v&timerel=after&timeAt=2026-03-01T01:00:00Z', { v: expect.any(Array) }),
      {
        does: 'retrieveTemporal',
        send: `GET /temporal/entities/${id('parts')}?format=temporalValues&lastN=3`,
        answers: 206,
        with: { 'Content-Range': 'date-time 2026-03-01T03:00:00Z-2026-03-01T02:00:00Z/3' },
        has: {
          v: {
            values: [
              [3, anyTime],
              [2, anyTime],
            ],
          },
          w: {
            values: [
              ['d', anyTime],
              ['c', anyTime],
            ],
          },
        },
      },
      {
        does: 'retrieveTemporal',
        send: `GET /temporal/entities/${id('parts')}?format=temporalValues&lastN=3&partAfter=2026-03-01T02:00:00Z`,
        answers: 200,
        has: { v: { values: [[1, anyTime]] }, w: { values: [['b', anyTime]] } },
      },
    ],
  },
  ['--instances-page', '3'],
);

const findsScope = (scope: string, time: string, found: readonly string[]): Step => ({
  does: 'queryTemporal',
  send: `GET /temporal/entities?type=Roof&pick=id&scopeQ=${encodeURIComponent(scope)}&${time}`,
  answers: 200,
  gives: found.map((name) => ({ id: id(name) })),
});
const old = 'timerel=before&timeAt=2026-04-01T00:00:00Z';
const roof = (name: string, attrs: object): Step => ({
  does: 'upsertTemporal',
  send: 'POST /temporal/entities',
  body: { id: id(name), type: 'Roof', ...attrs },
  answers: 201,
});

scenarios('the scope of old instances', {
  'holds from the oldest of them on, when it came with the first ones': [
    roof('one', { scope: '/Kranj', v: observed(2, 1) }),
    {
      does: 'upsertTemporalBatch',
      send: 'POST /temporal/entityOperations/upsert',
      body: [
        { id: id('two'), type: 'Roof', v: observed(5).map((one) => ({ ...one, observedAt: '2026-03-01T05:00:00Z' })) },
        { id: id('two'), type: 'Roof', scope: ['/Mlaka', '/Kranj'], v: observed(0) },
      ],
      answers: 201,
    },
    findsScope('/Kranj', old, ['one', 'two']),
    findsScope('/Mlaka', old, ['two']),
    findsScope('/Kranj', 'timerel=before&timeAt=2026-03-01T00:00:00.5Z', ['one', 'two']),
    {
      does: 'queryTemporal',
      send: `GET /temporal/entities?type=Roof&id=${id('one')}&attrs=scope&timerel=after&timeAt=2020-01-01T00:00:00Z&format=temporalValues`,
      answers: 200,
      gives: [
        { id: id('one'), type: 'Roof', scope: { type: 'Property', values: [['/Kranj', '2026-03-01T00:00:00Z']] } },
      ],
    },
  ],
  'holds from now on, when there was another before': [
    roof('three', { scope: '/Bled', v: observed(1) }),
    {
      does: 'upsertTemporal',
      send: 'POST /temporal/entities',
      body: { id: id('three'), type: 'Roof', scope: '/Bohinj', v: observed(7) },
      answers: 204,
    },
    findsScope('/Bled', old, ['three']),
    findsScope('/Bohinj', old, []),
  ],
  'holds after the entity came back with it': [
    roof('four', { scope: '/Jesenice', v: observed(1) }),
    { does: 'deleteEntity', send: `DELETE /entities/${id('four')}`, answers: 204 },
    {
      does: 'upsertTemporal',
      send: 'POST /temporal/entities',
      body: {
        id: id('four'),
        type: 'Roof',
        scope: '/Radovljica',
        v: [{ ...observed(1)[0], observedAt: '2026-03-05T00:00:00Z' }],
      },
      answers: 204,
    },
    {
      does: 'updateAttributes',
      send: `PATCH /entities/${id('four')}/attrs`,
      body: { v: { type: 'Property', value: 9, observedAt: '2126-01-01T00:00:00Z' } },
      answers: 204,
    },
    findsScope('/Radovljica', old, ['four']),
    findsScope('/Radovljica', 'timerel=after&timeAt=2126-01-01T00:00:00Z', ['four']),
  ],
});
