/** Tests QuantumLeap's API: the forms of its answers, rows, aggregates, pages, errors, deletions and notifications. */
import { expect } from '@jest/globals';
import { error, type Send, v2Tests } from './v2.ts';

const nothing = error('Not Found', 'No records were found for such query.');

/** A number measured at a time, as v2 writes it. */
const measured = (value: unknown, at: string, type = 'Number') => ({
  value,
  type,
  metadata: { TimeInstant: { type: 'DateTime', value: at } },
});

async function write(send: Send, entity: object, headers: Readonly<Record<string, string>> = {}): Promise<void> {
  const { status } = await send('POST /v2/entities?options=upsert', { body: entity, headers });
  expect([201, 204]).toContain(status);
}

const [eight, nine, nextDay, nextMonth] = [
  '2026-03-01T08:00:00.000',
  '2026-03-01T09:30:00.000',
  '2026-03-02T08:00:00.000',
  '2026-04-02T08:00:00.000',
] as const;
const index = (...times: readonly string[]): readonly string[] => times.map((time) => `${time}+00:00`);

/** Two rooms: one with temperatures at four times and a name at one of them, the other with one temperature. */
async function fill(send: Send): Promise<void> {
  for (const [time, value] of [
    [eight, 20],
    [nine, 22],
    [nextDay, 24],
    [nextMonth, 26],
  ] as const)
    await write(send, { id: 'Room1', type: 'Room', temperature: measured(value, `${time}Z`) });
  await write(send, { id: 'Room1', type: 'Room', name: measured('attic', `${nine}Z`, 'Text') });
  await write(send, { id: 'Room2', type: 'Room', temperature: measured(10, `${nine}Z`) });
}

const room1 = {
  id: 'Room1',
  type: 'Room',
  index: index(eight, nine, nextDay, nextMonth),
  attributes: [
    { attrName: 'name', values: [null, 'attic', null, null] },
    { attrName: 'temperature', values: [20, 22, 24, 26] },
  ],
};

