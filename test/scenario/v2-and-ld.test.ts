/** Tests that both APIs can be used at once: 16 writers on each write the same entities, and a subscriber on each is told everything. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../edge/deliver/test-broker.ts';
import { startTestBroker, testedStores, type TestBroker } from './scenario.ts';

const writers = Array.from({ length: 16 }, (_, number) => number);
const rounds = Array.from({ length: 10 }, (_, round) => round + 1);

let broker: TestBroker;
const stops: (() => void)[] = [];

/** What a subscriber was told: pairs of id and value of an attribute. */
interface Told {
  readonly url: string;
  readonly pairs: Set<string>;
}

/** Receives notifications. `read` makes pairs of an entity in a notification. */
async function listen(read: (entity: Record<string, unknown>) => readonly string[]): Promise<Told> {
  const pairs = new Set<string>();
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (piece: Buffer) => (text += piece.toString()));
    request.on('end', () => {
      const { data } = JSON.parse(text) as { data: Record<string, unknown>[] };
      for (const pair of data.flatMap(read)) pairs.add(pair);
      response.writeHead(200).end();
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, pairs };
}

async function send(line: string, body?: unknown): Promise<Record<string, unknown>> {
  const [method = '', path = ''] = line.split(' ');
  const response = await fetch(broker.url + path, {
    method,
    ...(body === undefined ? {} : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${line}: ${response.status} ${text}`);
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}

const level = (round: number): object => ({
  type: 'Integer',
  value: round,
  metadata: { accuracy: { type: 'Percent', value: 0.9 } },
});
const owner = (round: number): object => ({ type: 'Relationship', object: `urn:ngsi-ld:Owner:${round}` });
const place = { type: 'Point', coordinates: [14.3, 46.2] };
const note = { sl: 'soba', en: 'room' };

describe.each(testedStores)('both APIs at once (%s)', (store) => {
  beforeAll(async () => {
    broker = await startTestBroker(['--store', store, '--notify-allow-private']);
  });
  afterAll(async () => {
    for (const stop of stops.splice(0)) stop();
    await broker.stop();
  });

  test('nothing is lost, and nothing is turned into another kind', async () => {
    const byV2 = await listen(({ id, level, owner }) => [
      `${String(id)} level ${String(level)}`,
      `${String(id)} ${String(owner)}`,
    ]);
    const byLd = await listen(({ id, level, owner }) => [
      `${String(id)} level ${String(level)}`,
      `${String(id)} ${String(owner)}`,
    ]);
    const notification = { http: { url: byV2.url }, attrsFormat: 'keyValues' };
    await send('POST /v2/subscriptions', { subject: { entities: [{ idPattern: '.*', type: 'Room' }] }, notification });
    await send('POST /ngsi-ld/v1/subscriptions', {
      type: 'Subscription',
      entities: [{ type: 'Room' }],
      notification: { format: 'keyValues', endpoint: { uri: byLd.url } },
    });
    for (const number of writers) {
      await send('POST /v2/entities', { id: `Room${number}`, type: 'Room', level: level(0) });
      await send(`POST /ngsi-ld/v1/entities/urn:ngsi-v2:Room${number}/attrs`, {
        owner: owner(0),
        location: { type: 'GeoProperty', value: place },
        note: { type: 'LanguageProperty', languageMap: note },
      });
    }
    const byV2Writer = async (number: number): Promise<void> => {
      for (const round of rounds) await send(`PATCH /v2/entities/Room${number}/attrs`, { level: level(round) });
    };
    const byLdWriter = async (number: number): Promise<void> => {
      const path = `/ngsi-ld/v1/entities/urn:ngsi-v2:Room${number}/attrs`;
      for (const round of rounds) await send(`PATCH ${path}`, { owner: owner(round) });
    };
    await Promise.all(writers.flatMap((number) => [byV2Writer(number), byLdWriter(number)]));

    const expectedOf = (idOf: (number: number) => string): readonly string[] =>
      writers.flatMap((number) =>
        rounds.flatMap((round) => [`${idOf(number)} level ${round}`, `${idOf(number)} urn:ngsi-ld:Owner:${round}`]),
      );
    const missing = ({ pairs }: Told, expected: readonly string[]): readonly string[] =>
      expected.filter((pair) => !pairs.has(pair));
    const none = (left: readonly string[]): boolean => left.length === 0;
    const v2Pairs = expectedOf((number) => `Room${number}`);
    const ldPairs = expectedOf((number) => `urn:ngsi-v2:Room${number}`);
    expect(await eventually(() => Promise.resolve(missing(byV2, v2Pairs)), none)).toEqual([]);
    expect(await eventually(() => Promise.resolve(missing(byLd, ldPairs)), none)).toEqual([]);

    const last = rounds.length;
    for (const number of writers) {
      expect(await send(`GET /v2/entities/Room${number}`)).toEqual({
        id: `Room${number}`,
        type: 'Room',
        level: level(last),
        owner: { type: 'Relationship', value: `urn:ngsi-ld:Owner:${last}`, metadata: {} },
        location: { type: 'geo:json', value: place, metadata: {} },
        note: { type: 'LanguageProperty', value: note, metadata: {} },
      });
      expect(await send(`GET /ngsi-ld/v1/entities/urn:ngsi-v2:Room${number}`)).toEqual({
        id: `urn:ngsi-v2:Room${number}`,
        type: 'Room',
        level: {
          type: 'Property',
          value: last,
          valueType: 'Integer',
          accuracy: { type: 'Property', value: 0.9, valueType: 'Percent' },
        },
        owner: owner(last),
        location: { type: 'GeoProperty', value: place },
        note: { type: 'LanguageProperty', languageMap: note },
      });
    }
  }, 90_000);
});
