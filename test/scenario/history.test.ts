/** Tests history over HTTP: everything that was written can be read by time. */
import { expect } from '@jest/globals';
import { id, past, reading, values } from './air.ts';
import { problem, scenarios, type Step } from './scenario.ts';

const create = (name: string): Step => ({
  does: 'createEntity',
  send: 'POST /entities',
  body: { id: id(name), type: 'Air', pm10: reading(21, 1), note: 'roof' },
  answers: 201,
});
const measure = (name: string, value: number, hour: number): Step => ({
  does: 'updateAttributes',
  send: `PATCH /entities/${id(name)}/attrs`,
  body: { pm10: reading(value, hour) },
  answers: 204,
});
const grown = (name: string): readonly Step[] => [
  create(name),
  measure(name, 22, 2),
  measure(name, 24, 4),
  measure(name, 23, 3),
];

/** Parameters of aggregates beside another format are refused. */
const withoutAggregates = (does: string, send: string): Step => ({
  does,
  send,
  answers: 400,
  has: { ...problem('InvalidRequest'), detail: expect.stringMatching(/(aggr|timeZone).*aggregatedValues/) },
});

scenarios('history', {
  'is concise without instances losing their value': [
    {
      does: 'createEntity',
      send: 'POST /entities',
      body: { id: id('concise'), type: 'Air', x: { instanceId: 1 }, site: { type: 'Point', coordinates: [1, 2] } },
      answers: 201,
    },
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('concise')}?format=concise&timeproperty=createdAt`,
      answers: 200,
      has: {
        x: [{ value: { instanceId: 1 }, instanceId: expect.stringMatching(/^urn:/) }],
        site: [{ value: { type: 'Point', coordinates: [1, 2] }, instanceId: expect.stringMatching(/^urn:/) }],
      },
    },
  ],
  'has time stamps in sub-attributes too': [
    {
      does: 'createEntity',
      send: 'POST /entities',
      body: { id: id('stamps'), type: 'Air', x: { value: 1, accuracy: 2 } },
      answers: 201,
    },
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('stamps')}?options=sysAttrs&timeproperty=createdAt`,
      answers: 200,
      has: {
        x: [
          { createdAt: expect.anything(), accuracy: { createdAt: expect.anything(), modifiedAt: expect.anything() } },
        ],
      },
    },
  ],
  'of an attribute with nothing in the interval, or in the dataset, is id and type': [
    create('nothing'),
    ...['timerel=before&timeAt=2020-01-01T00:00:00Z', 'datasetId=urn:x:1'].map((query) => ({
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('nothing')}?attrs=pm10&${query}`,
      answers: 200,
      gives: { id: id('nothing'), type: 'Air' },
    })),
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('nothing')}?attrs=id,pm10&format=temporalValues`,
      answers: 200,
      gives: {
        id: id('nothing'),
        type: 'Air',
        pm10: { type: 'Property', values: [[21, '2026-03-01T01:00:00Z']] },
      },
    },
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('nothing')}?attrs=pm2`,
      answers: 404,
      has: problem('ResourceNotFound'),
    },
  ],
  'aggregates no deletions, whatever their form': [
    {
      does: 'createEntity',
      send: 'POST /entities',
      body: { id: id('undone'), type: 'Air', x: { valueList: [1, 2] }, l: { languageMap: { sl: 'a' } } },
      answers: 201,
    },
    { does: 'deleteAttribute', send: `DELETE /entities/${id('undone')}/attrs/x`, answers: 204 },
    { does: 'deleteAttribute', send: `DELETE /entities/${id('undone')}/attrs/l`, answers: 204 },
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('undone')}?format=aggregatedValues&aggrMethods=totalCount&timeproperty=modifiedAt`,
      answers: 200,
      has: {
        x: { totalCount: [[1, expect.anything(), expect.anything()]] },
        l: { totalCount: [[1, expect.anything(), expect.anything()]] },
      },
    },
  ],
  'takes the format from its parameter when the options name another one with its members': [
    create('overruled'),
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('overruled')}?format=temporalValues&options=aggregatedValues&aggrMethods=sum`,
      answers: 200,
    },
  ],
  'can be added to when the entity is gone, and does not bring it back': [
    create('gone'),
    { does: 'deleteEntity', send: `DELETE /entities/${id('gone')}`, answers: 204 },
    {
      does: 'appendTemporal',
      send: `POST /temporal/entities/${id('gone')}/attrs`,
      body: { pm10: [reading(29, 5)] },
      answers: 204,
    },
    values('gone', '', [21, 1], [29, 5]),
    { does: 'retrieveEntity', send: `GET /entities/${id('gone')}`, answers: 404 },
  ],
  'is written apart from the present, which follows': [
    {
      does: 'upsertTemporal',
      send: 'POST /temporal/entities',
      body: past('w', 1, 3, 2),
      answers: 201,
      with: { Location: `/ngsi-ld/v1/temporal/entities/${id('w')}` },
    },
    {
      does: 'retrieveEntity',
      send: `GET /entities/${id('w')}?format=simplified`,
      answers: 200,
      gives: { id: id('w'), type: 'Air', pm10: 23 },
    },
    {
      does: 'upsertTemporal',
      send: 'POST /temporal/entities',
      body: { ...past('w', 0), pm10: [{ ...reading(99, 2) }] },
      answers: 204,
    },
    {
      does: 'appendTemporal',
      send: `POST /temporal/entities/${id('w')}/attrs`,
      body: { pm10: [reading(24, 4)] },
      answers: 204,
    },
    values('w', '', [21, 1], [99, 2], [23, 3], [24, 4]),
    {
      does: 'retrieveEntity',
      send: `GET /entities/${id('w')}?format=simplified`,
      answers: 200,
      gives: { id: id('w'), type: 'Air', pm10: 24 },
    },
    {
      does: 'appendTemporal',
      send: `POST /temporal/entities/${id('nobody')}/attrs`,
      body: { pm10: [reading(24, 4)] },
      answers: 404,
      has: problem('ResourceNotFound'),
    },
    {
      does: 'upsertTemporal',
      send: 'POST /temporal/entities',
      body: { id: id('w'), type: 'Air', pm10: 'urn:ngsi-ld:null' },
      answers: 400,
      has: problem('BadRequestData'),
    },
    {
      does: 'deleteTemporalAttribute',
      send: `DELETE /temporal/entities/${id('w')}/attrs/pm10?datasetId=urn:d:1`,
      answers: 404,
      has: problem('ResourceNotFound'),
    },
    { does: 'deleteTemporalAttribute', send: `DELETE /temporal/entities/${id('w')}/attrs/pm10`, answers: 204 },
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('w')}`,
      answers: 404,
      has: problem('ResourceNotFound'),
    },
    {
      does: 'deleteTemporal',
      send: `DELETE /temporal/entities/${id('w')}`,
      answers: 404,
      has: problem('ResourceNotFound'),
    },
  ],
  'of an attribute without instances, as answers show it, gets none': [
    { does: 'upsertTemporal', send: 'POST /temporal/entities', body: { ...past('bare', 1), no2: [] }, answers: 201 },
    {
      does: 'appendTemporal',
      send: `POST /temporal/entities/${id('bare')}/attrs`,
      body: { pm10: [reading(22, 2)], no2: [] },
      answers: 204,
    },
    values('bare', '', [21, 1], [22, 2]),
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('bare')}?attrs=no2`,
      answers: 404,
      has: problem('ResourceNotFound'),
    },
  ],
  'is changed instance by instance': [
    { does: 'upsertTemporal', send: 'POST /temporal/entities', body: past('x', 1, 2, 3), answers: 201 },
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('x')}?lastN=1`,
      answers: 200,
      keeps: { third: /"instanceId":"([^"]+)"/ },
    },
    {
      does: 'updateTemporalInstance',
      send: `PATCH /temporal/entities/${id('x')}/attrs/pm10/{{third}}`,
      body: { pm10: [reading(50, 5)] },
      answers: 204,
    },
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('x')}?lastN=1`,
      answers: 200,
      has: { pm10: [{ value: 50, instanceId: '{{third}}' }] },
    },
    values('x', '', [21, 1], [22, 2], [50, 5]),
    {
      does: 'updateTemporalInstance',
      send: `PATCH /temporal/entities/${id('x')}/attrs/pm10/{{third}}`,
      body: { pm10: [reading(1, 1), reading(2, 2)] },
      answers: 400,
      has: problem('BadRequestData'),
    },
    { does: 'deleteTemporalInstance', send: `DELETE /temporal/entities/${id('x')}/attrs/pm10/{{third}}`, answers: 204 },
    {
      does: 'deleteTemporalInstance',
      send: `DELETE /temporal/entities/${id('x')}/attrs/pm10/{{third}}`,
      answers: 404,
      has: problem('ResourceNotFound'),
    },
    values('x', '', [21, 1], [22, 2]),
    { does: 'deleteTemporal', send: `DELETE /temporal/entities/${id('x')}`, answers: 204 },
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('x')}`,
      answers: 404,
      has: problem('ResourceNotFound'),
    },
  ],
  'knows which scope held when': [
    {
      does: 'upsertTemporal',
      send: 'POST /temporal/entities',
      body: {
        ...past('y', 1, 2, 3),
        scope: [
          { type: 'Property', value: '/Kranj', observedAt: '2026-03-01T00:00:00Z' },
          { type: 'Property', value: '/Mlaka', observedAt: '2026-03-01T02:30:00Z' },
        ],
      },
      answers: 201,
    },
    {
      does: 'queryTemporal',
      send: `GET /temporal/entities?type=Air&scopeQ=/Mlaka&timerel=after&timeAt=2026-03-01T00:00:00Z&format=temporalValues&omit=scope`,
      answers: 200,
      gives: [{ id: id('y'), type: 'Air', pm10: { type: 'Property', values: [[23, '2026-03-01T03:00:00Z']] } }],
    },
    {
      does: 'queryTemporal',
      send: `GET /temporal/entities?type=Air&scopeQ=/Kranj&timerel=after&timeAt=2026-03-01T02:00:00Z&format=temporalValues`,
      answers: 200,
      gives: [
        {
          id: id('y'),
          type: 'Air',
          pm10: { type: 'Property', values: [[22, '2026-03-01T02:00:00Z']] },
          scope: { type: 'Property', values: [['/Kranj', '2026-03-01T00:00:00Z']] },
        },
      ],
    },
    { does: 'deleteAttribute', send: `DELETE /entities/${id('y')}/attrs/scope`, answers: 204 },
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('y')}?timeproperty=deletedAt`,
      answers: 200,
      gives: { id: id('y'), type: 'Air', scope: [{ type: 'Property', value: [], deletedAt: expect.any(String) }] },
    },
  ],
  'is aggregated by periods': [
    ...grown('agg'),
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('agg')}?attrs=pm10&format=aggregatedValues&aggrMethods=avg,max,totalCount,distinctCount,sum,min,sumsq,stddev&aggrPeriodDuration=PT2H`,
      answers: 200,
      gives: {
        id: id('agg'),
        type: 'Air',
        pm10: {
          type: 'Property',
          avg: [
            [21.5, '2026-03-01T01:00:00Z', '2026-03-01T03:00:00Z'],
            [23.5, '2026-03-01T03:00:00Z', '2026-03-01T05:00:00Z'],
          ],
          max: [
            [22, '2026-03-01T01:00:00Z', '2026-03-01T03:00:00Z'],
            [24, '2026-03-01T03:00:00Z', '2026-03-01T05:00:00Z'],
          ],
          totalCount: [
            [2, '2026-03-01T01:00:00Z', '2026-03-01T03:00:00Z'],
            [2, '2026-03-01T03:00:00Z', '2026-03-01T05:00:00Z'],
          ],
          distinctCount: [
            [2, '2026-03-01T01:00:00Z', '2026-03-01T03:00:00Z'],
            [2, '2026-03-01T03:00:00Z', '2026-03-01T05:00:00Z'],
          ],
          sum: [
            [43, '2026-03-01T01:00:00Z', '2026-03-01T03:00:00Z'],
            [47, '2026-03-01T03:00:00Z', '2026-03-01T05:00:00Z'],
          ],
          min: [
            [21, '2026-03-01T01:00:00Z', '2026-03-01T03:00:00Z'],
            [23, '2026-03-01T03:00:00Z', '2026-03-01T05:00:00Z'],
          ],
          sumsq: [
            [925, '2026-03-01T01:00:00Z', '2026-03-01T03:00:00Z'],
            [1105, '2026-03-01T03:00:00Z', '2026-03-01T05:00:00Z'],
          ],
          stddev: [
            [0.5, '2026-03-01T01:00:00Z', '2026-03-01T03:00:00Z'],
            [0.5, '2026-03-01T03:00:00Z', '2026-03-01T05:00:00Z'],
          ],
        },
      },
    },
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('agg')}?format=aggregatedValues`,
      answers: 400,
      has: { detail: expect.stringContaining('aggrMethods') },
    },
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('agg')}?format=aggregatedValues&aggrMethods=median`,
      answers: 400,
      has: problem('InvalidRequest'),
    },
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('agg')}?format=aggregatedValues&aggrMethods=avg&aggrPeriodDuration=hour`,
      answers: 400,
      has: { detail: expect.stringContaining('aggrPeriodDuration') },
    },
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('agg')}?aggrPeriodDuration=PT2H`,
      answers: 400,
      has: { ...problem('BadRequestData'), detail: expect.stringContaining('aggrMethods') },
    },
    ...['format', 'options'].flatMap((name) =>
      ['normalized', 'concise', 'temporalValues'].flatMap((format) => [
        ...['aggrMethods=avg', 'aggrPeriodDuration=PT2H', 'timeZone=Z'].flatMap((parameter) => [
          withoutAggregates('retrieveTemporal', `GET /temporal/entities/${id('agg')}?${name}=${format}&${parameter}`),
          withoutAggregates('queryTemporal', `GET /temporal/entities?type=Air&${name}=${format}&${parameter}`),
        ]),
        ...['temporalQ', 'aggrParams'].map((member) => ({
          ...withoutAggregates('queryTemporalByPost', `POST /temporal/entityOperations/query?${name}=${format}`),
          body: { type: 'Query', entities: [{ type: 'Air' }], [member]: { aggrMethods: ['avg'] } },
        })),
      ]),
    ),
    {
      does: 'queryTemporalByPost',
      send: 'POST /temporal/entityOperations/query',
      body: { type: 'Query', entities: [{ type: 'Air' }], aggrParams: { aggrMethods: 'avg', lastN: 1 } },
      answers: 400,
      has: { ...problem('BadRequestData'), detail: expect.stringContaining('lastN') },
    },
  ],
  'is asked for by a body, and by values in the interval': [
    ...grown('post'),
    {
      does: 'queryTemporalByPost',
      send: 'POST /temporal/entityOperations/query?options=temporalValues',
      body: {
        type: 'Query',
        entities: [{ type: 'Air', id: id('post') }],
        q: 'pm10==23',
        attrs: ['pm10'],
        temporalQ: { timerel: 'after', timeAt: '2026-03-01T03:00:00Z' },
      },
      answers: 200,
      gives: [
        {
          id: id('post'),
          type: 'Air',
          pm10: {
            type: 'Property',
            values: [
              [23, '2026-03-01T03:00:00Z'],
              [24, '2026-03-01T04:00:00Z'],
            ],
          },
        },
      ],
    },
    {
      does: 'queryTemporal',
      send: `GET /temporal/entities?type=Air&id=${id('post')}&q=pm10==21&timerel=after&timeAt=2026-03-01T03:00:00Z`,
      answers: 200,
      gives: [],
    },
    {
      does: 'queryTemporalByPost',
      send: 'POST /temporal/entityOperations/query',
      body: { type: 'Query', entities: [{ type: 'Air' }], ordering: { orderBy: ['pm10'] } },
      answers: 400,
      has: problem('BadRequestData'),
    },
  ],
  'is kept in order of observation, late ones too': [
    ...grown('a'),
    values('a', '', [21, 1], [22, 2], [23, 3], [24, 4]),
    values('a', '&timerel=after&timeAt=2026-03-01T02:30:00Z', [23, 3], [24, 4]),
    values('a', '&timerel=before&timeAt=2026-03-01T02:00:00Z', [21, 1]),
    values('a', '&timerel=between&timeAt=2026-03-01T02:00:00Z&endTimeAt=2026-03-01T04:00:00Z', [22, 2], [23, 3]),
  ],
  'replaces what was observed at the same time': [
    ...grown('b'),
    measure('b', 99, 4),
    values('b', '&timerel=after&timeAt=2026-03-01T03:00:00Z', [23, 3], [99, 4]),
  ],
  'is shown normalized, with ids of instances': [
    ...grown('c'),
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('c')}?lastN=1&timerel=before&timeAt=2030-01-01T00:00:00Z`,
      answers: 200,
      gives: { id: id('c'), type: 'Air', pm10: [{ ...reading(24, 4), instanceId: expect.stringMatching(/^urn:/) }] },
    },
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('c')}?timerel=before&timeAt=1990-01-01T00:00:00Z`,
      answers: 200,
      gives: { id: id('c'), type: 'Air' },
    },
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('nobody')}`,
      answers: 404,
      has: problem('ResourceNotFound'),
    },
  ],
  'keeps what has been deleted': [
    ...grown('d'),
    { does: 'deleteEntity', send: `DELETE /entities/${id('d')}`, answers: 204 },
    values('d', '', [21, 1], [22, 2], [23, 3], [24, 4]),
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('d')}?timeproperty=deletedAt&attrs=pm10`,
      answers: 200,
      has: { pm10: [{ type: 'Property', value: 'urn:ngsi-ld:null', deletedAt: expect.any(String) }] },
    },
  ],
  'of many entities, by type and time': [
    ...grown('e'),
    ...grown('f'),
    {
      does: 'queryTemporal',
      send: `GET /temporal/entities?type=Air&id=${id('e')},${id('f')}&timerel=after&timeAt=2026-03-01T04:00:00Z&format=temporalValues&attrs=pm10&count=true`,
      answers: 200,
      gives: ['e', 'f'].map((name) => ({
        id: id(name),
        type: 'Air',
        pm10: { type: 'Property', values: [[24, '2026-03-01T04:00:00Z']] },
      })),
      with: { 'NGSILD-Results-Count': '2' },
    },
    {
      does: 'queryTemporal',
      send: `GET /temporal/entities?type=Air&id=${id('e')}&pick=id&limit=1`,
      answers: 200,
      gives: [{ id: id('e') }],
    },
    {
      does: 'queryTemporal',
      send: 'GET /temporal/entities?type=Air&orderBy=pm10',
      answers: 400,
      has: problem('BadRequestData'),
    },
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('e')}?timerel=before`,
      answers: 400,
      has: problem('BadRequestData'),
    },
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('e')}?timerel=before&timeAt=yesterday`,
      answers: 400,
      has: problem('BadRequestData'),
    },
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('e')}?lastN=0`,
      answers: 400,
      has: problem('BadRequestData'),
    },
  ],
});

const crowd = Array.from({ length: 5 }, (_, index) => `crowd${index}`);
const page = (query: string, gives: readonly string[], count?: number): Step => ({
  does: 'queryTemporal',
  send: `GET /temporal/entities?type=Crowd&pick=id${query}`,
  answers: 200,
  gives: gives.map((name) => ({ id: id(name) })),
  ...(count === undefined ? {} : { with: { 'NGSILD-Results-Count': String(count) } }),
});

scenarios(
  'many histories, of which few instances are answered at a time',
  {
    'are all found, counted and paged': [
      ...crowd.map(
        (name): Step => ({
          does: 'upsertTemporal',
          send: 'POST /temporal/entities',
          body: { ...past(name, 1, 2, 3), type: 'Crowd' },
          answers: 201,
        }),
      ),
      page('&limit=2&count=true', crowd.slice(0, 2), 5),
      page('&limit=2&offset=3', crowd.slice(3)),
      page('&limit=2&offset=3&q=pm10%3E20&count=true', crowd.slice(3), 5),
      page('&limit=1&q=pm10%3E20;pm10%3C22', crowd.slice(0, 1)),
      {
        does: 'queryTemporal',
        send: 'GET /temporal/entities?type=Crowd&limit=5',
        answers: 403,
        has: problem('TooManyResults'),
      },
    ],
    'are refused where one alone is too long': [
      {
        does: 'upsertTemporal',
        send: 'POST /temporal/entities',
        body: { ...past('long', 1, 2, 3, 4, 5, 6, 7, 8), type: 'Long' },
        answers: 201,
      },
      { does: 'queryTemporal', send: 'GET /temporal/entities?type=Long', answers: 403, has: problem('TooManyResults') },
    ],
  },
  ['--instances-max', '7'],
);

const hours = [1, 2, 3, 4, 5, 6, 7, 8];
const part = (name: string, path: string, pm10: readonly (readonly [number, number])[], isLast = false): Step => ({
  ...values(name, '', ...pm10),
  does: path.includes('?type') ? 'queryTemporal' : 'retrieveTemporal',
  send: `GET ${path}`,
  answers: isLast ? 200 : 206,
  ...(isLast ? undefined : { with: { Link: /partAfter/ } }),
});

scenarios(
  'a history that is longer than an answer may be made of',
  {
    'is answered part by part': [
      { does: 'upsertTemporal', send: 'POST /temporal/entities', body: past('parts', ...hours), answers: 201 },
      ...[0, 2, 4, 6].map((n) => {
        const after = n === 0 ? '' : `&partAfter=2026-03-01T0${n}:00:00Z`;
        const pairs = [n + 1, n + 2].map((hour): [number, number] => [20 + hour, hour]);
        const path = `/temporal/entities/${id('parts')}?format=temporalValues&attrs=pm10${after}`;
        return part('parts', path, pairs, n === 6);
      }),
    ],
    'is refused where all of it must be looked at': [
      { does: 'upsertTemporal', send: 'POST /temporal/entities', body: past('whole', ...hours), answers: 201 },
      ...['q=pm10%3E0', 'lastN=8', 'aggrMethods=distinctCount'].map((query) => ({
        does: 'queryTemporal',
        send: `GET /temporal/entities?type=Air&id=${id('whole')}&timerel=after&timeAt=2026-01-01T00:00:00Z&${query}`,
        answers: 403,
        has: problem('TooManyResults'),
      })),
    ],
  },
  ['--instances-max', '7', '--instances-page', '2'],
);
