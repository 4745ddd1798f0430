/** Tests that the types of a stored entity are read from the beginning of its text, where that does. */
import { expect, test } from '@jest/globals';
import { typesInText } from '../../../src/core/port/types-in-text.ts';

const rest = { createdAt: '2026-01-01T00:00:00Z', attrs: { 'urn:a': [{ types: ['urn:wrong'] }] } };

test.each([[['urn:t:A']], [['urn:t:A', 'https://example.org/t,B', 'urn:t:[C]']]])(
  'the types %j are read without parsing the rest',
  (types) => {
    const text = JSON.stringify({ id: 'urn:e:1', types, ...rest });
    expect(typesInText(text)).toEqual(types);
    expect(typesInText(`${text.slice(0, -1)},`)).toEqual(types);
  },
);

test.each([
  { types: ['urn:t:A'], id: 'urn:e:1', ...rest },
  { id: 'urn:e:"1', types: ['urn:t:A'], ...rest },
  { id: 'urn:e:1', types: ['urn:t:A', 'urn:t:"B"', 'urn:\\'], ...rest },
  { id: 'urn:e:1', scope: '/a', types: ['urn:t:A'], ...rest },
])('a text that begins otherwise must be parsed: %j', (entity) => {
  expect(typesInText(JSON.stringify(entity))).toBeUndefined();
});
