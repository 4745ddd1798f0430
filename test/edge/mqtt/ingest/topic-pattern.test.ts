/** Tests topic filters with names: what they match, the values that they extract, and which are refused. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readTopicPattern } from '../../../../src/edge/mqtt/ingest/topic-pattern.ts';

describe('a topic filter', () => {
  test.each([
    ['city/{area}/meter/{id}/state', 'city/+/meter/+/state', 'city/a b/meter//state', { area: 'a b', id: '' }],
    ['a/+/{b}', 'a/+/+', 'a/x/y', { b: 'y' }],
    ['a/#', 'a/#', 'a/b/c', {}],
    ['a/#', 'a/#', 'a', {}],
    ['a/{rest#}', 'a/#', 'a/b/c', { rest: 'b/c' }],
    ['{x}', '+', 'čez reko', { x: 'čez reko' }],
    ['/a', '/a', '/a', {}],
    ['+/a', '+/a', '/a', {}],
  ])('%s is %s, and %s says %j', (text, filter, topic, names) => {
    const pattern = readTopicPattern(text);
    expect(pattern.filter).toBe(filter);
    expect(pattern.match(topic)).toEqual(names);
  });

  test.each([
    ['a/+', 'a'],
    ['a/+', 'a/b/c'],
    ['a/{b}', 'x/b'],
    ['a/b/#', 'a'],
    ['a/b', 'a/b/'],
    ['a/{b#}', 'b/a'],
  ])('%s does not match %s', (text, topic) => expect(readTopicPattern(text).match(topic)).toBeUndefined());

  test.each([
    ['', /1 to 65535/],
    ['a\0', /null character/],
    ['a/b+', /"b\+" is no level/],
    ['a/x{b}', /"x\{b\}" is no level/],
    ['a/{b c}', /is no level/],
    ['a/#/b', /stand at the end/],
    ['a/{b#}/c', /stand at the end/],
    ['{a}/{a}', /two levels named a/],
  ])('%j is refused', (text, why) => expect(() => readTopicPattern(text)).toThrow(why));

  test('names get what stands in their place, whatever it is', () => {
    const level = fc.string().map((text) => text.replace(/[/+#{}\0]/g, '_'));
    const levels = fc.array(fc.record({ text: level, isNamed: fc.boolean() }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(levels, (all) => {
        const topic = all.map(({ text }) => text).join('/');
        const text = all.map(({ text: fixed, isNamed }, index) => (isNamed ? `{n${index}}` : fixed)).join('/');
        fc.pre(text !== '');
        const expected = all.flatMap(({ text: here, isNamed }, index) => (isNamed ? [[`n${index}`, here]] : []));
        expect(readTopicPattern(text).match(topic)).toEqual(Object.fromEntries(expected));
      }),
    );
  });
});
