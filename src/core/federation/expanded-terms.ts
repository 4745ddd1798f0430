/** The terms of documents in which all names are expanded. */
import type { Terms } from '../model/entity.ts';

export const expandedTerms: Terms = {
  expand: (name) => name,
  compact: (iri) => iri,
  compactVocab: (iri) => iri,
  defines: () => true,
};
