/** Tests the expressions of custom notifications of NGSI v2. */
import { expect, test } from '@jest/globals';
import { evaluateJexl } from '../../../src/core/v2/jexl/evaluate.ts';
import { replaceInJson, replaceInText } from '../../../src/core/v2/jexl/macros.ts';

const context = {
  names: { A: 10, B: 'sea', list: [{ b: 3 }, { b: 7 }], o: { p: { q: 1 } }, 'lower-temp': 4, n: null, yes: true },
  now: 1_700_000_000_500_000,
};

test.each([
  ['A', 10],
  ['o.p.q', 1],
  ["o['p'].q", 1],
  ['list[1].b', 7],
  ['list[.b<5]', [{ b: 3 }]],
  ['list[.b>1][1].b', 7],
  ['A + 2 * 3 - 4 / 2', 14],
  ['(A + 2) * 3', 36],
  ['A % 3', 1],
  ["'x' + B", 'xsea'],
  ['A + B', '10sea'],
  ['A >= 10 && B == "sea"', true],
  ["A < 5 ? 'low' : 'high'", 'high'],
  ["B in ['sea', 'land']", true],
  ['[A, B, {c: A}]', [10, 'sea', { c: 10 }]],
  ['unknown || 0', 0],
  ['unknown', null],
  ['unknown + 1', null],
  ['unknown == null', null],
  ['A|nothing', null],
  ['A +', null],
  ['!yes', null],
  ['A / 0', null],
  ['B|uppercase', 'SEA'],
  ['B|len', 3],
  ["'a,b'|split(',')", ['a', 'b']],
  ["B|indexOf('a')", 2],
  ["B|includes('ea')", true],
  ['B|substring(1, 3)', 'ea'],
  ["B|replaceStr('s', 't')", 'tea'],
  ["' x '|trim", 'x'],
  ["'12.7'|parseInt", 12],
  ["'12.7'|parseFloat", 12.7],
  ["'z'|parseInt", null],
  ['B|isNaN', true],
  ['o|typeOf', 'Object'],
  ['o|toString', '{"p":{"q":1}}'],
  ["'[1]'|toJson", [1]],
  ['3.18888|toFixed(2)', 3.19],
  ['16|sqrt', 4],
  ['1|mapper([0, 1], ["zero", "one"])', 'one'],
  ['5|mapper([0, 1], ["zero", "one"])', null],
  ['15|thMapper([10, 20], ["low", "mid", "high"])', 'mid'],
  ['25|thMapper([10, 20], ["low", "mid", "high"])', 'high'],
  ['o|keys', ['p']],
  ['[3, 1, 2]|arrSort', [1, 2, 3]],
  ['[3, 1, 2]|arrSum', 6],
  ['[3, 1, 2]|arrAvg', 2],
  ['[3, 1, 2]|arrMed', 2],
  ['[]|arrSum', null],
  ['B|arrSum', null],
  ['0|now', 1_700_000_000],
  ['0|toIsoString', '1970-01-01T00:00:00+00:00'],
  ["'1970-01-01T00:01:00.900Z'|getTime", 60],
])('%s is %j', (text, value) => {
  expect(evaluateJexl(text, context)).toEqual(value);
});

test('nothing but the values of the context can be reached', () => {
  for (const text of ['constructor', 'B.constructor', 'o.__proto__', "list['length']", 'B|constructor', 'toString'])
    expect(evaluateJexl(text, context)).toBeNull();
});

test('what is nested too deep, too long or takes too many steps is null', () => {
  expect(evaluateJexl('('.repeat(1000) + 'A' + ')'.repeat(1000), context)).toBeNull();
  expect(evaluateJexl(`A${'+A'.repeat(10_000)}`, context)).toBeNull();
  const names = { a: Array.from({ length: 400 }, (_, b) => ({ b })) };
  expect(evaluateJexl('a[.b > (a[.b > (a[.b > 0]|len)]|len)]', { ...context, names })).toBeNull();
  const c = Array.from({ length: 4000 }, (_, n) => n);
  const large = { ...context, names: { ...names, c, o: { c } } };
  expect(evaluateJexl('a[.b < 3 && .b in c]|len', large)).toBe(3);
  const tooLong = [
    'a[.b in c]',
    'a[o != c && .b < 0]',
    "a[(o|toString) == '' || .b < 0]",
    'a[(.b|mapper(c, c)) < 0]',
    `[${'o,'.repeat(400)}o]|toString`,
    `{x: [${'o,'.repeat(400)}o]}`,
  ];
  for (const text of tooLong) expect([text, evaluateJexl(text, large)]).toEqual([text, null]);
});

test('a macro alone keeps the type of its value, one among text becomes text', () => {
  const json = { a: '${A}', b: 'x${A}y', c: ['${o.p}'], d: '${none}', '${A}': 1, e: '${lower-temp}', f: 'p ${o} q' };
  expect(replaceInJson(json, context)).toEqual({
    a: 10,
    b: 'x10y',
    c: [{ q: 1 }],
    d: null,
    '${A}': 1,
    e: 4,
    f: 'p {"p":{"q":1}} q',
  });
  expect(replaceInText('${none} ${{a: B}} ${B', context)).toBe('null {"a":"sea"} ${B');
});

test('the macros of one message have bounds together', () => {
  const used = { steps: 0, characters: 0 };
  const names = { long: 'x'.repeat(1_000_000), many: Array.from({ length: 20_000 }, (_, b) => ({ b })) };
  const texts = replaceInText('${long},'.repeat(20), { ...context, names, used }).split(',');
  expect(texts.map((text) => text.length)).toEqual([...Array<number>(16).fill(1_000_000), 4, 4, 4, 4, 0]);
  const message = { ...context, names, used: { steps: 0, characters: 0 } };
  const counts = replaceInText('${many[.b < 5]|len},'.repeat(20), message).split(',');
  expect([counts[0], counts.at(-2)]).toEqual(['5', 'null']);
});