v2Tests('QuantumLeap reads', {
  'an entity has rows with null where an attribute was not written': async (send) => {
    await fill(send);
    expect((await send('GET /ql/v2/entities/Room1')).json).toEqual(room1);
    const { index: times, attributes } = room1;
    expect((await send('GET /ql/v2/entities/Room1/value')).json).toEqual({
      index: times,
      attributes,
      values: attributes,
    });
    expect((await send('GET /ql/v2/entities/Room1?attrs=temperature&type=Room')).json).toEqual({
      ...room1,
      attributes: [{ attrName: 'temperature', values: [20, 22, 24, 26] }],
    });
  },

  'an attribute of an entity has the rows of that attribute only': async (send) => {
    await fill(send);
    expect((await send('GET /ql/v2/entities/Room1/attrs/name')).json).toEqual({
      id: 'Room1',
      type: 'Room',
      attrName: 'name',
      index: index(nine),
      values: ['attic'],
    });
    expect((await send('GET /ql/v2/entities/Room1/attrs/temperature/value')).json).toEqual({
      index: room1.index,
      values: [20, 22, 24, 26],
    });
  },

  'lastN counts from the end and stays ascending; limit and offset count rows': async (send) => {
    await fill(send);
    const read = async (query: string): Promise<unknown> =>
      (await send(`GET /ql/v2/entities/Room1/attrs/temperature/value?${query}`)).json;
    expect(await read('lastN=2')).toEqual({ index: index(nextDay, nextMonth), values: [24, 26] });
    expect(await read('lastN=2&offset=1')).toEqual({ index: index(nine, nextDay), values: [22, 24] });
    expect(await read('limit=1&offset=1')).toEqual({ index: index(nine), values: [22] });
    expect(await read('lastN=3&limit=1')).toEqual({ index: index(nextMonth), values: [26] });
    expect(await send('GET /ql/v2/entities/Room1/attrs/temperature?offset=4')).toMatchObject({
      status: 404,
      json: nothing,
    });
  },

  'both bounds are inclusive, in several forms': async (send) => {
    await fill(send);
    for (const [from, to] of [
      [`${nine}Z`, `${nextDay}Z`],
      [nine, nextDay],
      [`"${nine}"`, `${nextDay}+00:00`],
      ['2026-03-01T10:30:00%2B01:00', `${nextDay}%2B00:00`],
    ])
      expect(
        (await send(`GET /ql/v2/entities/Room1/attrs/temperature/value?fromDate=${from}&toDate=${to}`)).json,
      ).toEqual({
        index: index(nine, nextDay),
        values: [22, 24],
      });
    expect(await send('GET /ql/v2/entities/Room1?fromDate=2027-01-01&toDate=2026-01-01')).toMatchObject({
      status: 404,
    });
    for (const path of ['/ql/v2/entities/none', '/ql/v2/entities/none/attrs/temperature'])
      expect(await send(`GET ${path}`)).toMatchObject({ status: 404, json: nothing });
  },

  'a type lists its entities by id': async (send) => {
    await fill(send);
    const entities = [
      { id: 'Room1', entityId: 'Room1', index: room1.index, values: [20, 22, 24, 26] },
      { id: 'Room2', entityId: 'Room2', index: index(nine), values: [10] },
    ];
    expect((await send('GET /ql/v2/types/Room/attrs/temperature')).json).toEqual({
      type: 'Room',
      attrName: 'temperature',
      entities,
    });
    expect((await send('GET /ql/v2/types/Room/attrs/temperature/value')).json).toEqual({ values: entities });
    expect((await send('GET /ql/v2/types/Room/attrs/temperature/value?id=Room2,Room3')).json).toEqual({
      values: entities.slice(1),
    });
    expect((await send('GET /ql/v2/types/Room/attrs/temperature/value?idPattern=1$')).json).toEqual({
      values: entities.slice(0, 1),
    });
    expect((await send('GET /ql/v2/types/Room/value?attrs=temperature&lastN=1')).json).toEqual({
      values: [{ id: 'Room1', index: index(nextMonth), attributes: [{ attrName: 'temperature', values: [26] }] }],
    });
    expect((await send('GET /ql/v2/types/Room?attrs=name')).json).toEqual({
      type: 'Room',
      entities: [{ id: 'Room1', index: index(nine), attributes: [{ attrName: 'name', values: ['attic'] }] }],
    });
  },

  'rows of several entities are counted together, in order of time': async (send) => {
    await fill(send);
    expect((await send('GET /ql/v2/types/Room/attrs/temperature/value?limit=2&offset=1')).json).toEqual({
      values: [
        { id: 'Room1', entityId: 'Room1', index: index(nine), values: [22] },
        { id: 'Room2', entityId: 'Room2', index: index(nine), values: [10] },
      ],
    });
  },

  'attributes are listed by type': async (send) => {
    await fill(send);
    await write(send, { id: 'Lamp1', type: 'Lamp', temperature: measured(50, `${eight}Z`) });
    const groups = [
      {
        type: 'Lamp',
        entityType: 'Lamp',
        entities: [{ id: 'Lamp1', entityId: 'Lamp1', index: index(eight), values: [50] }],
      },
      {
        type: 'Room',
        entityType: 'Room',
        entities: [
          { id: 'Room1', entityId: 'Room1', index: room1.index, values: [20, 22, 24, 26] },
          { id: 'Room2', entityId: 'Room2', index: index(nine), values: [10] },
        ],
      },
    ];
    expect((await send('GET /ql/v2/attrs/temperature')).json).toEqual({ attrName: 'temperature', types: groups });
    expect((await send('GET /ql/v2/attrs/temperature/value?type=Lamp')).json).toEqual({ values: groups.slice(0, 1) });
    const attrs = [{ attrName: 'temperature', types: groups }];
    expect((await send('GET /ql/v2/attrs?attrs=temperature')).json).toEqual({ attrs });
    expect((await send('GET /ql/v2/attrs/value?attrs=temperature')).json).toEqual({ values: attrs });
  },

  'the list of entities has the newest time of each': async (send) => {
    await fill(send);
    expect((await send('GET /ql/v2/entities')).json).toEqual([
      { id: 'Room1', type: 'Room', index: `${nextMonth}+00:00` },
      { id: 'Room2', type: 'Room', index: `${nine}+00:00` },
    ]);
    expect((await send('GET /ql/v2/entities?limit=1')).json).toEqual([
      { id: 'Room1', type: 'Room', index: `${nextMonth}+00:00` },
    ]);
    expect((await send('GET /ql/v2/entities?limit=1&offset=1')).json).toEqual([
      { id: 'Room2', type: 'Room', index: `${nine}+00:00` },
    ]);
    expect((await send('GET /ql/v2/entities?limit=1&offset=2')).status).toBe(404);
    expect(await send('GET /ql/v2/entities?type=Lamp')).toMatchObject({ status: 404, json: nothing });
  },

  'the last row of each entity is asked for by a body': async (send) => {
    await fill(send);
    const body = { entities: [{ id: 'Room1', type: 'Room' }], attrs: ['temperature', 'name'] };
    expect((await send('POST /ql/v2/op/query', { body })).json).toEqual([
      {
        id: 'Room1',
        type: 'Room',
        dateModified: { type: 'DateTime', value: `${nextMonth}+00:00` },
        temperature: { type: 'Number', value: 26 },
        name: { type: 'Text', value: null },
      },
    ]);
    expect(await send('POST /ql/v2/op/query', { body: { entities: [{ id: 'X', type: 'Room' }] } })).toMatchObject({
      status: 404,
    });
  },

  'version, health and the paths of the resources are there': async (send) => {
    expect((await send('GET /ql/version')).json).toEqual({ version: '1.0.1' });
    expect((await send('GET /ql/health')).json).toEqual({ status: 'pass' });
    expect((await send('GET /ql/v2')).json).toMatchObject({ entities_url: '/v2/entities' });
    expect((await send('GET /ql/v2/none')).status).toBe(404);
  },
});

