/** Tests that commands say why a request failed. */
import { expect, test } from '@jest/globals';
import { failureText } from '../../../src/app/command/failure-text.ts';

test('of a failed request, the cause is told; of several addresses, the first one', () => {
  const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1026'), { code: 'ECONNREFUSED' });
  const words = 'Nobody listens there (connect ECONNREFUSED 127.0.0.1:1026).';
  expect(failureText(new TypeError('fetch failed', { cause }))).toBe(words);
  expect(failureText(new TypeError('fetch failed', { cause: new AggregateError([cause, cause]) }))).toBe(words);
});

test('other failures have their own message', () => {
  expect(failureText(new Error('outer', { cause: new Error('inner') }))).toBe('outer');
  expect(failureText(new AggregateError([], 'several'))).toBe('several');
});
