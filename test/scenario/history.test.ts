/** History over HTTP: everything that was written can be read back by time. */
import { expect } from '@jest/globals';
import { problem, scenarios, type Step } from './scenario.ts';

const id = (name: string): string => `urn:ngsi-ld:AirQualityObserved:${name}`;
const reading = (value: number, hour: number) => ({ type: 'Property', value, unitCode: 'GQ', observedAt: `2026-03-01T0${hour}:00:00Z` });
const create = (name: string): Step => ({ does: 'createEntity', send: 'POST /entities', body: { id: id(name), type: 'Air', pm10: reading(21, 1), note: 'roof' }, answers: 201 });
const measure = (name: string, value: number, hour: number): Step => ({ does: 'updateAttributes', send: `PATCH /entities/${id(name)}/attrs`, body: { pm10: reading(value, hour) }, answers: 204 });
const grown = (name: string): readonly Step[] => [create(name), measure(name, 22, 2), measure(name, 24, 4), measure(name, 23, 3)];
const values = (name: string, query: string, ...pairs: readonly (readonly [number, number])[]): Step => ({
  does: 'retrieveTemporal',
  send: `GET /temporal/entities/${id(name)}?format=temporalValues&attrs=pm10${query}`,
  answers: 200,
  gives: { id: id(name), type: 'Air', pm10: { type: 'Property', values: pairs.map(([value, hour]) => [value, `2026-03-01T0${hour}:00:00Z`]) } },
});

