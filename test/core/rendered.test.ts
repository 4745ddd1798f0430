/** The cache of rendered entities: what it returns, evicts and reports. */
import { describe, expect, test } from '@jest/globals';
import { createRenderCache } from '../../src/core/representation/rendered.ts';

const key = (version: number) => ({ tenant: '', id: 'urn:ngsi-ld:Light:1', version, view: 'normalized' });

describe('the cache of rendered entities', () => {
  test('returns the text of the same key again, and evicts the texts used least recently', () => {
    const sizes: number[] = [];
    let renders = 0;
    const cache = createRenderCache(20_000, (bytes) => sizes.push(bytes));
    const text = (version: number): string =>
      cache.text(key(version), () => {
        renders += 1;
        return `${version}`.padEnd(1000, '.');
      });
    expect(text(1)).toBe(text(1));
    expect(renders).toBe(1);
    for (let version = 2; version <= 20; version += 1) text(version);
    expect(text(20)).toMatch(/^20/);
    expect(renders).toBe(20);
    text(1);
    expect(renders).toBe(21);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(20_000);
    expect(Math.min(...sizes)).toBeGreaterThan(2000);
  });

  test('of no size holds nothing', () => {
    const sizes: number[] = [];
    const cache = createRenderCache(0, (bytes) => sizes.push(bytes));
    expect([cache.text(key(1), () => 'a'), cache.text(key(1), () => 'b')]).toEqual(['a', 'b']);
    expect(sizes).toEqual([]);
  });
});
