/** Tells which texts name a subject of data: a person or another thing, by its id. */

/** Tells whether a text names the subject. */
export type Named = (text: string) => boolean;

/**
 * A text names a subject when it is its id, or contains it as a whole, also percent-encoded. `urn:ngsi-ld:Person:ana` is not named by
 * `urn:ngsi-ld:Person:anatol` or `urn:ngsi-ld:Person:ana:car`, which are other ids. Neither is a URL named by a URL below it:
 * `https://example.org/ana` not by `https://example.org/ana/car`. Nor is a short id by one that ends in it: `Room:1` not by `Big-Room:1`.
 */
export function namedBy(id: string): Named {
  const below = /^[^:]*:\//.test(id) ? '(?!/[\\p{L}\\p{N}/])' : '';
  const [plain = '', ...encoded] = formsOf(id).map(escaped);
  const forms = [plain + below, ...encoded].join('|');
  const longer = /^(?:urn:|[^:]*:\/)/.test(id) ? '' : '(?<![\\p{L}\\p{N}][-.:])';
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}_+])${longer}(?:${forms})(?![\\p{L}\\p{N}_%-]|[:.][\\p{L}\\p{N}])`, 'u');
  return (text) => text === id || pattern.test(text);
}

/** The texts that contain an id in JSON: itself, and percent-encoded. A stored text without any of them does not name the subject. */
export const needlesOf = (id: string): readonly string[] =>
  formsOf(id).map((form) => JSON.stringify(form).slice(1, -1));

/** Matches the stored texts that contain one of `needlesOf`. */
export const needlePattern = (id: string): RegExp => new RegExp(needlesOf(id).map(escaped).join('|'));

const formsOf = (id: string): readonly string[] => [...new Set([id, encodeURIComponent(id)])];

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
