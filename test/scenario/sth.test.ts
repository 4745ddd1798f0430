/** Tests STH-Comet's API: values, aggregates, pages, CSV, errors, deletions and notifications. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect } from '@jest/globals';
import { error, type Send, v2Tests } from './v2.ts';

/** A free port for the server of STH-Comet alone. */
const own = createServer().listen(0, '127.0.0.1');
await once(own, 'listening');
const { port } = own.address() as AddressInfo;
own.close();
await once(own, 'close');

const v1 = '/STH/v1/contextEntities/type/Room/id/Room1/attributes';
const v2 = '/STH/v2/entities/Room1/attrs';

const item = (recvTime: string, attrValue: unknown, attrType = 'Number') => ({ recvTime, attrType, attrValue });

async function write(send: Send, name: string, values: readonly (readonly [string, unknown])[]): Promise<void> {
  for (const [at, value] of values) {
    const body = {
      id: 'Room1',
      type: 'Room',
      [name]: { value, metadata: { TimeInstant: { type: 'DateTime', value: at } } },
    };
    expect([201, 204]).toContain((await send('POST /v2/entities?options=upsert', { body })).status);
  }
}

const [eight, nine, nextDay] = [
  '2026-03-01T08:00:00.000Z',
  '2026-03-01T08:30:15.000Z',
  '2026-03-02T09:00:00.000Z',
] as const;

const temperatures = [
  [eight, 1.5],
  [nine, 2],
  [nextDay, 4],
] as const;

/** The values of an answer of the first version. */
const valuesIn = (json: unknown): unknown => {
  const answer = json as { contextResponses: [{ contextElement: { attributes: [{ values: unknown }] } }] };
  return answer.contextResponses[0].contextElement.attributes[0].values;
};

const aggregated = async (send: Send, name: string, query: string): Promise<unknown> =>
  valuesIn((await send(`GET ${v1}/${name}?${query}`)).json);

v2Tests('STH-Comet reads', {
  'the newest values ascend; the first version has texts': async (send) => {
    await write(send, 'temperature', temperatures);
    expect((await send(`GET ${v1}/temperature?lastN=2`)).json).toEqual({
      contextResponses: [
        {
          contextElement: {
            attributes: [{ name: 'temperature', values: [item(nine, '2'), item(nextDay, '4')] }],
            id: 'Room1',
            isPattern: false,
            type: 'Room',
          },
          statusCode: { code: '200', reasonPhrase: 'OK' },
        },
      ],
    });
    const value = [item(nine, 2), item(nextDay, 4)];
    expect((await send(`GET ${v2}/temperature?type=Room&lastN=2`)).json).toEqual({
      type: 'StructuredValue',
      value,
      values: value,
    });
  },

  'a page is counted': async (send) => {
    await write(send, 'temperature', temperatures);
    const answer = await send(`GET ${v2}/temperature?type=Room&hLimit=1&hOffset=1&count=true`);
    expect(answer.json).toMatchObject({ value: [item(nine, 2)] });
    expect(answer.headers.get('fiware-total-count')).toBe('3');
    const later = await send(`GET ${v2}/temperature?type=Room&lastN=1&count=true&dateFrom=${nine}`);
    expect(later.headers.get('fiware-total-count')).toBe('2');
    expect((await send(`GET ${v2}/temperature?type=Room&lastN=1`)).headers.get('fiware-total-count')).toBeNull();
  },

  'both dates are inclusive, also in milliseconds': async (send) => {
    await write(send, 'temperature', temperatures);
    for (const [from, to] of [
      [eight, nine],
      [String(Date.parse(eight)), String(Date.parse(nine))],
    ])
      expect((await send(`GET ${v2}/temperature?type=Room&lastN=9&dateFrom=${from}&dateTo=${to}`)).json).toMatchObject({
        value: [item(eight, 1.5), item(nine, 2)],
      });
  },

  'values come as CSV': async (send) => {
    await write(send, 'name', [[eight, 'a, b']]);
    const answer = await send(`GET ${v1}/name?filetype=csv`);
    expect(answer.headers.get('content-type')).toContain('text/csv');
    expect(answer.text).toBe(`attrName,attrType,attrValue,recvTime\r\nname,Text,"a, b",${eight}\r\n`);
    await write(send, 'formula', [[eight, '@x']]);
    expect((await send(`GET ${v1}/formula?filetype=csv`)).text).toContain(`formula,Text,'@x,${eight}`);
    expect((await send(`GET ${v1}/name?filetype=csv`, { headers: { Accept: 'text/csv' } })).status).toBe(200);
  },

  'nothing is an empty list': async (send) => {
    expect((await send(`GET ${v2}/temperature?type=Room&lastN=2`)).json).toMatchObject({ value: [] });
    await write(send, 'temperature', temperatures);
    expect((await send(`GET ${v2}/temperature?type=Other&lastN=2`)).json).toMatchObject({ value: [] });
    expect((await send(`GET ${v2}/other?type=Room&aggrMethod=sum&aggrPeriod=day`)).json).toMatchObject({ value: [] });
    expect((await send(`GET ${v2}/temperature?type=Room&lastN=0`)).json).toMatchObject({ value: [] });
  },

  'wrong parameters are 400, each version in its form': async (send) => {
    const needed =
      'A combination of the following query params is required: lastN, hLimit and hOffset, filetype, or aggrMethod and aggrPeriod';
    const child = (name: string, why: string) => `child "${name}" fails because ["${name}" ${why}]`;
    for (const [query, text] of [
      ['', needed],
      ['hLimit=1', needed],
      ['lastN=10001', 'hLimit <= lastN <= config.maxPageSize'],
      ['lastN=1&hLimit=2', 'hLimit <= lastN <= config.maxPageSize'],
      ['lastN=-1', child('lastN', 'must be greater than -1')],
      ['lastN=x', child('lastN', 'must be a number')],
      ['lastN=1.5', child('lastN', 'must be an integer')],
      ['lastN=1&dateFrom=x', child('dateFrom', 'must be a number of milliseconds or valid date string')],
      ['lastN=1&count=x', child('count', 'must be a boolean')],
      ['aggrMethod=sum&aggrPeriod=year', child('aggrPeriod', 'must be one of [month, day, hour, minute, second]')],
    ] as const) {
      expect(await send(`GET ${v1}/temperature?${query}`)).toMatchObject({
        status: 400,
        json: { statusCode: 400, error: 'Bad Request', message: text },
      });
      expect(await send(`GET ${v2}/temperature?type=Room&${query}`)).toMatchObject({
        status: 400,
        json: error('BadRequest', text),
      });
    }
    expect(await send(`GET ${v2}/temperature?lastN=2`)).toMatchObject({
      status: 400,
      json: error('BadRequest', child('type', 'is required')),
    });
  },
});

