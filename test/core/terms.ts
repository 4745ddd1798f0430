/** Provides Terms for tests without a @context: the given functions convert names. */
import type { Terms } from '../../src/core/model/entity.ts';

/** No term is defined; what is not given leaves IRIs as they are. */
export const termsBy = (terms: Pick<Terms, 'expand'> & Partial<Terms>): Terms => ({
  compact: (iri) => iri,
  compactVocab: terms.compact ?? ((iri) => iri),
  defines: () => false,
  ...terms,
});
