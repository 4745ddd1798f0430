/** Caches the texts of entities, so that the same version in the same view is not written twice. */

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
 * A cache of about `bytesMax` bytes at most, with least-recently-used eviction; 0 disables it. `onSize` is called with the bytes in
 * the cache whenever a text was added.
 */
export function createRenderCache(bytesMax: number, onSize: (bytes: number) => void = () => undefined): RenderCache {
  const texts = new Map<string, string>();
  let bytes = 0;
  const forget = (name: string, text: string): void => {
    texts.delete(name);
    bytes -= sizeOf(name, text);
  };
  return {
    text({ tenant, id, version, view }, render) {
      const name = `${view}\n${tenant}\n${id}\n${version}`;
      const kept = texts.get(name);
      if (kept !== undefined) {
        texts.delete(name);
        texts.set(name, kept);
        return kept;
      }
      const text = render();
      if (sizeOf(name, text) > bytesMax / 8) return text;
      texts.set(name, text);
      bytes += sizeOf(name, text);
      for (const [oldest, old] of texts) {
        if (bytes <= bytesMax) break;
        forget(oldest, old);
      }
      onSize(bytes);
      return text;
    },
  };
}

/** A string takes at most two bytes per code unit; the constant is the cost of a map entry. */
const sizeOf = (name: string, text: string): number => 2 * (name.length + text.length) + 100;
