/** Tests JSON values: parsing texts with escaped keys, and equality. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Json, parseGiven, parseJson, sameJson } from '../../../src/core/model/json.ts';

const keysOf = (text: string): readonly string[] => Object.keys(parseJson(text) as object);

describe('a text', () => {
  test('is read alike whatever was read before it', () => {
    expect(keysOf('{"a":1,"\\\\":2}')).toEqual(['a', '\\']);
    expect(keysOf('{"a":1,"\\"":2}')).toEqual(['a', '"']);
    expect(keysOf('{"a":1,"\\u0041" : 2,"b":3}')).toEqual(['a', 'A', 'b']);
    expect(keysOf('{"a":1,"\\\\u":2}')).toEqual(['a', '\\u']);
    expect(keysOf('{"a":1,"\\u0042C":2}')).toEqual(['a', 'BC']);
  });

  test.each<readonly [string, unknown]>([
    ['[9007199254740993]', [Number.NaN]],
    ['-9007199254740993', Number.NaN],
    ['{"\\n":{"a": 12345678901234567890.0}}', { '\n': { a: Number.NaN } }],
    ['[1e400,123456789012345678901234567890e400]', [Number.NaN, Number.NaN]],
    ['[9007199254740992,10000000000000000000,1e23]', [9007199254740992, 1e19, 1e23]],
    ['[-996587026117337700,-1152921504606846976]', [-996587026117337700, Number.NaN]],
    ['[1234567890123456800000]', [1234567890123456800000]],
    ['[0.12345678901234567890,14.355300000000000426]', [0.12345678901234568, 14.3553]],
    ['{"9007199254740993":"9007199254740993"}', { '9007199254740993': '9007199254740993' }],
  ])('from outside does not change integers: %s', (given, value) => {
    expect(parseGiven(given)).toEqual(value);
  });

  test.each<readonly [string, string, unknown]>([
    ['names inside', '[{"x":{"\\n":[{"\\t":1}]}}]', [{ x: { '\n': [{ '\t': 1 }] } }]],
    ['strings that are no keys', '{"a":"\\n\\":","b":["\\\\"]}', { a: '\n":', b: ['\\'] }],
    ['the last of one name', '{"A":1,"\\u0041":2}', { A: 2 }],
    ['the last of one name, when it has no escapes', '{"\\u0041":2,"A":1}', { A: 1 }],
    [
      'names that look like numbers of keys',
      '{"\ue0000":1,"\ue0001":2,"\\n":2}',
      { '\ue0000': 1, '\ue0001': 2, '\n': 2 },
    ],
  ])('keeps %s', (_, text, value) => {
    expect(parseJson(text)).toEqual(value);
  });

  test('keeps __proto__ a name like any other', () => {
    const value = parseJson('{"\\u005f_proto__":{"a":1},"\\n":2}');
    expect(Object.keys(value as object)).toEqual(['__proto__', '\n']);
    expect(Object.getPrototypeOf(value)).toBe(Object.getPrototypeOf(JSON.parse('{}')));
  });

  test('may be as deep as it likes', () => {
    const deep = 100_000;
    const value = parseJson(`{"\\n":${'['.repeat(deep)}${']'.repeat(deep)}}`);
    expect(Object.keys(value as object)).toEqual(['\n']);
  });

  test('that is no JSON throws what JSON.parse throws', () => {
    expect(() => parseJson('{"\\x":1}')).toThrow(SyntaxError);
    expect(() => parseJson('{"\\n":1')).toThrow(SyntaxError);
  });

  test('of any value gives the value back', () => {
    const key = fc.array(fc.constantFrom('\\', '"', '\n', 'u', 'a', ':', ' ', '\ud800'), { maxLength: 3 });
    const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 3 },
        fc.oneof(
          fc.integer(),
          key.map((parts) => parts.join('')),
        ),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc
          .array(
            fc.tuple(
              key.map((parts) => parts.join('')),
              tie('tree'),
            ),
            { maxLength: 4 },
          )
          .map((all) => Object.fromEntries(all)),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        for (const blanks of [0, 2]) expect(parseJson(JSON.stringify(value, undefined, blanks))).toEqual(value);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('values', () => {
  test.each<readonly [Json, Json, boolean]>([
    [{ a: 1, b: [2] }, { b: [2], a: 1 }, true],
    [{ a: 1 }, { a: 1, b: 1 }, false],
    [[1, 2], [2, 1], false],
    [{ constructor: 1 }, { a: 1 }, false],
    [JSON.parse('{"__proto__":{}}') as Json, { x: 1 }, false],
    [[], {}, false],
    [null, {}, false],
    [-0, 0, true],
  ])('%j and %j: %p', (a, b, isSame) => {
    expect(sameJson(a, b)).toBe(isSame);
    expect(sameJson(b, a)).toBe(isSame);
  });
});
