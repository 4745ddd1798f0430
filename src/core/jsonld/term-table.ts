/** What a term means once a @context is compiled, and how a name becomes an IRI by that (JSON-LD 1.1 API clause 5.2). */

export interface Term {
  /** An absolute IRI, a keyword, or `meaningless` or `reversed`. */
  readonly iri: string;
  /** True when compact IRIs may begin with the term. */
  readonly isPrefix: boolean;
  /** Who holds the meaning fast: a definition that is `@protected`, or the core context. */
  readonly keeper: 'nobody' | 'definition' | 'core';
}

/** All terms of a @context by name, and the vocabulary to which unknown terms fall. */
export interface TermTable {
  readonly terms: ReadonlyMap<string, Term>;
  readonly vocab: string | undefined;
}

/** The meaning of a term that a @context maps to null. It begins with @, so it passes for no name of an attribute or type. */
export const meaningless = '@null';

/** The meaning of a term that is defined by `@reverse`: an attribute cannot point backwards. */
export const reversed = '@reverse';

const keywords = new Set(
  (
    '@base @container @context @default @direction @embed @explicit @graph @id @import @included @index @json @language @list ' +
    '@nest @none @omitDefault @prefix @preserve @propagate @protected @requireAll @reverse @set @type @value @version @vocab'
  ).split(' '),
);

/** True for the keywords of JSON-LD. */
export const isKeyword = (name: string): boolean => name.startsWith('@') && keywords.has(name);

/** True for names that JSON-LD keeps for keywords to come; their definitions are passed over. */
export const isKeywordLike = (name: string): boolean => /^@[A-Za-z]+$/.test(name);

/** True for an absolute IRI or a blank node, by its form. */
export const isAbsolute = (text: string): boolean => /^(?:[A-Za-z][A-Za-z0-9+.-]*|_):\S*$/.test(text);

/** Where the suffix of a compact IRI begins, less one; 0 or less when the name cannot be one. */
export const colonOf = (name: string): number => name.indexOf(':');

/**
 * The meaning of a name: IRI, keyword, `meaningless` or `reversed`. The name itself when nothing is known of it and there
 * is no vocabulary. `need` is called with every term on which the meaning may depend, before it is looked up: a @context
 * being compiled defines it then.
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