v2Tests('STH-Comet aggregates', {
  'points are counted from the next larger unit': async (send) => {
    await write(send, 'temperature', temperatures);
    const points = (query: string) => aggregated(send, 'temperature', `aggrMethod=sum&${query}`);
    const group = (origin: string, resolution: string, own: readonly object[]) => ({
      _id: { attrName: 'temperature', origin, resolution },
      points: own,
    });
    expect(await points('aggrPeriod=month')).toEqual([
      group('2026-01-01T00:00:00.000Z', 'month', [{ offset: 3, samples: 3, sum: 7.5 }]),
    ]);
    expect(await points('aggrPeriod=day')).toEqual([
      group('2026-03-01T00:00:00.000Z', 'day', [
        { offset: 1, samples: 2, sum: 3.5 },
        { offset: 2, samples: 1, sum: 4 },
      ]),
    ]);
    expect(await points('aggrPeriod=hour')).toEqual([
      group('2026-03-01T00:00:00.000Z', 'hour', [{ offset: 8, samples: 2, sum: 3.5 }]),
      group('2026-03-02T00:00:00.000Z', 'hour', [{ offset: 9, samples: 1, sum: 4 }]),
    ]);
    expect(await points(`aggrPeriod=minute&dateTo=${nine}`)).toEqual([
      group('2026-03-01T08:00:00.000Z', 'minute', [
        { offset: 0, samples: 1, sum: 1.5 },
        { offset: 30, samples: 1, sum: 2 },
      ]),
    ]);
    expect(await points(`aggrPeriod=second&dateFrom=${nine}&dateTo=${nine}`)).toEqual([
      group('2026-03-01T08:30:00.000Z', 'second', [{ offset: 15, samples: 1, sum: 2 }]),
    ]);
  },

  'a date selects whole points': async (send) => {
    await write(send, 'temperature', temperatures);
    expect(await aggregated(send, 'temperature', `aggrMethod=sum&aggrPeriod=hour&dateFrom=${nine}`)).toMatchObject([
      { points: [{ offset: 8, samples: 2 }] },
      { points: [{ offset: 9, samples: 1 }] },
    ]);
  },

  'numbers have sums of squares, texts have occurrences': async (send) => {
    await write(send, 'temperature', temperatures);
    await write(send, 'state', [
      [eight, 'on.1$'],
      [nine, 'off'],
      ['2026-03-01T10:00:00Z', 'on.1$'],
    ]);
    expect(await aggregated(send, 'temperature', 'aggrMethod=all&aggrPeriod=month')).toMatchObject([
      { points: [{ offset: 3, samples: 3, min: 1.5, max: 4, sum: 7.5, sum2: 2.25 + 4 + 16 }] },
    ]);
    expect(await aggregated(send, 'state', 'aggrMethod=occur,max&aggrPeriod=day')).toEqual([
      {
        _id: { attrName: 'state', origin: '2026-03-01T00:00:00.000Z', resolution: 'day' },
        points: [{ offset: 1, samples: 3, occur: { 'on\uFF0E1\uFF04': 2, off: 1 } }],
      },
    ]);
  },

  'texts that are numbers are summed': async (send) => {
    await write(send, 'temperature', [
      [eight, '1.5'],
      [nine, '2'],
    ]);
    expect(await aggregated(send, 'temperature', 'aggrMethod=sum,sum2&aggrPeriod=day')).toMatchObject([
      { points: [{ samples: 2, sum: 3.5, sum2: 6.25 }] },
    ]);
  },
});

