/** Tests the conversion of messages: the examples, every member of a map, and harmful payloads. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { options } from '../../../../src/app/config/options.ts';
import { readIngestPlans } from '../../../../src/app/config/read-ingest.ts';
import type { Json, JsonObject } from '../../../../src/core/model/json.ts';
import { type IngestPlan, readIngestPlan } from '../../../../src/edge/mqtt/ingest/plan.ts';
import { readMessage, type ParsedElement } from '../../../../src/edge/mqtt/ingest/read-message.ts';
import { readConfig } from '../../../../src/app/config/read-config.ts';

const at = '2026-03-02T07:00:01.5Z';
const env = { TTN_USER: 'meters@ttn', TTN_API_KEY: 'key', MQTT_USER: 'ana', MQTT_PASSWORD: 'geslo' };

const say = ({ topics }: IngestPlan, topic: string, payload: Json | Uint8Array): readonly ParsedElement[] =>
  readMessage(
    { topic, at, payload: Buffer.from(payload instanceof Uint8Array ? payload : JSON.stringify(payload)) },
    { topics, bytesMax: 2 ** 20, depthMax: 64, rowsMax: 1000 },
  );

const planOf = (topic: JsonObject, more: JsonObject = {}): IngestPlan =>
  readIngestPlan(
    { broker: 'mqtt://localhost', topics: [{ topic: 't/{id}', ...topic }], ...more },
    { env, clientId: 'm' },
  );
const mapped = (members: JsonObject): IngestPlan =>
  planOf({ type: 'T', id: 'urn:t:{id}', attributes: { a: { column: 'a', as: 'number' } }, ...members });

/** The attribute `a` or the reasons of all that a message says. */
const saidOf = (plan: IngestPlan, payload: Json | Uint8Array, topic = 't/1'): readonly unknown[] =>
  say(plan, topic, payload).map(({ element }) => (element.outcome === 'entity' ? element.body['a'] : element.reason));
const number = (value: number, more: object = {}): object => ({ type: 'Property', value, ...more });

interface Sample {
  readonly topic: string;
  readonly payload?: Json;
  readonly text?: string;
  readonly entities: readonly JsonObject[];
}
const read = (path: string): string => readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');
const samples = Object.entries(JSON.parse(read('test/fixture/mqtt/samples.json')) as Record<string, Sample[]>).flatMap(
  ([example, all]) => all.map((sample) => [example, sample.topic, sample] as const),
);

describe('the example', () => {
  test.each(samples)('%s makes entities of %s', (example, topic, { payload, text, entities }) => {
    const path = `examples/mqtt/${example}.yaml`;
    const [plan] = readIngestPlans(readConfig({ args: ['--mqtt-ingest', path], env: {} }), env);
    const said = say(plan as IngestPlan, topic, text === undefined ? (payload ?? null) : Buffer.from(text));
    const bodies = said.map(({ element }) => {
      const { '@context': _, ...body } = element.outcome === 'entity' ? element.body : { reason: element.reason };
      return body;
    });
    expect(bodies).toEqual(entities);
  });
});

