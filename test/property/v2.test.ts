/**
 * Tests the mapping of NGSI v2 with random entities: what v2 wrote it reads back, what NGSI-LD wrote v2 can read, and a write of v2 keeps
 * what v2 does not show.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Instance } from '../../src/core/model/attribute.ts';
import type { AssignRule } from '../../src/core/model/v2/assignment.ts';
import type { Entity } from '../../src/core/model/entity.ts';
import { type Json, type JsonObject, parseJson } from '../../src/core/model/json.ts';
import { mutate } from '../../src/core/model/mutate.ts';
import { readEntity } from '../../src/core/model/read/entity.ts';
import { uriOfV2Id, v2IdOf } from '../../src/core/model/v2/id.ts';
import { readDate } from '../../src/core/v2/date.ts';
import {
  attributeIri,
  attributeName,
  metadataIri,
  metadataName,
  nonSpatialIri,
  typeIri,
  typeName,
} from '../../src/core/v2/names.ts';
import { readV2Value } from '../../src/core/v2/read-attribute.ts';
import { createdEntity, readV2Attributes, readV2Entity } from '../../src/core/v2/read-entity.ts';
import type { V2Reading } from '../../src/core/v2/reading.ts';
import { renderV2Attributes, renderV2Entity } from '../../src/core/v2/render-entity.ts';
import { nearJson, outcomeOf, runs, timeoutMs } from './fuzz.ts';
import { concise, lamp, moment, terms } from './samples.ts';

const reading: V2Reading = { terms, isKeyValues: false, isStrict: true, metadata: 'keep' };

function created(json: JsonObject): Entity {
  const { id, ...entity } = readV2Entity(json, reading);
  const { next, outcome } = mutate(
    undefined,
    { op: 'create', id, entity: createdEntity(entity, undefined, reading) },
    moment,
  );
  if (!next) throw new Error(JSON.stringify(outcome));
  return next;
}

const shown = (entity: Entity): Json => renderV2Entity(entity, { terms, format: 'normalized' });

/** Any identifier that v2 allows. */
const identifier = fc.stringMatching(/^[!$%*+,\-.0-9:@A-Z[\\\]^_`a-z{|}~]{1,12}$/);
const word = fc.constantFrom(
  'scope',
  'createdAt',
  'value',
  'object',
  'location',
  'json',
  'a.b',
  '1st',
  'lower-temp',
  'Room',
  'urn:ngsi-v2:x',
  'urn:x:y',
  '$a',
  'description',
  'constructor',
  'toString',
);
const name = fc
  .oneof(word, identifier)
  .filter((text) => !['id', 'type', '*', 'geo:distance', 'dateExpires', '__proto__'].includes(text));
const text = fc.string().filter((one) => !/[<>"'=;()]/.test(one) && one !== 'urn:ngsi-ld:null');
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => (one === 0 ? 0 : one));

const plain: fc.Arbitrary<Json> = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    text,
    number,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(
      fc
        .oneof(identifier, fc.constantFrom('@value', '@type', 'type', 'value'))
        .filter((key) => key !== '__proto__' && !key.startsWith('$')),
      tie('json'),
      { maxKeys: 3 },
    ),
  ),
})).json;

const defaultTypes: readonly [string, (value: Json) => boolean][] = [
  ['None', (value) => value === null],
  ['Text', (value) => typeof value === 'string'],
  ['Number', (value) => typeof value === 'number'],
  ['Boolean', (value) => typeof value === 'boolean'],
];
const defaultType = (value: Json): string => defaultTypes.find(([, fits]) => fits(value))?.[0] ?? 'StructuredValue';

/** A value with its type, and how v2 shows both. */
interface Sample {
  readonly given: JsonObject;
  readonly read: JsonObject;
}

const same = (given: JsonObject): Sample => ({ given, read: given });
const latitude = fc.integer({ min: -90, max: 90 });
const longitude = fc.integer({ min: -180, max: 180 });
const point = fc.tuple(latitude, longitude).map(([south, east]) => `${south}, ${east}`);
const position = fc.tuple(longitude, latitude).map(([east, south]) => [east, south]);
const entityId = fc.oneof(identifier, word);

const date = fc
  .date({ min: new Date('1900-01-01'), max: new Date('2200-01-01'), noInvalidDate: true })
  .map((one) => one.toISOString());
const isDefined = (type: string): boolean => /^(geo:|DateTime$|ISO8601$|TextUnrestricted$)/.test(type);

const sample: fc.Arbitrary<Sample> = fc.oneof(
  plain.map((value) => ({ given: { value }, read: { type: defaultType(value), value } })),
  fc
    .tuple(
      plain,
      name.filter((type) => !isDefined(type)),
    )
    .map(([value, type]) => same({ type, value })),
  date.map((value) => same({ type: 'DateTime', value })),
  date.map((value) => ({
    given: { type: 'ISO8601', value: value.replace('.000Z', '+00:00') },
    read: { type: 'ISO8601', value },
  })),
  fc
    .oneof(entityId, fc.array(entityId, { minLength: 1, maxLength: 3 }))
    .map((value) => same({ type: 'Relationship', value })),
  plain.map((value) => same({ type: 'Relationship', value })),
  point.map((value) => same({ type: 'geo:point', value })),
  fc.array(point, { minLength: 2, maxLength: 4 }).map((value) => same({ type: 'geo:line', value })),
  fc.array(point, { minLength: 2, maxLength: 2 }).map((value) => same({ type: 'geo:box', value })),
  fc
    .array(point, { minLength: 3, maxLength: 5 })
    .map((value) => same({ type: 'geo:polygon', value: [...value, ...value.slice(0, 1)] })),
  position.map((coordinates) => same({ type: 'geo:json', value: { type: 'Point', coordinates } })),
  fc.dictionary(fc.constantFrom('en', 'sl', '@none'), text).map((value) => same({ type: 'LanguageProperty', value })),
  fc.array(plain, { maxLength: 3 }).map((value) => same({ type: 'ListProperty', value })),
  fc
    .dictionary(
      identifier.filter((key) => key !== '__proto__' && !key.startsWith('$')),
      plain,
    )
    .map((value) => same({ type: 'JsonProperty', value })),
);

const computed = ['dateCreated', 'dateModified', 'previousValue', 'actionType'];
const metadata = fc.dictionary(
  name.filter((one) => !computed.includes(one)),
  sample,
  { maxKeys: 3 },
);

const attribute = fc.tuple(sample, metadata).map(([{ given, read }, items]) => ({
  given: { ...given, metadata: Object.fromEntries(Object.entries(items).map(([key, item]) => [key, item.given])) },
  read: { ...read, metadata: Object.fromEntries(Object.entries(items).map(([key, item]) => [key, item.read])) },
}));

describe('what v2 wrote', () => {
  test(
    'v2 reads back, with the types and dates in full',
    () => {
      fc.assert(
        fc.property(entityId, name, fc.dictionary(name, attribute, { maxKeys: 4 }), (id, type, attrs) => {
          const part = (which: 'given' | 'read'): JsonObject =>
            Object.fromEntries(Object.entries(attrs).map(([key, one]) => [key, one[which]]));
          const entity = created({ id, type, ...part('given') });
          expect(shown(entity)).toEqual({ id, type, ...part('read') });
          // The names are the same after the entity was written to a store and read again.
          expect(shown(parseJson(JSON.stringify(entity)) as unknown as Entity)).toEqual({ id, type, ...part('read') });
        }),
        runs(500),
      );
    },
    timeoutMs,
  );

  test('keeps the time of a value in observedAt', () => {
    const time = { type: 'DateTime', value: '2026-03-01T08:00:00.000Z' };
    const entity = created({
      id: 'E',
      type: 'T',
      A: { value: 1, metadata: { TimeInstant: time } },
      B: { value: 2, metadata: { timestamp: time } },
    });
    expect(entity.attrs[attributeIri('A', terms)]).toMatchObject([{ observedAt: time.value }]);
    expect(entity.attrs[attributeIri('B', terms)]).toMatchObject([{ observedAt: time.value }]);
    expect(shown(entity)).toMatchObject({
      A: { metadata: { TimeInstant: time } },
      B: { metadata: { timestamp: time } },
    });
    expect(shown(entity)).not.toMatchObject({ B: { metadata: { TimeInstant: time } } });
  });
});

describe('what NGSI-LD wrote', () => {
  test(
    'v2 reads under stable names',
    () => {
      fc.assert(
        fc.property(nearJson([lamp, concise]), (json) => {
          const outcome = outcomeOf(() => readEntity(json, terms));
          if (!('result' in outcome)) return;
          const { next } = mutate(undefined, { op: 'create', id: outcome.result.id, entity: outcome.result }, moment);
          if (!next) return;
          expect(shown(next)).toMatchObject({ id: v2IdOf(next.id) });
          expect(uriOfV2Id(v2IdOf(next.id))).toBe(next.id);
          for (const iri of Object.keys(next.attrs)) {
            const short = attributeName(iri, terms);
            expect([attributeIri(short, terms), nonSpatialIri(short)]).toContain(iri);
          }
        }),
        runs(500),
      );
    },
    timeoutMs,
  );

  test(
    'has names that lead back to the same IRI',
    () => {
      const iri = fc.oneof(
        fc.webUrl(),
        identifier.map((rest) => `https://uri.etsi.org/ngsi-ld/default-context/${encodeURIComponent(rest)}`),
        identifier.map((rest) => `https://uri.etsi.org/ngsi-ld/default-context/${rest.replaceAll(/[\\^`{}|]/g, '')}x`),
      );
      fc.assert(
        fc.property(iri, (one) => {
          expect(metadataIri(metadataName(one, terms), terms)).toBe(one);
          expect(typeIri(typeName(one, terms), terms)).toBe(one);
        }),
        runs(300),
      );
    },
    timeoutMs,
  );
});

describe('a write of v2', () => {
  const hidden: Json = {
    id: 'urn:x:1',
    type: ['T', 'U'],
    scope: ['/A', '/B'],
    A: [
      {
        type: 'Property',
        value: 1,
        unitCode: 'CEL',
        m: { type: 'Property', value: 1, deep: { type: 'Property', value: 2 } },
      },
      { type: 'Property', value: 2, datasetId: 'urn:d:1' },
    ],
    R: { type: 'Relationship', object: 'urn:x:2', objectType: 'T' },
    B: { type: 'Property', value: 3, datasetId: 'urn:d:2' },
  };

  test(
    'keeps types, scopes, datasets and what is below metadata',
    () => {
      const whole = readEntity(hidden, terms);
      const before = mutate(undefined, { op: 'create', id: whole.id, entity: whole }, moment).next;
      const rule = fc.constantFrom<AssignRule>('append', 'appendMissing', 'update', 'replace');
      const body = fc.dictionary(fc.constantFrom('A', 'B', 'R', 'new'), attribute, { maxKeys: 3 });
      const [a, b] = ['A', 'B'].map((one) => attributeIri(one, terms));
      fc.assert(
        fc.property(rule, body, (how, given) => {
          const json = Object.fromEntries(Object.entries(given).map(([key, one]) => [key, one.given]));
          const { attrs } = readV2Attributes(json, reading);
          const { next } = mutate(before, { op: 'assign', id: whole.id, rule: how, attrs }, '2026-03-01T09:00:00Z');
          const after = next ?? before;
          expect(after).toMatchObject({ types: before?.types, scope: ['/A', '/B'] });
          const datasets = (iri = ''): readonly Instance[] =>
            after?.attrs[iri]?.filter(({ datasetId }) => datasetId !== undefined) ?? [];
          expect(datasets(a)).toMatchObject([{ value: 2, datasetId: 'urn:d:1' }]);
          expect(datasets(b)).toMatchObject([{ value: 3, datasetId: 'urn:d:2' }]);
        }),
        runs(300),
      );
    },
    timeoutMs,
  );

  test('keeps what is below a metadata item that it sets', () => {
    const whole = readEntity(hidden, terms);
    const before = mutate(undefined, { op: 'create', id: whole.id, entity: whole }, moment).next;
    const { attrs } = readV2Attributes({ A: { value: 7, metadata: { m: { value: 8 } } } }, reading);
    const { next } = mutate(before, { op: 'assign', id: whole.id, rule: 'update', attrs }, moment);
    const [sub, deep] = ['m', 'deep'].map((one) => metadataIri(one, terms));
    const instance = next?.attrs[attributeIri('A', terms)]?.[0];
    expect(instance).toMatchObject({ value: 7, unitCode: 'CEL' });
    expect(instance?.attrs?.[sub ?? '']).toMatchObject([{ value: 8, attrs: { [deep ?? '']: [{ value: 2 }] } }]);
  });

  test('gives the value alone a new value and keeps type and metadata', () => {
    const before = created({ id: 'E', type: 'T', A: { type: 'Level', value: 1, metadata: { m: { value: 2 } } } });
    const { iri, assignment } = readV2Value('A', 3, reading);
    const { next } = mutate(
      before,
      { op: 'assign', id: before.id, rule: 'update', attrs: { [iri]: assignment } },
      moment,
    );
    expect(next && renderV2Attributes(next, { terms, format: 'normalized' })).toEqual({
      A: { type: 'Level', value: 3, metadata: { m: { type: 'Number', value: 2 } } },
    });
  });

  test('does not turn a Relationship or a GeoProperty into a text', () => {
    const before = created({
      id: 'E',
      type: 'T',
      r: { type: 'Relationship', value: 'S1' },
      p: { type: 'geo:point', value: '1, 2' },
      d: { type: 'DateTime', value: '2026-01-01' },
    });
    const { attrs } = readV2Attributes({ r: 'S2', p: '3, 4', d: 'no date' }, { ...reading, isKeyValues: true });
    const { next } = mutate(before, { op: 'assign', id: before.id, rule: 'update', attrs }, moment);
    if (!next) throw new Error('nothing was written');
    expect(shown(next)).toMatchObject({
      r: { type: 'Relationship', value: 'S2' },
      p: { type: 'geo:point', value: '3, 4' },
      d: { type: 'Text', value: 'no date' },
    });
  });
});

describe('a date of v2', () => {
  test.each([
    ['2016-10-01', '2016-10-01T00:00:00.000Z'],
    ['2016-10-01T07', '2016-10-01T07:00:00.000Z'],
    ['2016-10-01T0730', '2016-10-01T07:30:00.000Z'],
    ['2016-10-01T07:30:15.5Z', '2016-10-01T07:30:15.500Z'],
    ['2016-10-01T07:30:15.123456+02', '2016-10-01T05:30:15.123Z'],
    ['2016-10-01T073015-0130', '2016-10-01T09:00:15.000Z'],
    ['2016-10-01Z', undefined],
    ['2016-13-01', undefined],
    ['2016-10-01T25', undefined],
    ['today', undefined],
  ])('%s is %s', (given, read) => {
    expect(readDate(given)).toBe(read);
  });
});