v2Tests(
  'STH-Comet writes',
  {
    'an attribute, an entity and a service path lose their histories': async (send) => {
      await write(send, 'temperature', temperatures);
      await write(send, 'state', [[eight, 'on']]);
      expect((await send(`DELETE ${v1}/temperature`)).status).toBe(204);
      expect((await send(`GET ${v2}/temperature?type=Room&lastN=1`)).json).toMatchObject({ value: [] });
      expect((await send(`GET ${v2}/state?type=Room&lastN=1`)).json).toMatchObject({
        value: [item(eight, 'on', 'Text')],
      });
      expect((await send('DELETE /STH/v1/contextEntities/type/Room/id/Room1')).status).toBe(204);
      expect((await send(`GET ${v2}/state?type=Room&lastN=1`)).json).toMatchObject({ value: [] });
      await write(send, 'state', [[eight, 'on']]);
      expect((await send('DELETE /STH/v1/contextEntities', { headers: { 'Fiware-ServicePath': '/a' } })).status).toBe(
        204,
      );
      expect((await send(`GET ${v2}/state?type=Room&lastN=1`)).json).toMatchObject({
        value: [item(eight, 'on', 'Text')],
      });
      expect((await send('DELETE /STH/v1/contextEntities')).status).toBe(204);
      expect((await send(`GET ${v2}/state?type=Room&lastN=1`)).json).toMatchObject({ value: [] });
      expect((await send('GET /v2/entities/Room1')).status).toBe(200);
    },

    'an empty service path is the root: a deletion leaves the other paths as they are': async (send) => {
      const inA = { 'Fiware-ServicePath': '/a' };
      const body = { id: 'Room1', type: 'Room', state: { value: 'on' } };
      expect((await send('POST /v2/entities', { body, headers: inA })).status).toBe(201);
      for (const path of ['/STH/v1/contextEntities', '/STH/v1/contextEntities/type/Room/id/Room1'])
        expect((await send(`DELETE ${path}`, { headers: { 'Fiware-ServicePath': '' } })).status).toBe(204);
      expect((await send(`GET ${v2}/state?type=Room&lastN=1`, { headers: inA })).json).toMatchObject({
        value: [{ attrValue: 'on' }],
      });
    },

    'a notification is stored': async (send) => {
      const temperature = { value: 3, metadata: { TimeInstant: { type: 'DateTime', value: eight } } };
      const body = { subscriptionId: '1', data: [{ id: 'Room1', type: 'Room', temperature }] };
      expect(await send('POST /STH/notify', { body })).toMatchObject({ status: 200, text: '' });
      expect((await send(`GET ${v2}/temperature?type=Room&lastN=1`)).json).toMatchObject({ value: [item(eight, 3)] });
      expect((await send('POST /STH/notify', { body: { contextResponses: [] } })).status).toBe(400);
    },

    'a port of its own has the same, and the paths without STH': async (send) => {
      const temperature = { value: 3, metadata: { TimeInstant: { type: 'DateTime', value: eight } } };
      const body = { subscriptionId: '1', data: [{ id: 'Room1', type: 'Room', temperature }] };
      expect(await send('POST /notify', { body, port })).toMatchObject({ status: 200, text: '' });
      expect((await send(`GET ${v2}/temperature?type=Room&lastN=1`, { port })).json).toMatchObject({
        value: [item(eight, 3)],
      });
      expect((await send('GET /version', { port })).json).toEqual({ version: '2.11.0' });
      expect((await send('GET /v2/entities', { port })).status).toBe(404);
    },

    'version and unknown paths': async (send) => {
      expect((await send('GET /STH/version')).json).toEqual({ version: '2.11.0' });
      expect(await send('GET /STH/v2/none')).toMatchObject({ status: 404, json: error('NotFound', 'invalid path') });
      expect(await send('GET /STH/v1/none')).toMatchObject({
        status: 404,
        json: { statusCode: 404, error: 'Not Found' },
      });
    },
  },
  ['--sth-port', String(port)],
);
