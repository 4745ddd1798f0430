/** The terms of a compiled @context, and how names expand to IRIs (JSON-LD 1.1 API clause 5.2). */

export interface Term {
  /** An absolute IRI, a keyword, or `meaningless` or `reversed`. */
  readonly iri: string;
  /** True when compact IRIs may begin with the term. */
  readonly isPrefix: boolean;
  /** What protects the term against redefinition: a `@protected` definition, the core context, or nothing. */
  readonly protection: 'none' | 'definition' | 'core';
}

/** All terms of a @context by name, and the vocabulary for unknown names. */
export interface TermTable {
  readonly terms: ReadonlyMap<string, Term>;
  readonly vocab: string | undefined;
}

/** The value for a term that a @context maps to null. It begins with @, so it is not a valid name of an attribute or type. */
export const meaningless = '@null';

/** The value for a term defined by `@reverse`, which cannot be an attribute. */
export const reversed = '@reverse';

const keywords = new Set(
  (
    '@base @container @context @default @direction @embed @explicit @graph @id @import @included @index @json @language @list ' +
    '@nest @none @omitDefault @prefix @preserve @propagate @protected @requireAll @reverse @set @type @value @version @vocab'
  ).split(' '),
);

/** True for the keywords of JSON-LD. */
export const isKeyword = (name: string): boolean => name.startsWith('@') && keywords.has(name);

/** True for names that JSON-LD reserves for future keywords; their definitions are ignored. */
export const isKeywordLike = (name: string): boolean => /^@[A-Za-z]+$/.test(name);

/** True for an absolute IRI or a blank node, by its form. */
export const isAbsolute = (text: string): boolean => /^(?:[A-Za-z][A-Za-z0-9+.-]*|_):\S*$/.test(text);

/** The index of the first colon, which separates prefix and suffix. The name is no compact IRI when it is 0 or less. */
export const colonOf = (name: string): number => name.indexOf(':');

/**
 * Expands a name to an IRI, a keyword, `meaningless` or `reversed`. Returns the name itself when it is unknown and there is no vocabulary.
 * Calls `need` with every term that the result may depend on, before looking it up, so that the compiler can define it.
 */
export function expandName(table: TermTable, name: string, need?: (term: string) => void): string {
  if (isKeyword(name)) return name;
  if (isKeywordLike(name)) return meaningless;
  need?.(name);
  const term = table.terms.get(name);
  if (term !== undefined) return term.iri;
  return expandCompactIri(table, name, need) ?? (table.vocab === undefined ? name : table.vocab + name);
}

/** The IRI of a name with a colon. Undefined when it is neither a compact nor an absolute IRI. */
function expandCompactIri(table: TermTable, name: string, need?: (term: string) => void): string | undefined {
  const colon = colonOf(name);
  if (colon < 1) return undefined;
  const prefix = name.slice(0, colon);
  if (prefix === '_' || name.startsWith('//', colon + 1)) return name;
  need?.(prefix);
  const term = table.terms.get(prefix);
  if (term?.isPrefix === true) return term.iri + name.slice(colon + 1);
  return isAbsolute(name) ? name : undefined;
}
