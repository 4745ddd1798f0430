/** Scopes: the places of an entity in hierarchies such as `/Madrid/Gardens` (CIM 009 clause 4.18). */

const shape = /^\/?\p{L}[\p{L}\p{N}_]*(?:\/\p{L}[\p{L}\p{N}_]*)*$/u;

/** True for a scope: levels of letters, digits and `_`, each beginning with a letter, with `/` between them and perhaps before. */
export const isScope = (text: string): boolean => shape.test(text);

/** The names of the levels, outermost first. `Madrid` and `/Madrid` are the same scope. */
export const scopeLevels = (scope: string): readonly string[] =>
  (scope.startsWith('/') ? scope.slice(1) : scope).split('/');