describe('a payload', () => {
  test.each<[string, JsonObject, Json, readonly unknown[]]>([
    ['an object', {}, { a: 1 }, [number(1)]],
    ['a list of rows', {}, [{ a: 1 }, { a: '2' }], [number(1), number(2)]],
    ['a list within', { each: 'm.e' }, { a: 3, m: { e: [{ a: 1 }, {}] } }, [number(1), number(3)]],
    ['no list within', { each: 'm' }, { m: 1 }, ['m is 1, which is no list']],
    ['a list that is missing', { each: 'm' }, { a: 1 }, []],
    ['nothing that a list could be in', { each: 'm' }, 7, ['it is 7, which has no m']],
    ['nothing of use', {}, { b: 1 }, ['it has no value for a']],
    ['a wrong value', {}, { a: 'x' }, ['a is "x", which is no number']],
    ['a bare number', { attributes: { a: { column: '$payload', as: 'number' } } }, 7, [number(7)]],
    ['numbers', { attributes: { a: { column: '$payload', as: 'number' } } }, [1, 2], [number(1), number(2)]],
    [
      'other units',
      { attributes: { a: { column: 'a', as: 'number', times: 10, plus: 1, decimals: 1, unitCode: 'CEL' } } },
      { a: 1.234 },
      [number(13.3, { unitCode: 'CEL' })],
    ],
    [
      'its own time',
      { observedAt: { column: 't', pattern: 'epoch-s' } },
      { a: 1, t: 0 },
      [number(1, { observedAt: '1970-01-01T00:00:00Z' })],
    ],
    [
      'the time of arrival',
      { observedAt: { column: '$arrival', pattern: 'iso' } },
      { a: 1 },
      [number(1, { observedAt: at })],
    ],
    ['no time', { observedAt: { column: 't', pattern: 'iso' } }, { a: 1 }, ['the time of the row is empty']],
    ['what is not wanted', { skip: [{ column: 'n', is: ['1'] }] }, { a: 1, n: 1 }, ['n is 1']],
    [
      'the topic',
      { attributes: { a: { template: '{$topic} {id}' } } },
      { id: 'mine' },
      [{ type: 'Property', value: 't/1 1' }],
    ],
  ])('is %s', (_, members, payload, expected) => expect(saidOf(mapped(members), payload)).toEqual(expected));

  test.each([
    [Buffer.from('{bad'), 'it is "{bad", which is no JSON'],
    [
      Buffer.from('{"a":9007199254740993}'),
      'a cannot be kept to its last digit: it is an integer beyond 2^53, or too large',
    ],
    [Buffer.from([0xff, 0xfe]), 'it is no text in UTF-8'],
    [Buffer.from(''), 'it is empty'],
    [Buffer.from('['.repeat(100)), 'it is nested more than 64 levels deep'],
  ])('%p says nothing', (payload, reason) => expect(saidOf(mapped({}), payload)).toEqual([reason]));

  test('of a topic that nobody wanted says nothing', () => {
    expect(saidOf(mapped({}), { a: 1 }, 'other')).toEqual(['no topic matches']);
  });

  test('goes to all maps of its topic, and to the first topic only', () => {
    const one = { type: 'T', attributes: { a: { column: 'a', as: 'number' } } };
    const topics = [
      { ...one, topic: 't/{x}', id: 'urn:x:{x}' },
      { ...one, topic: 't/{y}', id: 'urn:y:{y}' },
      { ...one, topic: 't/#', id: 'urn:z:1' },
    ];
    const plan = readIngestPlan({ broker: 'mqtt://localhost', topics }, { env, clientId: 'm' });
    const ids = say(plan, 't/1', { a: 1 }).map(({ element }) => element.outcome === 'entity' && element.body['id']);
    expect(ids).toEqual(['urn:x:1', 'urn:y:1']);
  });

  test('says which attributes are fixed, and need be written once only', () => {
    const plan = mapped({
      attributes: { a: { column: 'a', as: 'number' }, name: { column: 'n', fixed: true }, maker: { constant: 'M' } },
    });
    expect(say(plan, 't/1', { a: 1, n: 'x' })).toMatchObject([
      { element: { body: { a: { value: 1 }, name: { value: 'x' } }, fixed: ['name', 'maker'] } },
    ]);
    expect(say(plan, 't/1', { n: 'x' })).toMatchObject([{ element: { body: { name: { value: 'x' } } } }]);
    expect(saidOf(plan, {})).toEqual(['it has no value for name, maker, a']);
  });

  test('in which a map finds nothing is no fault where another map of its topic does', () => {
    const number = { type: 'T', attributes: { a: { column: 'a', as: 'number' } } };
    const topics = [
      { ...number, topic: 't/{x}', id: 'urn:x:{x}' },
      { ...number, topic: 't/{x}', id: 'urn:y:{x}', each: 'm.rows', observedAt: { column: 't', pattern: 'iso' } },
      {
        topic: 't/{x}',
        type: 'T',
        id: 'urn:z:{x}',
        observedAt: { column: 't', pattern: 'iso' },
        attributes: { b: { column: 'b', as: 'number' }, maker: { constant: 'M' } },
      },
    ];
    const plan = readIngestPlan({ broker: 'mqtt://localhost', topics }, { env, clientId: 'm' });
    const heard = (payload: Json): readonly unknown[] =>
      say(plan, 't/1', payload).map(({ element }) =>
        element.outcome === 'entity' ? element.body['id'] : element.reason,
      );
    expect(heard({ a: 1 })).toEqual(['urn:x:1']);
    expect(heard({ a: 1, m: {} })).toEqual(['urn:x:1']);
    expect(heard({ a: 1, m: { rows: null } })).toEqual(['urn:x:1']);
    expect(heard({ m: { rows: [{ a: 1, t: at }] } })).toEqual(['urn:y:1']);
    // What is there and cannot be used is a fault still.
    expect(heard({ a: 1, b: 2 })).toEqual(['urn:x:1', 'the time of the row is empty']);
    expect(heard({ a: 1, m: { rows: 2 } })).toEqual(['urn:x:1', 'm.rows is 2, which is no list']);
    expect(heard({ c: 1 })).toEqual(['it has no value for a', 'the time of the row is empty']);
  });

  test('that is too large, or has too many rows, is not looked at', () => {
    expect(saidOf(mapped({}), Buffer.alloc(2 ** 20 + 1, '1'))).toEqual(['it has 1048577 bytes, more than 1048576']);
    expect(
      saidOf(
        mapped({}),
        Array.from({ length: 1001 }, () => 1),
      ),
    ).toEqual(['it has 1001 rows, more than 1000']);
  });

  test('of NGSI-LD gets id, type and @context from the map where it has none', () => {
    const plan = planOf({ payload: 'ngsi-ld', id: 'urn:t:{id}', type: 'T', context: 'https://c.example/c.jsonld' });
    const bodyOf = (payload: Json) => say(plan, 't/1', payload).map(({ element }) => element);
    expect(bodyOf({ b: 1 })).toEqual([
      {
        outcome: 'entity',
        body: { id: 'urn:t:1', type: 'T', '@context': 'https://c.example/c.jsonld', b: 1 },
        fixed: [],
      },
    ]);
    const own = { '@id': 'urn:o:1', '@type': 'O', '@context': 'https://o.example/' };
    const { '@id': id, ...members } = own;
    expect(bodyOf(own)).toEqual([{ outcome: 'entity', body: { ...members, id }, fixed: [] }]);
    expect(bodyOf([1])).toEqual([{ outcome: 'rejected', reason: 'it is 1, which is no entity' }]);
    expect(say(planOf({ payload: 'ngsi-ld' }), 't/1', {})).toMatchObject([{ element: { reason: 'it has no id' } }]);
  });
});