v2Tests('QuantumLeap aggregates', {
  'a period begins where the calendar says': async (send) => {
    await fill(send);
    const read = async (query: string): Promise<unknown> =>
      (await send(`GET /ql/v2/entities/Room1/attrs/temperature/value?${query}`)).json;
    expect(await read('aggrMethod=avg&aggrPeriod=day')).toEqual({
      index: index('2026-03-01T00:00:00.000', '2026-03-02T00:00:00.000', '2026-04-02T00:00:00.000'),
      values: [21, 24, 26],
    });
    expect(await read('aggrMethod=sum&aggrPeriod=month')).toEqual({
      index: index('2026-03-01T00:00:00.000', '2026-04-01T00:00:00.000'),
      values: [66, 26],
    });
    expect(await read('aggrMethod=max&aggrPeriod=year')).toEqual({
      index: index('2026-01-01T00:00:00.000'),
      values: [26],
    });
    expect(await read('aggrMethod=min&aggrPeriod=hour&lastN=1')).toEqual({
      index: index('2026-04-02T08:00:00.000'),
      values: [26],
    });
    expect(await read(`aggrMethod=count&aggrPeriod=minute&toDate=${nine}`)).toEqual({
      index: index('2026-03-01T08:00:00.000', '2026-03-01T09:30:00.000'),
      values: [1, 1],
    });
  },

  'a method alone gives one value': async (send) => {
    await fill(send);
    expect((await send('GET /ql/v2/entities/Room1/attrs/temperature?aggrMethod=avg')).json).toMatchObject({
      index: [],
      values: [23],
    });
    expect(
      (await send('GET /ql/v2/types/Room/attrs/temperature/value?aggrMethod=max&fromDate=2026-01-01')).json,
    ).toEqual({
      values: [
        { id: 'Room1', entityId: 'Room1', index: ['2026-01-01', ''], values: [26] },
        { id: 'Room2', entityId: 'Room2', index: ['2026-01-01', ''], values: [10] },
      ],
    });
  },

  'several attributes share their periods': async (send) => {
    await fill(send);
    await write(send, { id: 'Room1', type: 'Room', pressure: measured(1000, `${nextDay}Z`) });
    expect(
      (await send('GET /ql/v2/entities/Room1/value?attrs=temperature,pressure&aggrMethod=min&aggrPeriod=day&limit=2'))
        .json,
    ).toMatchObject({
      index: index('2026-03-01T00:00:00.000', '2026-03-02T00:00:00.000'),
      values: [
        { attrName: 'pressure', values: [null, 1000] },
        { attrName: 'temperature', values: [20, 24] },
      ],
    });
    expect(
      (await send('GET /ql/v2/entities/Room1/value?attrs=temperature,name&aggrMethod=count&aggrPeriod=month')).json,
    ).toMatchObject({
      values: [
        { attrName: 'name', values: [1, 0] },
        { attrName: 'temperature', values: [3, 1] },
      ],
    });
  },

  'texts and booleans can only be counted': async (send) => {
    await write(send, { id: 'Door', type: 'Door', open: { value: true }, name: { value: 'front' } });
    for (const name of ['open', 'name']) {
      expect(await send(`GET /ql/v2/entities/Door/attrs/${name}?aggrMethod=max`)).toMatchObject({
        status: 404,
        json: error('AggrMethod cannot be applied', 'AggrMethod cannot be applied on type TEXT and BOOLEAN.'),
      });
      expect((await send(`GET /ql/v2/entities/Door/attrs/${name}?aggrMethod=count`)).json).toMatchObject({
        values: [1],
      });
    }
  },

  'what does not fit together is refused': async (send) => {
    await fill(send);
    const bad = 'Bad parameters use';
    for (const [query, status, json] of [
      ['aggrPeriod=day', 400, error(bad, 'aggrMethod is compulsory when using aggrPeriod.')],
      ['aggrMethod=max', 400, error(bad, 'Specified aggrMethod = max but missing attrs parameter.')],
      ['options=count', 501, error('Not implemented option', 'aggrScope and options are not yet implemented.')],
      ['limit=0', 422, { error: 'Invalid parameter value' }],
      ['lastN=x', 422, { error: 'Invalid parameter value' }],
      ['fromDate=tomorrow', 422, { error: 'Invalid parameter value' }],
      ['attrs=a&aggrMethod=median', 422, { error: 'Invalid parameter value' }],
      ['georel=near', 400, { error: 'BadRequest' }],
    ] as const)
      expect(await send(`GET /ql/v2/entities/Room1?${query}`)).toMatchObject({ status, json });
    expect(await send('GET /ql/v2/types/Room/attrs/temperature?aggrScope=global')).toMatchObject({ status: 501 });
  },
});

