/** Tests filters on entities: every part, and all parts combined. */
import { describe, expect, test } from '@jest/globals';
import type { Filter, GeoQuery } from '../../../src/core/language/filter.ts';
import { compileFilter } from '../../../src/core/language/matches/matches.ts';
import type { Instance } from '../../../src/core/model/attribute.ts';
import type { Entity } from '../../../src/core/model/entity.ts';
import { Problem } from '../../../src/core/model/problem.ts';

const location = 'https://uri.etsi.org/ngsi-ld/location';
const point = (x: number, y: number): Instance => ({
  kind: 'GeoProperty',
  value: { type: 'Point', coordinates: [x, y] },
});

const boat: Entity = {
  id: 'urn:ngsi-ld:Boat:7',
  types: ['urn:t:Boat', 'urn:t:RescueVessel'],
  scope: ['/Coast/North', '/Fleet'],
  createdAt: '2026-01-01T00:00:00Z',
  attrs: {
    'urn:t:draft': [
      { kind: 'Property', value: 1.9 },
      { kind: 'Property', value: 2.1, datasetId: 'urn:d:1' },
    ],
    'urn:t:crew': [{ kind: 'Property', value: 4, datasetId: 'urn:d:2' }],
    [location]: [point(14, 46), { ...point(4.9, 52.4), datasetId: 'urn:d:1' }],
    'urn:t:note': [{ kind: 'Property', value: { coordinates: 'none' } }],
  },
};

const finds = (filter: Filter, entity = boat): boolean => compileFilter(filter)(entity);

const boats: Filter = { selectors: [{ types: { op: 'type', type: 'urn:t:Boat' } }] };
const quays: Filter = { selectors: [{ types: { op: 'type', type: 'urn:t:Quay' } }] };
const draftOf = (value: number): Filter => ({
  q: { op: '==', path: { attr: 'urn:t:draft', sub: [], inside: [], text: 'draft' }, value: { kind: 'json', value } },
});
const near = (coordinates: [number, number], geoproperty = location): GeoQuery => ({
  relation: { georel: 'near', maxDistanceMetres: 1000 },
  geometry: { type: 'Point', coordinates },
  geoproperty,
});

describe('selectors', () => {
  test.each<[string, Filter, boolean]>([
    ['nothing asked', {}, true],
    ['no selector', { selectors: [] }, false],
    ['an empty selector', { selectors: [{}] }, true],
    ['its id', { selectors: [{ ids: ['urn:x', 'urn:ngsi-ld:Boat:7'] }] }, true],
    ['other ids', { selectors: [{ ids: ['urn:x'] }] }, false],
    ['a pattern', { selectors: [{ idPattern: { source: 'Boat:[0-9]$' } }] }, true],
    ['another pattern', { selectors: [{ idPattern: { source: '^Boat' } }] }, false],
    [
      'its id, and a pattern that does not count then',
      { selectors: [{ ids: ['urn:ngsi-ld:Boat:7'], idPattern: { source: '^x' } }] },
      true,
    ],
    ['its type', boats, true],
    ['another type', quays, false],
    ['its type and another id', { selectors: [{ ids: ['urn:x'], types: { op: 'any' } }] }, false],
    ['another selector that fits', { selectors: [...(quays.selectors ?? []), ...(boats.selectors ?? [])] }, true],
  ])('%s', (_what, filter, expected) => expect(finds(filter)).toBe(expected));
});

describe('attributes', () => {
  test.each<[readonly string[], readonly string[] | undefined, boolean]>([
    [['urn:t:draft'], undefined, true],
    [['urn:t:gone'], undefined, false],
    [['urn:t:gone', 'urn:t:draft'], undefined, true],
    [[], undefined, false],
    [['constructor'], undefined, false],
    [['urn:t:draft'], ['@none'], true],
    [['urn:t:draft'], ['urn:d:1'], true],
    [['urn:t:draft'], ['urn:d:2'], false],
    [['urn:t:crew'], ['@none'], false],
    [['urn:t:crew'], ['@none', 'urn:d:2'], true],
    [['urn:t:crew', 'urn:t:draft'], ['@none'], true],
  ])('%j of %j: %s', (attrs, datasetIds, expected) => {
    expect(finds({ attrs, ...(datasetIds ? { datasetIds } : undefined) })).toBe(expected);
  });

  test('datasets alone ask for nothing', () => expect(finds({ datasetIds: ['urn:d:9'] })).toBe(true));
});

describe('conditions', () => {
  test.each<[string, Filter, boolean]>([
    ['q', draftOf(2.1), true],
    ['q that fails', draftOf(3), false],
    ['scope', { scopeQ: { anyOf: [{ allOf: [{ levels: ['Coast'], deep: true }] }] } }, true],
    ['another scope', { scopeQ: { anyOf: [{ allOf: [{ levels: ['Coast'], deep: false }] }] } }, false],
    ['near the default instance', { geo: near([14, 46]) }, true],
    ['near another instance', { geo: near([4.9, 52.4]) }, true],
    ['near neither', { geo: near([0, 0]) }, false],
    ['by a property that is no place', { geo: near([14, 46], 'urn:t:note') }, false],
    ['by a property that is not there', { geo: near([14, 46], 'urn:t:gone') }, false],
    [
      'disjoint from a property that is not there',
      { geo: { ...near([0, 0], 'urn:t:gone'), relation: { georel: 'disjoint' } } },
      false,
    ],
  ])('%s', (_what, filter, expected) => expect(finds(filter)).toBe(expected));
});

describe('together', () => {
  test.each<[string, Filter, boolean]>([
    ['all that holds', { ...boats, ...draftOf(1.9), attrs: ['urn:t:draft'], geo: near([14, 46]) }, true],
    ['one part fails', { ...boats, ...draftOf(1.8), attrs: ['urn:t:draft'], geo: near([14, 46]) }, false],
    ['also', { ...boats, also: [draftOf(1.9), { attrs: ['urn:t:crew'] }] }, true],
    ['also what fails', { ...boats, also: [draftOf(1.9), quays] }, false],
    ['also nothing', { also: [] }, true],
    ['one of', { anyOf: [quays, boats] }, true],
    ['none of', { anyOf: [quays, draftOf(7)] }, false],
    ['one of nothing', { anyOf: [] }, false],
    ['deep', { also: [{ anyOf: [{ also: [quays] }, { also: [boats] }] }] }, true],
  ])('%s', (_what, filter, expected) => expect(finds(filter)).toBe(expected));

  test('an entity without scope and attributes meets only what asks for neither', () => {
    const bare: Entity = { id: 'urn:x', types: ['urn:t:Boat'], createdAt: '2026-01-01T00:00:00Z', attrs: {} };
    expect(finds(boats, bare)).toBe(true);
    expect(finds({ scopeQ: { anyOf: [{ allOf: [{ levels: [], deep: true }] }] } }, bare)).toBe(false);
    expect(finds(draftOf(1), bare)).toBe(false);
  });

  test('what cannot be answered is refused before any entity is asked', () => {
    const path = { attr: 'urn:t:at', sub: [], inside: [], text: 'at' };
    const linked = { op: 'exists', path: { ...path, linked: { types: [], path } } } as const;
    expect(() => compileFilter({ anyOf: [{ q: linked }] })).toThrow(Problem);
    expect(() => compileFilter({ selectors: [{ idPattern: { source: '(' } }] })).toThrow('never closed');
  });
});
