/** Checks and splits scopes: the positions of an entity in hierarchies such as `/Madrid/Gardens` (CIM 009 clause 4.18). */

const shape = /^\/?\p{L}[\p{L}\p{N}_]*(?:\/\p{L}[\p{L}\p{N}_]*)*$/u;

/**
 * True for a valid scope. Its levels are divided by `/`, with an optional `/` at the start. Each level has letters, digits and `_`, and
 * begins with a letter.
 */
export const isScope = (text: string): boolean => shape.test(text);

/** The names of the levels, outermost first. `Madrid` and `/Madrid` are the same scope. */
export const scopeLevels = (scope: string): readonly string[] =>
  (scope.startsWith('/') ? scope.slice(1) : scope).split('/');
