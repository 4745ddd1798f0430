/** The terms of the catalogue's entities: which IRIs stand for `Dataset`, `title` and so on. */
import { join } from 'node:path';
import type { Terms } from '../../core/model/entity.ts';
import { readTerms } from '../models/model-index.ts';

/** The IRIs that may stand for a term. */
export type IrisOf = (term: string) => readonly string[];

/**
 * The terms of the catalogue's @context, which lies in the folder of the package's own data models. Clients may also write these entities
 * without that @context: `core` then expands their terms.
 */
export function readCatalogueTerms(directory: string, core: Pick<Terms, 'expand'>): IrisOf {
  const terms = readTerms(join(directory, 'catalogue/context.jsonld'));
  return (term) => {
    const own = terms.get(term);
    const plain = core.expand(term);
    return own === undefined || own === plain ? [plain] : [own, plain];
  };
}
