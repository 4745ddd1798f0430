/** The context that readers pass down in a document: the @context, what is allowed, and the current position. */
import type { Terms } from '../entity.ts';

/** Where the NGSI-LD Null can stand for a deletion: nowhere, in place of whole values, or also inside values (merge). */
export type Nulls = 'forbidden' | 'allowed' | 'deep';

export interface Reading {
  readonly terms: Terms;
  readonly nulls: Nulls;
  /** The position in the document, for messages: `attribute speed`, `attribute speed.accuracy`. */
  readonly where: string;
  /** Attributes have instances of many moments, deletions included (clause 4.5.6). */
  readonly isHistory?: boolean;
  /** The document is merged into existing data: whole attributes, or only their sub-attributes. */
  readonly merge?: 'all' | 'inner';
  /** The body is in simplified form (clause 4.5.4): an unwrapped member is a bare value. */
  readonly isSimplified: boolean;
}

/** The context one level deeper. */
export const below = (reading: Reading, name: string): Reading => ({
  ...reading,
  where: reading.where === '' ? `attribute ${name}` : `${reading.where}.${name}`,
});
