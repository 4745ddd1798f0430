/** Defines requests of NGSI v2 that are made to be expensive. */
import { each, type HostileInput, type HostileRequest } from './input.ts';

const send = (path: string, body: string): HostileRequest => ({ method: 'POST', path: `/v2${path}`, body });
const get = (path: string): HostileRequest => ({ method: 'GET', path: `/v2${path}` });
const attrs = (n: number): string => each(n, (one) => `"k${one}":{"value":${one},"metadata":{"m":{"value":${one}}}}`);
const update = (n: number, members: (one: number) => string): HostileRequest =>
  send(
    '/op/update',
    `{"actionType":"append","entities":[${each(n, (one) => `{"id":"e${one}","type":"X",${members(one)}}`)}]}`,
  );
const subscription = (condition: string, notification: string): HostileRequest =>
  send(
    '/subscriptions',
    `{"subject":{"entities":[{"idPattern":".*","type":"X"}],"condition":{${condition}}},"notification":{${notification}}}`,
  );
const thousand = (): readonly HostileRequest[] => [
  update(1000, (one) => `"a":{"value":${one},"metadata":{"m":{"value":"x"}}}`),
];

export const v2: readonly HostileInput[] = [
  {
    what: 'v2 entity of many attributes',
    size: 4900,
    request: (n) => send('/entities', `{"id":"e","type":"X",${attrs(n)}}`),
  },
  { what: 'v2 batch', size: 1000, request: (n) => update(n, (one) => `"a":{"value":${one}}`) },
  {
    what: 'v2 attributes appended again',
    size: 4900,
    prepare: (n) => [send('/entities', `{"id":"e","type":"X",${attrs(n)}}`)],
    request: (n) => send('/entities/e/attrs', `{${attrs(n)}}`),
  },
  {
    what: 'v2 large entity shown',
    size: 4900,
    isLargest: true,
    prepare: (n) => [send('/entities', `{"id":"e","type":"X",${attrs(n)}}`)],
    request: () => get('/entities/e?metadata=*,dateCreated,dateModified&attrs=*,dateCreated'),
  },
  {
    what: 'v2 page',
    size: 1000,
    isLargest: true,
    prepare: thousand,
    request: (n) => get(`/entities?limit=${n}&options=count`),
  },
  {
    what: 'v2 mq of many terms',
    size: 500,
    prepare: thousand,
    request: (n) =>
      send(
        '/op/query',
        `{"entities":[{"idPattern":".*","type":"X"}],"expression":{"mq":"${each(n, () => 'a.m~=(x*)*y', ';')}"}}`,
      ),
  },
  {
    what: 'v2 polygon',
    size: 4900,
    prepare: thousand,
    request: (n) =>
      send(
        '/op/query',
        `{"entities":[{"idPattern":".*"}],"expression":{"georel":"coveredBy","geometry":"polygon","coords":"${each(n, (one) => `${(40 + Math.sin((6.28 * one) / n)).toFixed(6)},${(10 + Math.cos((6.28 * one) / n)).toFixed(6)}`, ';')};40.000000,11.000000"}}`,
      ),
  },
  {
    what: 'v2 template of many parts',
    size: 9900,
    prepare: (n) => [
      subscription('', `"httpCustom":{"url":"http://127.0.0.1:9/none","payload":"${'${a}'.repeat(n / 4)}"}`),
    ],
    request: () => update(1, () => '"a":{"value":"x"}'),
    settlesMs: 1000,
  },
];
