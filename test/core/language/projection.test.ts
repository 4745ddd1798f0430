/** Projections and temporal queries: what is read, and what is refused. */
import { describe, expect, test } from '@jest/globals';
import { isShown, parseProjection, projectionDepth } from '../../../src/core/language/projection.ts';
import { isWithin, parseTemporal } from '../../../src/core/language/temporal-query.ts';

const terms = { expand: (term: string): string => `urn:x:${term}`, compact: (iri: string): string => iri };
const shows = (params: Readonly<Record<string, string>>, ...names: readonly string[]): readonly string[] => names.filter((name) => isShown(parseProjection(params, terms), name));
const all = ['id', 'type', 'scope', 'urn:x:a', 'urn:x:b'];

describe('projection', () => {
  test('shows everything when nothing is asked', () => expect(shows({}, ...all)).toEqual(all));
  test('attrs leaves what is no attribute', () => expect(shows({ attrs: 'a' }, ...all)).toEqual(['id', 'type', 'scope', 'urn:x:a']));
  test('pick shows nothing else', () => expect(shows({ pick: 'a,id' }, ...all)).toEqual(['id', 'urn:x:a']));
  test('omit shows the rest', () => expect(shows({ omit: 'a|type' }, ...all)).toEqual(['id', 'scope', 'urn:x:b']));
  test('braces speak of linked entities', () => {
    const projection = parseProjection({ pick: 'id,rel{name,rel{id}}' }, terms);
    expect(shows({ pick: 'id,rel{name}' }, 'id', 'urn:x:rel', 'urn:x:name')).toEqual(['id', 'urn:x:rel']);
    expect(projectionDepth(projection)).toBe(2);
    expect(projection.linked?.get('urn:x:rel')?.pick).toEqual(new Set(['urn:x:name', 'urn:x:rel']));
  });
  test('an omit with braces leaves the relationship itself', () => expect(shows({ omit: 'type,rel{name}' }, 'type', 'urn:x:rel')).toEqual(['urn:x:rel']));
  test.each(['', 'a,,b', 'a,', 'a;b', 'rel{', 'rel{}', 'rel{,a}', 'rel{a}}', 'rel{{a}}', 'a b', '{a}'])('%j is refused', (pick) => expect(() => parseProjection({ pick }, terms)).toThrow(/pick|name/));
  test('pick, omit and attrs exclude each other', () => {
    expect(() => parseProjection({ pick: 'a', omit: 'a' }, terms)).toThrow(/both/);
    expect(() => parseProjection({ pick: 'a', attrs: 'b' }, terms)).toThrow(/attrs/);
  });
});

describe('temporal query', () => {
  const at = (text: string): number => parseTemporal({ timerel: 'before', timeAt: text }).timeAt ?? Number.NaN;
  const [one, two, three] = [at('2026-03-01T00:00:01Z'), at('2026-03-01T00:00:02Z'), at('2026-03-01T00:00:03Z')];
  const covered = (params: Readonly<Record<string, string>>): readonly number[] => [one, two, three].filter((micros) => isWithin(parseTemporal(params), micros)).map((micros) => (micros - one) / 1e6 + 1);
  test('before excludes, after includes, between is half-open', () => {
    const timeAt = '2026-03-01T00:00:02Z';
    expect(covered({ timerel: 'before', timeAt })).toEqual([1]);
    expect(covered({ timerel: 'after', timeAt })).toEqual([2, 3]);
    expect(covered({ timerel: 'between', timeAt, endTimeAt: '2026-03-01T00:00:03Z' })).toEqual([2]);
    expect(covered({})).toEqual([1, 2, 3]);
  });
  test.each([
    { timerel: 'during', timeAt: '2026-03-01T00:00:00Z' },
    { timerel: 'before' },
    { timeAt: '2026-03-01T00:00:00Z' },
    { timerel: 'between', timeAt: '2026-03-01T00:00:00Z' },
    { timerel: 'between', timeAt: '2026-03-02T00:00:00Z', endTimeAt: '2026-03-01T00:00:00Z' },
    { timerel: 'after', timeAt: '2026-03-01' },
    { timerel: 'after', timeAt: '2026-03-01T00:00:00+01:00' },
    { timeproperty: 'birthday' },
    { lastN: '0' },
    { lastN: '-1' },
    { lastN: '1.5' },
  ])('%j is refused', (params) => expect(() => parseTemporal(params as unknown as Record<string, string>)).toThrow(/timerel|timeAt|endTimeAt|timeproperty|lastN/));
});