scenarios('history', {
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
          avg: [[21.5, '2026-03-01T01:00:00Z', '2026-03-01T03:00:00Z'], [23.5, '2026-03-01T03:00:00Z', '2026-03-01T05:00:00Z']],
          max: [[22, '2026-03-01T01:00:00Z', '2026-03-01T03:00:00Z'], [24, '2026-03-01T03:00:00Z', '2026-03-01T05:00:00Z']],
          totalCount: [[2, '2026-03-01T01:00:00Z', '2026-03-01T03:00:00Z'], [2, '2026-03-01T03:00:00Z', '2026-03-01T05:00:00Z']],
          distinctCount: [[2, '2026-03-01T01:00:00Z', '2026-03-01T03:00:00Z'], [2, '2026-03-01T03:00:00Z', '2026-03-01T05:00:00Z']],
          sum: [[43, '2026-03-01T01:00:00Z', '2026-03-01T03:00:00Z'], [47, '2026-03-01T03:00:00Z', '2026-03-01T05:00:00Z']],
          min: [[21, '2026-03-01T01:00:00Z', '2026-03-01T03:00:00Z'], [23, '2026-03-01T03:00:00Z', '2026-03-01T05:00:00Z']],
          sumsq: [[925, '2026-03-01T01:00:00Z', '2026-03-01T03:00:00Z'], [1105, '2026-03-01T03:00:00Z', '2026-03-01T05:00:00Z']],
          stddev: [[0.5, '2026-03-01T01:00:00Z', '2026-03-01T03:00:00Z'], [0.5, '2026-03-01T03:00:00Z', '2026-03-01T05:00:00Z']],
        },
      },
    },
    { does: 'retrieveTemporal', send: `GET /temporal/entities/${id('agg')}?format=aggregatedValues`, answers: 400, has: { detail: expect.stringContaining('aggrMethods') } },
    { does: 'retrieveTemporal', send: `GET /temporal/entities/${id('agg')}?format=aggregatedValues&aggrMethods=median`, answers: 400, has: problem('InvalidRequest') },
    { does: 'retrieveTemporal', send: `GET /temporal/entities/${id('agg')}?format=aggregatedValues&aggrMethods=avg&aggrPeriodDuration=hour`, answers: 400, has: { detail: expect.stringContaining('aggrPeriodDuration') } },
  ],
  'is asked for by a body, and by values in the interval': [
    ...grown('post'),
    {
      does: 'queryTemporalByPost',
      send: 'POST /temporal/entityOperations/query?options=temporalValues',
      body: { type: 'Query', entities: [{ type: 'Air', id: id('post') }], q: 'pm10==23', attrs: ['pm10'], temporalQ: { timerel: 'after', timeAt: '2026-03-01T03:00:00Z' } },
      answers: 200,
      gives: [{ id: id('post'), type: 'Air', pm10: { type: 'Property', values: [[23, '2026-03-01T03:00:00Z'], [24, '2026-03-01T04:00:00Z']] } }],
    },
    { does: 'queryTemporal', send: `GET /temporal/entities?type=Air&id=${id('post')}&q=pm10==21&timerel=after&timeAt=2026-03-01T03:00:00Z`, answers: 200, gives: [] },
    { does: 'queryTemporalByPost', send: 'POST /temporal/entityOperations/query', body: { type: 'Query', entities: [{ type: 'Air' }], ordering: { orderBy: ['pm10'] } }, answers: 400, has: problem('BadRequestData') },
  ],
  'is kept in order of observation, late ones too': [
    ...grown('a'),
    values('a', '', [21, 1], [22, 2], [23, 3], [24, 4]),
    values('a', '&timerel=after&timeAt=2026-03-01T02:30:00Z', [23, 3], [24, 4]),
    values('a', '&timerel=before&timeAt=2026-03-01T02:00:00Z', [21, 1]),
    values('a', '&timerel=between&timeAt=2026-03-01T02:00:00Z&endTimeAt=2026-03-01T04:00:00Z', [22, 2], [23, 3]),
  ],
  'replaces what was observed at the same time': [...grown('b'), measure('b', 99, 4), values('b', '&timerel=after&timeAt=2026-03-01T03:00:00Z', [23, 3], [99, 4])],
  'is shown normalized, with ids of instances': [
    ...grown('c'),
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('c')}?lastN=1&timerel=before&timeAt=2030-01-01T00:00:00Z`,
      answers: 200,
      gives: { id: id('c'), type: 'Air', pm10: [{ ...reading(24, 4), instanceId: expect.stringMatching(/^urn:/) }] },
    },
    { does: 'retrieveTemporal', send: `GET /temporal/entities/${id('c')}?timerel=before&timeAt=1990-01-01T00:00:00Z`, answers: 200, gives: { id: id('c'), type: 'Air' } },
    { does: 'retrieveTemporal', send: `GET /temporal/entities/${id('nobody')}`, answers: 404, has: problem('ResourceNotFound') },
  ],
  'keeps what has been deleted': [
    ...grown('d'),
    { does: 'deleteEntity', send: `DELETE /entities/${id('d')}`, answers: 204 },
    values('d', '', [21, 1], [22, 2], [23, 3], [24, 4]),
    { does: 'retrieveTemporal', send: `GET /temporal/entities/${id('d')}?timeproperty=deletedAt&attrs=pm10`, answers: 200, has: { pm10: [{ type: 'Property', value: 'urn:ngsi-ld:null', deletedAt: expect.any(String) }] } },
  ],
  'of many entities, by type and time': [
    ...grown('e'),
    ...grown('f'),
    {
      does: 'queryTemporal',
      send: `GET /temporal/entities?type=Air&id=${id('e')},${id('f')}&timerel=after&timeAt=2026-03-01T04:00:00Z&format=temporalValues&attrs=pm10&count=true`,
      answers: 200,
      gives: ['e', 'f'].map((name) => ({ id: id(name), type: 'Air', pm10: { type: 'Property', values: [[24, '2026-03-01T04:00:00Z']] } })),
      with: { 'NGSILD-Results-Count': '2' },
    },
    { does: 'queryTemporal', send: `GET /temporal/entities?type=Air&id=${id('e')}&pick=id&limit=1`, answers: 200, gives: [{ id: id('e') }] },
    { does: 'queryTemporal', send: 'GET /temporal/entities?type=Air&orderBy=pm10', answers: 400, has: problem('BadRequestData') },
    { does: 'retrieveTemporal', send: `GET /temporal/entities/${id('e')}?timerel=before`, answers: 400, has: problem('BadRequestData') },
    { does: 'retrieveTemporal', send: `GET /temporal/entities/${id('e')}?timerel=before&timeAt=yesterday`, answers: 400, has: problem('BadRequestData') },
    { does: 'retrieveTemporal', send: `GET /temporal/entities/${id('e')}?lastN=0`, answers: 400, has: problem('BadRequestData') },
  ],
});
