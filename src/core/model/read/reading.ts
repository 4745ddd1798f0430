/** What readers hand down while they go through a document: names, what is allowed, and where they are. */
import type { Terms } from '../entity.ts';

/** Whether the NGSI-LD Null may stand for a deletion: nowhere, in place of whole values, or also inside them (merge). */
export type Nulls = 'forbidden' | 'allowed' | 'deep';

export interface Reading {
  readonly terms: Terms;
  readonly nulls: Nulls;
  /** The place in the document, for messages: `attribute speed`, `attribute speed.accuracy`. */
  readonly where: string;
  /** Attributes hold instances of many moments, deletions among them (clause 4.5.6). */
  readonly isHistory?: boolean;
  /** What is read is merged into what is there: the attributes with all in them, or only their sub-attributes. */
  readonly merge?: 'all' | 'inner';
  /** The body is in simplified form (clause 4.5.4): what is not wrapped is a bare value. */
  readonly isSimplified: boolean;
}

/** The reading one level further down. */
export const below = (reading: Reading, name: string): Reading => ({
  ...reading,
  where: reading.where === '' ? `attribute ${name}` : `${reading.where}.${name}`,
});
