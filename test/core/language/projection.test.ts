/** Tests projections: the selected attributes, braces for linked entities, and refused texts. */
import { describe, expect, test } from '@jest/globals';
import { isShown, parseProjection, type Projection, projectionDepth } from '../../../src/core/language/projection.ts';
import { termsBy } from '../terms.ts';

type Params = Readonly<Record<string, string>>;

const terms = termsBy({ expand: (term) => `urn:x:${term}` });
const parse = (params: Params): Projection => parseProjection(params, terms);
const all = ['id', 'type', 'scope', 'createdAt', 'urn:x:a', 'urn:x:b', 'urn:x:rel'];

describe('a projection', () => {
  test.each<readonly [Params, readonly string[]]>([
    [{}, all],
    [{ q: 'a==1' }, all],
    [{ attrs: 'a' }, ['id', 'type', 'scope', 'createdAt', 'urn:x:a']],
    [{ attrs: 'a,b' }, ['id', 'type', 'scope', 'createdAt', 'urn:x:a', 'urn:x:b']],
    [{ attrs: 'none' }, ['id', 'type', 'scope', 'createdAt']],
    [{ pick: 'a,id' }, ['id', 'urn:x:a']],
    [{ pick: 'a|b' }, ['urn:x:a', 'urn:x:b']],
    [{ pick: ' a , type ' }, ['type', 'urn:x:a']],
    [{ pick: 'a,a' }, ['urn:x:a']],
    [{ pick: 'rel{a}' }, ['urn:x:rel']],
    [{ omit: 'a|type' }, ['id', 'scope', 'createdAt', 'urn:x:b', 'urn:x:rel']],
    [{ omit: 'createdAt,rel{a}' }, ['id', 'type', 'scope', 'urn:x:a', 'urn:x:b', 'urn:x:rel']],
    [{ pick: 'a,b,scope', omit: 'rel,id' }, ['scope', 'urn:x:a', 'urn:x:b']],
  ])('%j shows %j', (params, shown) => expect(all.filter((name) => isShown(parse(params), name))).toEqual(shown));

  test('takes IRIs for names', () => {
    const whole = termsBy({ expand: (term) => (term.includes(':') ? term : `urn:x:${term}`) });
    expect(parseProjection({ pick: 'https://example.org/a,b' }, whole).pick).toEqual(
      new Set(['https://example.org/a', 'urn:x:b']),
    );
  });
});

describe('braces', () => {
  test('speak of the entities that a relationship leads to', () => {
    expect(parse({ pick: 'id,rel{a,rel{id|type}},b' })).toEqual({
      pick: new Set(['id', 'urn:x:b', 'urn:x:rel']),
      linked: new Map([
        [
          'urn:x:rel',
          {
            pick: new Set(['urn:x:a', 'urn:x:rel']),
            linked: new Map([['urn:x:rel', { pick: new Set(['id', 'type']) }]]),
          },
        ],
      ]),
    });
  });

  test('of pick and omit hold together', () => {
    const linked = parse({ pick: 'rel{a,b}', omit: 'rel{id}' }).linked?.get('urn:x:rel');
    expect(linked).toEqual({ pick: new Set(['urn:x:a', 'urn:x:b']), omit: new Set(['id']) });
  });

  test('after the same name hold together', () => {
    expect(parse({ pick: 'rel{a},rel{b,rel{id}},rel{rel{type}}' })).toEqual(parse({ pick: 'rel{a,b,rel{id,type}}' }));
  });

  test.each<readonly [Params, number]>([
    [{}, 0],
    [{ attrs: 'a' }, 0],
    [{ pick: 'a,b' }, 0],
    [{ pick: 'rel{a}' }, 1],
    [{ omit: 'rel{rel{a}},b' }, 2],
    [{ pick: 'a{a},rel{rel{rel{a}}}', omit: 'b{b}' }, 3],
  ])('of %j are %d deep', (params, depth) => expect(projectionDepth(parse(params))).toBe(depth));

  test('are at most 10 deep', () => {
    const nested = (depth: number): Params => ({ pick: `${'rel{'.repeat(depth)}a${'}'.repeat(depth)}` });
    expect(projectionDepth(parse(nested(10)))).toBe(10);
    expect(() => parse(nested(11))).toThrow(/pick is nested more than 10 deep/);
    expect(() => parse({ omit: 'rel{'.repeat(100_000) })).toThrow(/omit is nested more than 10 deep/);
  });
});

describe('refused is', () => {
  test.each<readonly [string, RegExp]>([
    ['', /pick needs a name at position 0/],
    [',', /needs a name at position 0/],
    ['a,', /needs a name at position 2/],
    ['a,,b', /needs a name at position 2/],
    ['a|', /needs a name at position 2/],
    ['a, ,b', /needs a name at position 2/],
    ['{a}', /needs a name at position 0/],
    ['rel{}', /needs a name at position 4/],
    ['rel{,a}', /needs a name at position 4/],
    ['rel{a,}', /needs a name at position 6/],
    ['rel{{a}}', /needs a name at position 4/],
    ['rel{', /needs a name at position 4/],
    ['rel{a', /needs a closing brace at position 5/],
    ['rel{a}{b}', /needs a comma at position 6/],
    ['rel{a}b', /needs a comma at position 6/],
    ['rel{a}}', /needs a comma at position 6/],
    ['a}', /needs a comma at position 1/],
    ['a;b', /"a;b"/],
    ['a b', /"a b"/],
    ['a.b', /"a\.b"/],
    ['a[b]', /"a\[b\]"/],
    ['1a', /"1a"/],
    ['value', /"value"/],
  ])('pick=%s', (pick, said) => expect(() => parse({ pick })).toThrow(said));

  test.each<readonly [Params, RegExp]>([
    [{ omit: 'a,,b' }, /omit needs a name/],
    [{ attrs: 'a,,b' }, /attrs needs a name/],
    [{ attrs: 'rel{a}' }, /attrs cannot have braces/],
    [{ attrs: 'a', pick: 'b' }, /attrs cannot stand beside pick or omit/],
    [{ attrs: 'a', omit: 'b' }, /attrs cannot stand beside pick or omit/],
    [{ pick: 'a,id', omit: 'b,id' }, /pick and omit both name id/],
    [{ pick: 'a', omit: 'a' }, /pick and omit both name urn:x:a/],
    [{ pick: 'rel{a}', omit: 'rel' }, /pick and omit both name urn:x:rel/],
    [{ pick: 'rel{a,b}', omit: 'rel{b}' }, /pick and omit both name urn:x:b/],
  ])('%j', (params, said) => expect(() => parse(params)).toThrow(said));
});
