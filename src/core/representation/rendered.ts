/** Keeps the texts of entities that were shown, so that the same version in the same view is not written twice. */

/** What a text depends on: whose entity, in which version, in which view. */
interface RenderKey {
  readonly tenant: string;
  readonly id: string;
  readonly version: number;
  /** Tells views apart: everything that changes the text. */
  readonly view: string;
}

export interface RenderCache {
  /** The text kept for the key, else what `render` makes, which is kept. */
  text(key: RenderKey, render: () => string): string;
}

/** A cache of at most about this many bytes. Texts not asked for longest go first; 0 keeps nothing. */
export function createRenderCache(bytesMax: number): RenderCache {
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
      return text;
    },
  };
}

/** Strings take two bytes per unit at most; the rest is what a map entry costs. */
const sizeOf = (name: string, text: string): number => 2 * (name.length + text.length) + 100;