v2Tests('QuantumLeap and the entities', {
  'the service path counts exactly, and is / without the header': async (send) => {
    await write(send, { id: 'A', type: 'T', a: measured(1, `${eight}Z`) }, { 'Fiware-ServicePath': '/north' });
    expect((await send('GET /ql/v2/entities/A')).status).toBe(404);
    for (const [path, status] of [
      ['/north', 200],
      ['/', 404],
      ['/south', 404],
      ['/#', 200],
    ] as const)
      expect((await send('GET /ql/v2/entities/A', { headers: { 'Fiware-ServicePath': path } })).status).toBe(status);
  },

  'the history of a deleted entity stays in its service path': async (send) => {
    const headers = { 'Fiware-ServicePath': '/north' };
    await write(send, { id: 'A', type: 'T', a: measured(1, `${eight}Z`) }, headers);
    await write(send, { id: 'B', type: 'T', a: measured(2, `${eight}Z`) });
    await send('DELETE /v2/entities/A', { headers });
    await send('DELETE /v2/entities/B');
    const values = async (path: string): Promise<unknown> =>
      (await send('GET /ql/v2/types/T/attrs/a/value', { headers: { 'Fiware-ServicePath': path } })).json;
    expect(await values('/north')).toMatchObject({ values: [{ id: 'A', values: [1] }] });
    expect(await values('/')).toMatchObject({ values: [{ id: 'B', values: [2] }] });
  },

  'a geographical query selects entities by where they are': async (send) => {
    const at = (coordinates: readonly number[]) => ({ type: 'geo:json', value: { type: 'Point', coordinates } });
    await write(send, { id: 'A', type: 'T', a: measured(1, `${eight}Z`), location: at([14.35, 46.24]) });
    await write(send, { id: 'B', type: 'T', a: measured(2, `${eight}Z`), location: at([15, 46]) });
    const near = 'georel=near;maxDistance:1000&geometry=point&coords=46.24,14.35';
    expect((await send(`GET /ql/v2/types/T/attrs/a/value?${near}`)).json).toMatchObject({
      values: [{ id: 'A', values: [1] }],
    });
  },

  'values of all kinds are those of keyValues': async (send) => {
    await send('POST /ngsi-ld/v1/entities', {
      body: {
        id: 'urn:ngsi-ld:T:1',
        type: 'T',
        next: { type: 'Relationship', object: 'urn:ngsi-v2:Room%201', observedAt: `${eight}Z` },
        label: { type: 'LanguageProperty', languageMap: { sl: 'Kranj' }, observedAt: `${eight}Z` },
        place: { type: 'GeoProperty', value: { type: 'Point', coordinates: [14, 46] }, observedAt: `${eight}Z` },
        a: [
          { type: 'Property', value: 1, observedAt: `${eight}Z` },
          { type: 'Property', value: 2, observedAt: `${eight}Z`, datasetId: 'urn:ngsi-ld:D:1' },
        ],
      },
    });
    expect((await send('GET /ql/v2/entities/urn:ngsi-ld:T:1')).json).toMatchObject({
      index: index(eight),
      attributes: [
        { attrName: 'a', values: [1] },
        { attrName: 'label', values: [{ sl: 'Kranj' }] },
        { attrName: 'next', values: ['Room 1'] },
        { attrName: 'place', values: [{ type: 'Point', coordinates: [14, 46] }] },
      ],
    });
  },

  'an instance without a time of its own has that of its write': async (send) => {
    await write(send, { id: 'A', type: 'T', a: { value: 1 }, b: { value: 2 } });
    const { json } = await send('GET /ql/v2/entities/A/value');
    expect(json).toMatchObject({
      index: [expect.stringMatching(/^20.*\+00:00$/)],
      values: [{ values: [1] }, { values: [2] }],
    });
  },

  'a deletion removes history, all of it or that of an interval, and no entity': async (send) => {
    await fill(send);
    expect((await send(`DELETE /ql/v2/entities/Room1?toDate=${nine}`)).status).toBe(204);
    expect((await send('GET /ql/v2/entities/Room1/attrs/temperature/value')).json).toEqual({
      index: index(nextDay, nextMonth),
      values: [24, 26],
    });
    expect((await send('DELETE /ql/v2/entities/Room1?type=Lamp')).status).toBe(404);
    expect((await send('DELETE /ql/v2/entities/Room1?type=Room')).status).toBe(204);
    expect(await send('DELETE /ql/v2/entities/Room1')).toMatchObject({ status: 404, json: nothing });
    expect((await send('GET /v2/entities/Room1')).status).toBe(200);
    expect((await send('DELETE /ql/v2/types/Room')).status).toBe(204);
    expect((await send('GET /ql/v2/entities')).status).toBe(404);
  },

  'dropTable deletes in all service paths': async (send) => {
    await write(send, { id: 'A', type: 'T', a: { value: 1 } }, { 'Fiware-ServicePath': '/north' });
    expect((await send('DELETE /ql/v2/types/T')).status).toBe(404);
    const headers = { 'Fiware-ServicePath': '/south' };
    expect((await send('DELETE /ql/v2/types/T?dropTable=true', { headers })).status).toBe(422);
    expect((await send('DELETE /ql/v2/types/T?dropTable=true')).status).toBe(204);
    expect((await send('GET /ql/v2/types/T', { headers: { 'Fiware-ServicePath': '/#' } })).status).toBe(404);
  },
});

