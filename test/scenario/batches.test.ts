/** Tests batches over HTTP: each element is processed independently of the others. */
import { problem, scenarios } from './scenario.ts';

const meter = (name: string, value: unknown = 1) => ({
  id: `urn:ngsi-ld:WaterMeter:${name}`,
  type: 'WaterMeter',
  volume: { type: 'Property', value, unitCode: 'MTQ' },
});
const id = (name: string): string => `urn:ngsi-ld:WaterMeter:${name}`;
const observed = (hour: number) => ({
  id: id('late'),
  type: 'WaterMeter',
  volume: { type: 'Property', value: hour, observedAt: `2026-01-01T0${hour}:00:00Z` },
});

scenarios('batches', {
  'upsert with keepNewest: what was observed before the present value goes to the history only': [
    {
      does: 'upsertBatch',
      send: 'POST /entityOperations/upsert?options=update,keepNewest',
      body: [observed(3), observed(1), observed(2)],
      answers: 201,
    },
    { does: 'retrieveEntity', send: `GET /entities/${id('late')}?format=simplified`, answers: 200, has: { volume: 3 } },
    {
      does: 'retrieveTemporal',
      send: `GET /temporal/entities/${id('late')}?timerel=after&timeAt=2020-01-01T00:00:00Z&format=temporalValues`,
      answers: 200,
      has: {
        volume: {
          values: [
            [1, '2026-01-01T01:00:00Z'],
            [2, '2026-01-01T02:00:00Z'],
            [3, '2026-01-01T03:00:00Z'],
          ],
        },
      },
    },
    {
      does: 'upsertBatch',
      send: 'POST /entityOperations/upsert?options=keepNewest',
      body: [observed(4)],
      answers: 400,
      has: problem('InvalidRequest'),
    },
    {
      does: 'upsertBatch',
      send: 'POST /entityOperations/upsert?options=update',
      body: [observed(1)],
      answers: 204,
    },
    { does: 'retrieveEntity', send: `GET /entities/${id('late')}?format=simplified`, answers: 200, has: { volume: 1 } },
  ],
  'create: all, or the good ones and a report': [
    {
      does: 'createBatch',
      send: 'POST /entityOperations/create',
      body: [meter('a'), meter('b')],
      answers: 201,
      gives: [id('a'), id('b')],
    },
    {
      does: 'createBatch',
      send: 'POST /entityOperations/create',
      body: [meter('a'), meter('c'), { id: 'no uri', type: 'WaterMeter' }, meter('c'), { id: id('d') }],
      answers: 207,
      has: {
        success: [id('c')],
        errors: [
          { entityId: id('a'), error: { ...problem('AlreadyExists'), status: 409 } },
          { entityId: 'no uri', error: problem('BadRequestData') },
          { entityId: id('c'), error: problem('AlreadyExists') },
          { entityId: id('d'), error: problem('BadRequestData') },
        ],
      },
    },
    {
      does: 'createBatch',
      send: 'POST /entityOperations/create',
      body: [],
      answers: 400,
      has: problem('BadRequestData'),
    },
    {
      does: 'createBatch',
      send: 'POST /entityOperations/create',
      body: [null],
      answers: 400,
      has: problem('BadRequestData'),
    },
    { does: 'createBatch', send: 'POST /entityOperations/create', body: { id: 'x' }, answers: 400 },
  ],
  'upsert: creates, replaces, or updates': [
    {
      does: 'upsertBatch',
      send: 'POST /entityOperations/upsert',
      body: [{ ...meter('e'), serial: 'S1' }],
      answers: 201,
      gives: [id('e')],
    },
    { does: 'upsertBatch', send: 'POST /entityOperations/upsert?options=update', body: [meter('e', 2)], answers: 204 },
    {
      does: 'retrieveEntity',
      send: `GET /entities/${id('e')}?format=simplified`,
      answers: 200,
      gives: { id: id('e'), type: 'WaterMeter', volume: 2, serial: 'S1' },
    },
    {
      does: 'upsertBatch',
      send: 'POST /entityOperations/upsert',
      body: [meter('e', 3), meter('f', 1), meter('f', 2)],
      answers: 201,
      gives: [id('f')],
    },
    {
      does: 'retrieveEntity',
      send: `GET /entities/${id('e')}?format=simplified`,
      answers: 200,
      gives: { id: id('e'), type: 'WaterMeter', volume: 3 },
    },
    { does: 'retrieveEntity', send: `GET /entities/${id('f')}?format=simplified`, answers: 200, has: { volume: 2 } },
  ],
  'update: only what is there': [
    { does: 'upsertBatch', send: 'POST /entityOperations/upsert', body: [meter('g')], answers: 201 },
    {
      does: 'updateBatch',
      send: 'POST /entityOperations/update',
      body: [{ ...meter('g', 9), pressure: 4 }],
      answers: 204,
    },
    {
      does: 'updateBatch',
      send: 'POST /entityOperations/update',
      body: [meter('g', 10), meter('nobody')],
      answers: 207,
      has: { success: [id('g')], errors: [{ entityId: id('nobody'), error: problem('ResourceNotFound') }] },
    },
    {
      does: 'updateBatch',
      send: 'POST /entityOperations/update?options=noOverwrite',
      body: [meter('g', 11)],
      answers: 207,
      has: { success: [], errors: [{ entityId: id('g') }] },
    },
    {
      does: 'retrieveEntity',
      send: `GET /entities/${id('g')}?format=simplified`,
      answers: 200,
      gives: { id: id('g'), type: 'WaterMeter', volume: 10, pressure: 4 },
    },
  ],
  'merge: member by member': [
    { does: 'upsertBatch', send: 'POST /entityOperations/upsert', body: [meter('h')], answers: 201 },
    {
      does: 'mergeBatch',
      send: 'POST /entityOperations/merge',
      body: [{ id: id('h'), volume: { value: 5 } }],
      answers: 204,
    },
    { does: 'retrieveEntity', send: `GET /entities/${id('h')}`, answers: 200, gives: meter('h', 5) },
    {
      does: 'mergeBatch',
      send: 'POST /entityOperations/merge?options=keyValues',
      body: [{ id: id('h'), volume: 6 }],
      answers: 204,
    },
    { does: 'retrieveEntity', send: `GET /entities/${id('h')}`, answers: 200, gives: meter('h', 6) },
  ],
  'delete: each id once': [
    { does: 'upsertBatch', send: 'POST /entityOperations/upsert', body: [meter('i'), meter('j')], answers: 201 },
    {
      does: 'deleteBatch',
      send: 'POST /entityOperations/delete',
      body: [id('i'), id('i'), 'no uri'],
      answers: 207,
      has: {
        success: [id('i')],
        errors: [
          { entityId: id('i'), error: problem('ResourceNotFound') },
          { entityId: 'no uri', error: problem('BadRequestData') },
        ],
      },
    },
    { does: 'deleteBatch', send: 'POST /entityOperations/delete', body: [id('j')], answers: 204 },
  ],
});
