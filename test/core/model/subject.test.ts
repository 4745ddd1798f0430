/** Tests what names a subject, and what is left of data without it. */
import { describe, expect, test } from '@jest/globals';
import type { Change } from '../../../src/core/model/change.ts';
import { namedBy } from '../../../src/core/model/subject/named.ts';
import { erasedChange, redactChange, redactEntity, withoutNamed } from '../../../src/core/model/subject/redact.ts';

const ana = 'urn:ngsi-ld:Person:ana';
const isNamed = namedBy(ana);
const at = '2026-01-01T00:00:00.000Z';

describe('a text names a subject', () => {
  test.each([
    ana,
    `called ${ana}.`,
    `"${ana}"`,
    `https://example.org/entities/${ana}/photo.jpg`,
    `https://example.org/${encodeURIComponent(ana)}?x=1`,
    `urn:x:${ana}`,
    `${ana}#part`,
    `(${ana})`,
  ])('%s', (text) => {
    expect(isNamed(text)).toBe(true);
  });

  test.each([
    `${ana}tol`,
    `${ana}:car`,
    `${ana}-2`,
    `${ana}_2`,
    `${ana}.smith`,
    `${ana}š`,
    `x${ana}`,
    'urn:ngsi-ld:Person',
  ])('but not %s', (text) => {
    expect(isNamed(text)).toBe(false);
  });

  test.each(['https:/', 'https://example.org', 'https://example.org/people', 'https://example.org/people/ana'])(
    'and %s is not named by a URL below it',
    (url) => {
      const below = 'https://example.org/people/ana/car';
      expect(namedBy(url)(below)).toBe(false);
      expect(namedBy(url)(`see ${url}/ or ${url}#it`)).toBe(true);
      expect(namedBy(below)(`see ${below}, https://example.org/ngsi-ld/${encodeURIComponent(below)}/attrs/x`)).toBe(
        true,
      );
    },
  );

  test.each([
    ['Room:1', 'Big-Room:1'],
    ['Room:1', 'urn:x:Room:1'],
    ['Person:ana', 'urn:ngsi-ld:Person:ana'],
    ['key:ana', 'my.key:ana'],
  ])('and %s is not named by %s, which ends in it', (id, longer) => {
    expect(namedBy(id)(longer)).toBe(false);
    expect(namedBy(id)(`see ${id}, (${id}) or https://example.org/${id}`)).toBe(true);
  });

  test('whatever characters its id has', () => {
    const odd = 'urn:x:a.b+c(d)[e]{1}|^$*?\\/';
    expect(namedBy(odd)(odd)).toBe(true);
    expect(namedBy(odd)(`see ${odd} there`)).toBe(true);
    expect(namedBy('urn:x:a.b')('urn:x:aXb')).toBe(false);
  });
});

test('of JSON, the elements and members go that name the subject, and what becomes empty', () => {
  expect(withoutNamed([ana, 'b', [ana]], isNamed)).toEqual(['b']);
  expect(
    withoutNamed(
      [
        [1, 2],
        [ana, 3],
      ],
      isNamed,
    ),
  ).toEqual([[1, 2], [3]]);
  expect(withoutNamed({ a: { b: ana }, c: 1, [ana]: 2 }, isNamed)).toEqual({ c: 1 });
  expect(withoutNamed({ a: [ana] }, isNamed)).toBeUndefined();
  const other = { a: [1, { b: [] }], c: {} };
  expect(withoutNamed(other, isNamed)).toBe(other);
});

const entity = {
  id: 'urn:x:1',
  types: ['urn:T'],
  scope: ['/a', `/${ana}`],
  createdAt: at,
  attrs: {
    driver: [{ kind: 'Relationship', value: ana }],
    users: [{ kind: 'Relationship', value: [ana, 'urn:x:2'] }],
    speed: [
      { kind: 'Property', value: 1 },
      { kind: 'Property', value: 2, datasetId: ana },
    ],
    colour: [
      {
        kind: 'Property',
        value: 'red',
        attrs: { by: [{ kind: 'Relationship', value: ana }], of: [{ kind: 'Property', value: 1 }] },
      },
    ],
    unit: [{ kind: 'Property', value: 1, unitCode: ana }],
    names: [{ kind: 'LanguageProperty', value: { sl: 'Ana', en: ana } }],
  },
} as const;

test('of an entity, the instances go that name the subject', () => {
  expect(redactEntity(entity, isNamed)).toEqual({
    id: 'urn:x:1',
    types: ['urn:T'],
    scope: ['/a'],
    createdAt: at,
    attrs: {
      users: [{ kind: 'Relationship', value: ['urn:x:2'] }],
      speed: [{ kind: 'Property', value: 1 }],
      colour: [{ kind: 'Property', value: 'red', attrs: { of: [{ kind: 'Property', value: 1 }] } }],
      names: [{ kind: 'LanguageProperty', value: { sl: 'Ana' } }],
    },
  });
  const other = {
    id: 'urn:x:1',
    types: ['urn:T'],
    createdAt: at,
    attrs: { users: [{ kind: 'Property', value: 1 }] },
  } as const;
  expect(redactEntity(other, isNamed)).toBe(other);
});

test('of a change, what names the subject goes, and its own changes are about nothing', () => {
  const [before, after] = [
    { kind: 'Relationship', value: ana },
    { kind: 'Relationship', value: 'urn:x:2' },
  ] as const;
  const change: Change = {
    id: 'urn:x:1',
    at,
    event: 'updated',
    entity: { id: 'urn:x:1', types: ['urn:T'], createdAt: at, attrs: { driver: [after] } },
    attrs: [
      { name: 'driver', event: 'updated', before, after },
      { name: 'owner', event: 'deleted', before },
      { name: 'keeper', event: 'created', after: before },
    ],
    scopeChanged: false,
  };
  expect(redactChange(change, isNamed).attrs).toEqual([{ name: 'driver', event: 'created', after }]);
  expect(redactChange({ ...change, id: ana, entity: { ...change.entity, id: ana } }, isNamed)).toEqual(
    erasedChange(at),
  );
});