const dated = (value: number, name: string, at: string) => ({
  value,
  type: 'Number',
  metadata: { [name]: { type: 'DateTime', value: at } },
});

v2Tests('QuantumLeap and notifications', {
  'the time of a notification is the first of those that it has': async (send) => {
    const notify = async (entity: object, headers = {}): Promise<void> => {
      const { status, text } = await send('POST /ql/v2/notify', { body: { data: [entity] }, headers });
      expect([status, text]).toEqual([200, '"Notification successfully processed"']);
    };
    const date = (value: string) => ({ type: 'DateTime', value });
    await notify({ id: 'A', type: 'T', TimeInstant: date(eight), a: dated(1, 'TimeInstant', nine) });
    await notify({ id: 'A', type: 'T', a: dated(2, 'timestamp', nine), b: dated(2, 'dateModified', nextDay) });
    await notify({ id: 'A', type: 'T', a: dated(3, 'dateModified', nextDay) });
    await notify({ id: 'A', type: 'T', a: dated(4, 'seen', nextMonth) }, { 'Fiware-TimeIndex-Attribute': 'seen' });
    expect((await send('GET /ql/v2/entities/A/attrs/a/value')).json).toEqual({
      index: index(eight, nine, nextDay, nextMonth),
      values: [1, 2, 3, 4],
    });
  },

  'an older notification goes into the history only': async (send) => {
    const body = (value: number, at: string) => ({
      subscriptionId: '5aeb0ee97d4ef10a12a0262f',
      data: [{ id: 'A', type: 'T', a: dated(value, 'TimeInstant', at) }],
    });
    const headers = { 'Fiware-ServicePath': '/north' };
    await send('POST /ql/v2/notify', { body: body(2, nine), headers });
    await send('POST /ql/v2/notify', { body: body(1, eight), headers });
    expect((await send('GET /ql/v2/entities/A/attrs/a/value', { headers })).json).toMatchObject({ values: [1, 2] });
    expect((await send('GET /v2/entities/A/attrs/a', { headers })).json).toMatchObject({ value: 2 });
  },

  'a notification that is none is refused, and nothing is stored': async (send) => {
    for (const body of [
      {},
      { data: [{ id: 'A' }] },
      { data: [{ id: 'B', type: 'T', a: { value: 1 } }, { type: 'T' }] },
    ])
      expect(await send('POST /ql/v2/notify', { body })).toMatchObject({ status: 400, json: { error: 'BadRequest' } });
    expect((await send('GET /v2/entities')).json).toEqual([]);
  },
});