describe('whatever comes', () => {
  test('any bytes are read or rejected', () => {
    const plans = [mapped({}), mapped({ payload: 'text' }), mapped({ each: 'a' }), planOf({ payload: 'ngsi-ld' })];
    const payload = fc.oneof(
      fc.uint8Array(),
      fc.json().map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(fc.constantFrom(...plans), payload, (plan, bytes) => {
        for (const { element } of say(plan, 't/1', bytes))
          expect(['entity', 'skipped', 'rejected']).toContain(element.outcome);
      }),
    );
  });

  test('a number comes as it is, and scaled as it is said', () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e100, max: 1e100 });
    fc.assert(
      fc.property(finite, finite, fc.constantFrom('json', 'text'), (value, plus, payload) => {
        const plan = mapped({ payload, attributes: { a: { column: '$payload', as: 'number', plus } } });
        const [said] = saidOf(plan, value);
        // JSON has no negative zero.
        expect(said).toEqual(number((value === 0 ? 0 : value) + plus));
      }),
    );
  });

  test('names of a topic are what ids are made of, and payloads cannot change that', () => {
    const level = fc.string({ minLength: 1 }).filter((text) => !/[/+#\0]/.test(text) && text.trim() === text);
    fc.assert(
      fc.property(level, fc.string(), (name, other) => {
        const [said] = say(mapped({}), `t/${name}`, { a: 1, id: other, $topic: other });
        expect(said).toMatchObject({ element: { body: { id: `urn:t:${encodeURIComponent(name)}` } } });
      }),
    );
  });
});

describe('a plan', () => {
  test.each<[JsonObject, RegExp]>([
    [{ broker: 'http://localhost' }, /^broker cannot be used: it must be mqtt:\/\/host/],
    [{ broker: 'mqtt://ana:geslo@localhost' }, /user and password do not belong in it/],
    [{ broker: 'mqtt://localhost/topic' }, /nothing comes after the host/],
    [{ version: 'mqtt3.1' }, /^version must be one of mqtt3\.1\.1, mqtt5\.0, not "mqtt3\.1"/],
    [{ qos: 3 }, /^qos must be 0, 1 or 2, not 3/],
    [{ userFrom: 'NOBODY' }, /^userFrom names NOBODY, which is not in the environment/],
    [{ passwordFrom: 'MQTT_PASSWORD' }, /needs userFrom/],
    [{ sessionSeconds: -1 }, /^sessionSeconds must be a whole number from 0/],
    [{ underWay: 0 }, /^underWay must be/],
    [{ topics: [] }, /at least one topic/],
    [{ deadLetters: 't/dead' }, /would be ingested again, by topics\[0\]/],
    [{ deadLetters: 'a/#' }, /without \+ and #/],
    [{ colour: 'red' }, /^colour is not known here/],
  ])('with %j is refused', (members, why) => {
    const topic = { topic: 't/{id}', payload: 'ngsi-ld' };
    expect(() =>
      readIngestPlan({ broker: 'mqtt://localhost', topics: [topic], ...members }, { env, clientId: 'm' }),
    ).toThrow(why);
  });

  test.each<[JsonObject, RegExp]>([
    [{ topic: 'a/#/b' }, /^topics\[0\]\.topic is "a\/#\/b", but # and \{name#\} stand at the end/],
    [{ payload: 'xml' }, /^topics\[0\]\.payload must be one of json, text, ngsi-ld, not "xml"/],
    [{ write: 'replace' }, /^topics\[0\]\.write must be one of upsert, merge/],
    [{ type: 1 }, /^topics\[0\]\.type must be a text/],
    [{ attributes: {} }, /^topics\[0\]\.attributes must name at least one/],
    [{ attributes: { a: { colum: 'a' } } }, /^topics\[0\]\.attributes\.a must have column/],
    [{ observedAt: { column: 'a' } }, /^topics\[0\]\.observedAt\.pattern is missing/],
  ])('of a topic with %j is refused', (members, why) => expect(() => mapped(members)).toThrow(why));

  test('that says nothing else is of MQTT 5.0, with QoS 1 and a session of a week', () => {
    expect(mapped({})).toMatchObject({
      version: 5,
      clientId: 'm',
      keptSeconds: 604_800,
      server: { host: 'localhost', port: 1883, isTls: false },
      topics: [{ qos: 1 }],
    });
    expect(options.mqttIngest.initial).toBe('');
  });
});
