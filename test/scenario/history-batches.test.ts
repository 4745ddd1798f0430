/** Tests batches of histories: many entities at once, each element independent of the others. */
import { expect } from '@jest/globals';
import { id, past, reading, values } from './air.ts';
import { problem, scenarios, type Step } from './scenario.ts';

const batchOf = (
  answers: number,
  expected: Partial<Pick<Step, 'gives' | 'has'>>,
  ...body: readonly object[]
): Step => ({
  does: 'upsertTemporalBatch',
  send: 'POST /temporal/entityOperations/upsert',
  body,
  answers,
  ...expected,
});

scenarios('batches of histories', {
  'bring instances late, twice, in any order': [
    batchOf(201, { gives: [id('many1'), id('many2')] }, past('many1', 3, 1), past('many2', 2), past('many1', 2)),
    values('many1', '', [21, 1], [22, 2], [23, 3]),
    batchOf(
      204,
      {},
      { ...past('many1'), pm10: reading(99, 2) },
      { ...past('many2'), pm10: [reading(90, 4), reading(91, 4)] },
    ),
    values('many1', '', [21, 1], [99, 2], [23, 3]),
    values('many2', '', [22, 2], [91, 4]),
    {
      does: 'retrieveEntity',
      send: `GET /entities/${id('many1')}?format=simplified`,
      answers: 200,
      gives: { id: id('many1'), type: 'Air', pm10: 23 },
    },
    {
      does: 'retrieveEntity',
      send: `GET /entities/${id('many2')}?format=simplified`,
      answers: 200,
      gives: { id: id('many2'), type: 'Air', pm10: 91 },
    },
  ],
  'of series: what stands beside the values holds for all of them': [
    {
      does: 'upsertTemporalBatch',
      send: 'POST /temporal/entityOperations/upsert?format=temporalValues',
      body: [
        {
          id: id('series'),
          type: 'Air',
          pm10: {
            type: 'Property',
            unitCode: 'GQ',
            values: [
              [21, '2026-03-01T01:00:00Z'],
              [22, '2026-03-01T02:00:00Z'],
            ],
          },
          text: {
            type: 'LanguageProperty',
            languageMaps: [[{ languageMap: { sl: 'megla' } }, '2026-03-01T01:00:00Z']],
          },
        },
        { id: id('series'), type: 'Air', pm10: { type: 'Property', values: [[1, '2026-03-01T03:00:00Z'], [2]] } },
        { id: id('series'), type: 'Air', pm10: { type: 'Thing', values: [] } },
      ],
      answers: 207,
      has: {
        errors: [
          { element: 1, error: { detail: expect.stringContaining('values[1] of pm10') } },
          { element: 2, error: { detail: expect.stringContaining('"Thing"') } },
        ],
      },
    },
    values('series', '', [21, 1], [22, 2]),
    {
      does: 'retrieveEntity',
      send: `GET /entities/${id('series')}?format=concise`,
      answers: 200,
      has: {
        pm10: { value: 22, unitCode: 'GQ', observedAt: '2026-03-01T02:00:00Z' },
        text: { languageMap: { sl: 'megla' }, observedAt: '2026-03-01T01:00:00Z' },
      },
    },
  ],
  'tell what is wrong by its place, and take the rest': [
    batchOf(
      207,
      {
        has: {
          success: [id('some')],
          errors: [
            { entityId: id('some'), element: 1, error: { detail: expect.stringContaining('"noon"') } },
            { entityId: 'null', element: 2, error: problem('BadRequestData') },
            { entityId: 'nowhere', element: 4, error: problem('BadRequestData') },
          ],
        },
      },
      past('some', 1),
      { ...past('some'), pm10: { ...reading(1, 2), observedAt: 'noon' } },
      {},
      past('some', 3),
      { ...past('some', 4), id: 'nowhere' },
    ),
    values('some', '', [21, 1], [23, 3]),
    {
      does: 'upsertTemporalBatch',
      send: 'POST /temporal/entityOperations/upsert',
      body: [],
      answers: 400,
      has: problem('BadRequestData'),
    },
  ],
});
