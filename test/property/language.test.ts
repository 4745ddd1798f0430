/**
 * Tests the parser of every query parameter with arbitrary texts: it accepts the text or throws a problem with the reason. Accepted texts
 * are usable.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { later, parseDuration, periodOf, isZero } from '../../src/core/language/duration.ts';
import { parseGeoQuery, searchBox } from '../../src/core/language/geo/geo-query.ts';
import { compileFilter } from '../../src/core/language/matches/matches.ts';
import { beginSteps } from '../../src/core/language/step-count.ts';
import { compileOrder, parseOrder } from '../../src/core/language/order.ts';
import { compilePattern } from '../../src/core/language/pattern/pattern.ts';
import { parseProjection, projectionDepth, isShown } from '../../src/core/language/projection.ts';
import { parseQ } from '../../src/core/language/q/q.ts';
import { parseScopeQ } from '../../src/core/language/scope-query.ts';
import { isWithin, parseTemporal } from '../../src/core/language/temporal-query.ts';
import { parseTypeSelection } from '../../src/core/language/type-selection.ts';
import { writeQ } from '../../src/core/language/q/write-q.ts';
import type { Entity } from '../../src/core/model/entity.ts';
import { readEntity } from '../../src/core/model/read/entity.ts';
import { mutate } from '../../src/core/model/mutate.ts';
import { near, outcomeOf, perhaps, runs, timeoutMs } from './fuzz.ts';
import { lamp, moment, terms } from './samples.ts';

const entity: Entity = stored();

function stored(): Entity {
  const whole = readEntity(lamp, terms);
  const { next } = mutate(undefined, { op: 'create', id: whole.id, entity: whole }, moment);
  if (!next) throw new Error('The lamp was not kept.');
  return next;
}

const names = [
  'temperature',
  'powerState',
  'location',
  'owner',
  'address',
  'observedAt',
  'id',
  'type',
  'scope',
  'https://example.org/x',
  'ex:y',
];

const qSeeds = [
  'temperature>20;powerState=="on"',
  '(temperature<=2.5e3|!powerState);address[city]=="Kranj"',
  'temperature==1..7',
  'powerState=="on","off"',
  'powerState~=^o(n|ff)$',
  'temperature.observedAt>=2026-03-01T08:00:00Z',
  'owner==urn:ngsi-ld:Person:1',
  'owner{Person,Group}.name!="x"',
  'name[sl]!~="a.*b"',
  'name[*]=="x"',
  'temperature.accuracy[a.b]==true',
  'address["a b"]==08:00:00Z',
  'https://example.org/x>=2026-03-01',
  'powerState',
  '!powerState',
  'temperature!=-1',
  '"quoted name"=="x"',
  'type==Streetlight',
  'scope=="/a/b"',
  'temperature<"\\u00e9\\n"',
];

describe('whatever is given', () => {
  test(
    'as q is parsed, matched and written again, or refused',
    () => {
      const text = near(qSeeds, [...names, '..', '~=', '!~=', '[', ']', '{', '}', '"on"', '2026-03-01T08:00:00Z']);
      const options = fc.record({ expandValues: fc.subarray(names), jsonKeys: fc.subarray(names) });
      fc.assert(
        fc.property(text, options, (q, lists) => {
          const outcome = outcomeOf(() => parseQ(q, terms, lists));
          if (!('result' in outcome)) return;
          const { result } = outcome;
          const test = outcomeOf(() => compileFilter({ q: result }));
          if ('result' in test) expect(typeof test.result(entity)).toBe('boolean');
          const written = writeQ(result, terms);
          // Escapes may take a query beyond the length that is read.
          if (written.length > 16_000) return;
          expect({ q, written, result: outcomeOf(() => writeQ(parseQ(written, terms, lists), terms)) }).toEqual({
            q,
            written,
            result: { result: written },
          });
        }),
        runs(600),
      );
    },
    timeoutMs,
  );

  test(
    'as a geo-query is parsed and matched, or refused',
    () => {
      const georel = near(
        [
          'near;maxDistance==500',
          'near;minDistance==1.5e3',
          'within',
          'contains',
          'overlaps',
          'intersects',
          'equals',
          'disjoint',
        ],
        ['near', 'maxDistance', '==', ';'],
      );
      const geometry = fc.oneof(
        fc.constantFrom('Point', 'MultiPoint', 'LineString', 'MultiLineString', 'Polygon', 'MultiPolygon'),
        near(['Point', 'GeometryCollection']),
      );
      const params = fc.record({
        georel: perhaps(
          fc.oneof(georel, fc.constantFrom('near;maxDistance==1', 'within', 'intersects', 'overlaps', 'equals')),
        ),
        geometry: perhaps(geometry),
        coordinates: perhaps(fc.oneof(near(coordinateSeeds, ['180', '-90', '90', '1e400', '[', ']', ',']), positions)),
        geoproperty: fc.option(near(names), { nil: undefined, freq: 2 }),
      });
      fc.assert(
        fc.property(params, (one) => {
          const outcome = outcomeOf(() => parseGeoQuery(one, terms));
          if (!('result' in outcome)) return;
          const { result } = outcome;
          const box = searchBox(result);
          if (box !== 'everywhere') expect(box.every(Number.isFinite)).toBe(true);
          expect(typeof compileFilter({ geo: result })(entity)).toBe('boolean');
        }),
        runs(600),
      );
    },
    timeoutMs,
  );

  test(
    'as scopeQ is parsed and matched, or refused',
    () => {
      const text = near(
        [
          '/Madrid/Gardens',
          '/Madrid/+/ParqueNorte',
          '/Madrid/#',
          '/#',
          '"/A/B"',
          '/A;/B,(/C|/D)',
          '(/A,/B);(/C,/D)',
          'A/B',
        ],
        ['/A', '/+', '/#', '+', '#'],
      );
      fc.assert(
        fc.property(text, (scopeQ) => {
          const outcome = outcomeOf(() => parseScopeQ(scopeQ));
          if ('result' in outcome) expect(typeof compileFilter({ scopeQ: outcome.result })(entity)).toBe('boolean');
        }),
        runs(1000),
      );
    },
    timeoutMs,
  );

  test(
    'as type is parsed and matched, or refused',
    () => {
      const text = near(['Streetlight', 'A,B|C', '(A;B),C', '*', 'https://example.org/A', '((A))', 'ex:y;A'], names);
      fc.assert(
        fc.property(text, (type) => {
          const outcome = outcomeOf(() => parseTypeSelection(type, terms));
          if ('result' in outcome)
            expect(typeof compileFilter({ selectors: [{ types: outcome.result }] })(entity)).toBe('boolean');
        }),
        runs(1000),
      );
    },
    timeoutMs,
  );

  test(
    'as a temporal query is parsed, or refused',
    () => {
      const time = near([
        '2026-03-01T08:00:00Z',
        '2026-03-01T08:00:00.123456Z',
        '2026-02-30T00:00:00Z',
        '0000-01-01T00:00:00Z',
        '9999-12-31T23:59:59,5Z',
        '2026-03-01',
        '08:00:00Z',
      ]);
      const params = fc.record(
        {
          timerel: fc.oneof(fc.constantFrom('before', 'after', 'between'), near(['before', 'after'])),
          timeAt: time,
          endTimeAt: time,
          timeproperty: fc.oneof(
            fc.constantFrom('observedAt', 'createdAt', 'modifiedAt', 'deletedAt'),
            near(['observedAt']),
          ),
          lastN: near(['1', '10', '999999999', '1000000000', '0', '-1', '1.5']),
        },
        { requiredKeys: [] },
      );
      fc.assert(
        fc.property(params, (one) => {
          const outcome = outcomeOf(() => parseTemporal(one));
          if (!('result' in outcome)) return;
          for (const bound of [outcome.result.timeAt, outcome.result.endTimeAt])
            if (bound !== undefined) expect(Number.isFinite(bound)).toBe(true);
          expect(typeof isWithin(outcome.result, 0)).toBe('boolean');
        }),
        runs(1000),
      );
    },
    timeoutMs,
  );

  test(
    'as attrs, pick and omit is parsed, or refused',
    () => {
      const list = near(
        ['id,type,temperature', 'owner{name,owner{id}},type', 'temperature', 'a{b}', '"x"'],
        [...names, '{', '}', ','],
      );
      fc.assert(
        fc.property(fc.record({ attrs: list, pick: list, omit: list }, { requiredKeys: [] }), (params) => {
          const outcome = outcomeOf(() => parseProjection(params, terms));
          if (!('result' in outcome)) return;
          expect(projectionDepth(outcome.result)).toBeGreaterThanOrEqual(0);
          expect(typeof isShown(outcome.result, 'id')).toBe('boolean');
        }),
        runs(1000),
      );
    },
    timeoutMs,
  );

  test(
    'as an order is parsed and sorts, or is refused',
    () => {
      const params = fc.record({
        orderBy: perhaps(
          near(
            [
              'temperature',
              'address[city];desc,id',
              'location;dist-asc',
              'temperature.observedAt;asc',
              'type;desc',
              'owner{Person}.name',
            ],
            [...names, ';asc', ';desc', ';dist-desc'],
          ),
        ),
        collation: fc.option(near(['sl', 'en-US', 'de-DE-u-co-phonebk', 'x-private']), { nil: undefined, freq: 1 }),
        orderFrom: fc.option(fc.oneof(near(coordinateSeeds), positions), { nil: undefined, freq: 2 }),
        orderGeometry: fc.option(near(['Point', 'Polygon', 'LineString']), { nil: undefined, freq: 1 }),
      });
      fc.assert(
        fc.property(params, (one) => {
          const outcome = outcomeOf(() => parseOrder(one, { terms, initial: 'und-x-icu' }));
          if (!('result' in outcome) || !outcome.result) return;
          const { keyOf, compare } = compileOrder(outcome.result);
          expect(compare(keyOf(entity), keyOf(entity))).toBe(0);
        }),
        runs(600),
      );
    },
    timeoutMs,
  );

  test(
    'as a duration is read, or is none',
    () => {
      fc.assert(
        fc.property(
          near(
            ['PT1H', 'P1D', 'P1M', 'P1Y2M3DT4H5M6.5S', 'P2W', 'PT0S', 'P10000Y'],
            ['P', 'T', 'D', 'M', 'W', '9', '0.000001'],
          ),
          (text) => {
            const duration = parseDuration(text);
            if (!duration || isZero(duration)) return;
            const start = Date.UTC(2026, 0, 31) * 1000;
            expect(Number.isNaN(later(start, duration, 1))).toBe(false);
            expect(periodOf(start, start, duration)).toBe(0);
          },
        ),
        runs(2000),
      );
    },
    timeoutMs,
  );

  test(
    'as a pattern is compiled and searched for, or refused',
    () => {
      const pattern = near(
        [
          '^o(n|ff)$',
          '.*a.*b',
          '(a*)*b',
          '(a|a)*',
          '[[:alpha:]_-]+',
          '[^]a]',
          '\\d{1,3}\\.\\w+',
          '(?:x{2,5}){3}',
          '\\u{1F600}|\\x41',
          '\\bon\\b',
          'a{1000}',
          '((a{30}){30}){30}',
          '^$',
          'x?',
        ],
        [
          '{1,}',
          '{,2}',
          '{99999}',
          '(?=',
          '(?:',
          '[[:',
          ':]]',
          '\\d',
          '\\S',
          '\\u',
          '\\u{',
          '|',
          '[a-',
          '^',
          '$',
          '(((((',
          ')',
        ],
      );
      fc.assert(
        fc.property(
          pattern,
          fc.oneof(near(['on', 'off', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab']), fc.constant('a'.repeat(2000))),
          (source, subject) => {
            const outcome = outcomeOf(() => compilePattern(source));
            beginSteps();
            if ('result' in outcome) expect(typeof outcome.result(subject)).toBe('boolean');
          },
        ),
        runs(600),
      );
    },
    timeoutMs,
  );
});

/** Coordinates as text, of every depth. */
const coordinateSeeds = [
  '[14.36,46.24]',
  '[[14,46],[15,46],[15,47],[14,46]]',
  '[[[14,46],[15,46],[15,47],[14,46]]]',
  '[[[[14,46],[15,46],[15,47],[14,46]]]]',
  '[-180,-90]',
  '[180,90,5]',
  '[[0,0],[0,0]]',
  '[1e999,0]',
  '[]',
  '[null]',
  '"x"',
  '{}',
];
const position = fc.tuple(
  fc.constantFrom(-180, -0, 0, 14.3553, 14.36, 179.9, 180, 5e-324),
  fc.constantFrom(-90, 0, 46.2389, 46.24, 89.99, 90),
);
const ring = fc.array(position, { minLength: 3, maxLength: 6 }).map((points) => [...points, points[0]]);
const positions = fc
  .oneof(
    position,
    fc.array(position, { maxLength: 4 }),
    fc.array(ring, { maxLength: 3 }),
    fc.array(fc.array(ring, { maxLength: 2 }), { maxLength: 2 }),
  )
  .map((one) => JSON.stringify(one));
