/** Caches the texts of entities, so that the same version in the same view is not written twice. */
import { createBoundedCache } from '../jsonld/bounded-cache.ts';

/** The cache key: tenant, entity, version and view. */
interface RenderKey {
  readonly tenant: string;
  readonly id: string;
  readonly version: number;
  /** Identifies the view: contains everything that changes the text. */
  readonly view: string;
}

export interface RenderCache {
  /** The cached text of the key, else the result of `render`, which is then cached. */
  text(key: RenderKey, render: () => string): string;
}

/**
 * A cache of about `bytesMax` bytes at most, with least-recently-used eviction; 0 disables it. `onBytes` is called with the bytes in
 * the cache whenever a text was added.
 */
export function createRenderCache(bytesMax: number, onBytes: (bytes: number) => void = () => undefined): RenderCache {
  const texts = createBoundedCache<string>({ entriesMax: Infinity, weightMax: bytesMax, onWeight: onBytes });
  return {
    text({ tenant, id, version, view }, render) {
      const name = `${view}\n${tenant}\n${id}\n${version}`;
      const cached = texts.get(name);
      if (cached !== undefined) return cached;
      const text = render();
      const size = sizeOf(name, text);
      if (size > bytesMax / 8) return text;
      texts.set(name, text, size);
      return text;
    },
  };
}

/** A string takes at most two bytes per code unit; the constant is the cost of a map entry. */
const sizeOf = (name: string, text: string): number => 2 * (name.length + text.length) + 100;
