/** Tests JSON bodies: the value equals that of JSON.parse for every way of reading, and every error has a position. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findSyntaxError } from '../../../src/edge/http/json-syntax-error.ts';
import { mayLoseNumbers } from '../../../src/core/model/json-number.ts';
import { readJsonText } from '../../../src/edge/http/json-text.ts';

const yieldToEventLoop = (): undefined => undefined;
const read = (text: string | Buffer, { depthMax = 64, isPiecewise = true } = {}): Promise<unknown> =>
  readJsonText(Buffer.from(text), { depthMax, membersMax: 50_000, isPiecewise, yieldToEventLoop });

/** Puts blanks around the tokens of an array's elements, and makes it long enough to be read in pieces. */
const pad = ' '.repeat(70_000);

describe('a body', () => {
  test('is the value that JSON.parse gives, short or long, in pieces or whole', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.boolean(), fc.boolean(), async (value, isPiecewise, isLong) => {
        const text = `${isLong ? pad : ''}${JSON.stringify(value, undefined, 1)}`;
        expect(await read(text, { isPiecewise })).toEqual(JSON.parse(text));
      }),
    );
  });

  test('that is a long array of anything is split where its elements part', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue(), { minLength: 1 }), async (list) => {
        const long = [...list, { filling: '},][{"\\'.repeat(12_000) }, ...list];
        const text = ` \n${JSON.stringify(long)}\r\n `;
        expect(await read(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 50 },
    );
  });

  test('is refused exactly where JSON.parse refuses, cut or changed anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.jsonValue(),
        fc.nat(),
        fc.constantFrom('', ',', ']', '}', '"', '\\', '0', 'x', ' '),
        async (value, at, other) => {
          const text = JSON.stringify([value, { a: value }]);
          const place = at % text.length;
          const broken = `${text.slice(0, place)}${other}${text.slice(place + 1)}`;
          const expected = attempt(() => JSON.parse(broken) as unknown);
          expect(findSyntaxError(Buffer.from(broken)) === undefined).toBe(expected !== refused);
          // A number that is written in more digits than it has is marked, and so another one.
          fc.pre(!mayLoseNumbers(broken));
          expect(await read(broken, { depthMax: 1000 }).catch(() => refused)).toEqual(expected);
          const long = `[${JSON.stringify(pad)},${broken}]`;
          const longExpected = attempt(() => JSON.parse(long) as unknown);
          expect(await read(long, { depthMax: 1000 }).catch(() => refused)).toEqual(longExpected);
        },
      ),
    );
  });

  test('keeps __proto__ as a name like any other', async () => {
    const value = (await read('{"__proto__":{"x":1},"a":2}')) as object;
    expect(Object.keys(value)).toEqual(['__proto__', 'a']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  test('may begin with a byte order mark', async () => expect(await read('\ufeff[1]')).toEqual([1]));

  test('may nest as deep as the limit, and no deeper, brackets in strings aside', async () => {
    expect(await read('[[["[[["]]]', { depthMax: 3 })).toEqual([[['[[[']]]);
    await expect(read('[[[[]]]]', { depthMax: 3 })).rejects.toThrow(/deeper than the 3 levels/);
    await expect(read(`[${pad}${'['.repeat(100_000)}`)).rejects.toThrow(/deeper/);
  });

  test.each([
    ['{"id":"a:b",}', 'a name in double quotes was expected, not "}", at line 1, column 13 (byte 12)'],
    ['{\n  "č": \'x\'}', 'a value was expected, not "\'", at line 2, column 8 (byte 10)'],
    ['{"a" 1}', '":" was expected, not "1"'],
    ['[1 2]', '"," or "]" was expected, not "2"'],
    ['[1', '"," or "]" was expected, not the end'],
    ['"a\nb"', 'no control character in a string was expected'],
    ['"\\x"', 'an escape of JSON was expected, not "\\\\"'],
    ['"', 'a closing double quote was expected, not the end'],
    ['[01]', '"," or "]" was expected, not "1"'],
    ['-', 'a digit was expected, not the end'],
    ['1.e5', 'a digit was expected, not "e"'],
    ['nul', 'a value was expected, not "n"'],
    ['{} {}', 'the end was expected, not "{"'],
    [' ', 'a value was expected, not the end'],
    [`[${pad}1,2]]`, 'the end was expected, not "]"'],
    [`[${pad}1,{"a":😀}]`, 'a value was expected, not "😀"'],
    [`[${pad}1,,2]`, 'a value was expected, not ","'],
    [`[${pad}1,2}`, '"]" was expected, not "}"'],
    [`[${pad}1,2`, '"]" was expected, not the end'],
  ])('that is no JSON is told where: %#', (text, detail) => expect(read(text)).rejects.toThrow(detail));

  test('that is no UTF-8 is refused, short or long', async () => {
    const odd = Buffer.from([0x22, 0xff, 0x22]);
    await expect(read(odd)).rejects.toThrow('UTF-8');
    await expect(read(Buffer.concat([Buffer.from(`[${pad}1,`), odd, Buffer.from(']')]))).rejects.toThrow('UTF-8');
  });

  test('may hold as many members and values as the bounds say, in each element where it is read in pieces', async () => {
    const members = (count: number) => `{${Array.from({ length: count }, (_, n) => `"a${n}":[${n}]`).join()}}`;
    const values = (count: number) => `[${'1,'.repeat(count)}1]`;
    await expect(read(members(50_001))).rejects.toThrow('more than 50000 members (--members-max)');
    expect(await read(`[${members(30_000)},${members(30_000)}]`)).toHaveLength(2);
    await expect(read(`[${members(30_000)},${members(30_000)}]`, { isPiecewise: false })).rejects.toThrow('members');
    await expect(read(`[1,{"a":${members(50_001)}}]`)).rejects.toThrow('members');
    await expect(read(`{"a":${values(300_001)}}`)).rejects.toThrow('more than 300000 values');
    await expect(read(values(300_001))).rejects.toThrow('values');
    await expect(read(`[1,${values(300_001)}]`)).rejects.toThrow('values');
    expect(await read(`[${values(200_000)},${values(200_000)}]`)).toHaveLength(2);
  });

  test('that is no JSON far from its beginning is told by what the parser says, or by the byte', async () => {
    const far = ' '.repeat(2 ** 20);
    await expect(read(`[1,${far}x]`)).rejects.toThrow(/not JSON: Unexpected token 'x'/);
    await expect(read(`[1,${far}2}`)).rejects.toThrow(/"\]" was expected, not "}", at byte \d+\.$/);
  });

  test('of more than 8 MiB is read only as an array of smaller elements', async () => {
    const element = JSON.stringify('x'.repeat(3 * 2 ** 20));
    const list = `[${element},${element},${element}]`;
    expect(await read(list)).toHaveLength(3);
    await expect(read(list, { isPiecewise: false })).rejects.toMatchObject({ status: 413 });
    await expect(read(`[1,[${element},${element},${element}]]`)).rejects.toMatchObject({ status: 413 });
  });

  test('is scanned with pauses, also within a long string, and no further than the first piece that is too long', async () => {
    const mebibytes = (count: number): string => JSON.stringify('x\\"'.repeat((count * 2 ** 20) / 5));
    const pausesIn = async (text: string): Promise<number> => {
      let pauses = 0;
      const reading = { depthMax: 64, membersMax: 50_000, isPiecewise: true };
      await readJsonText(Buffer.from(text), { ...reading, yieldToEventLoop: () => void (pauses += 1) }).catch(
        () => undefined,
      );
      return pauses;
    };
    expect(await pausesIn(`[1,${mebibytes(4)}]`)).toBeGreaterThan(60);
    const refusedAt = await pausesIn(`[1,${mebibytes(12)}]`);
    expect(refusedAt).toBeGreaterThan(120);
    expect(await pausesIn(`[1,${mebibytes(36)},2]`)).toBe(refusedAt);
  });
});

const refused = Symbol('refused');
const attempt = (run: () => unknown): unknown => {
  try {
    return run();
  } catch {
    return refused;
  }
};
