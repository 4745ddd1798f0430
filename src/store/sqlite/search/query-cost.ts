/**
 * The cost model of the query planner. It compares two ways to get `wanted` results out of `total` entities, when an index lists `length`
 * of them. The unit of cost is one row of that list.
 *
 * - To read the list: `length`.
 * - To read in creation order without the list, if the entities of the list are spread evenly: `wanted * total / length` entities, or as
 *   many rows of an index that is in creation order.
 */
import type { IndexCondition } from './index-conditions.ts';

/**
 * What it costs to read one entity, parse it and test it with the filter. Measured with 20,000 entities in the page cache: 4 for entities of
 * one attribute, 15 for entities of seven attributes. This is between them, for entities of two or three attributes.
 */
const rowsPerEntity = 7;

/** What a row in creation order costs: SQLite itself tests it. A row of a list becomes a JavaScript number. Measured with 55,000 entities. */
const rowsPerOrderedRow = 0.1;

/** A list of this many rows costs almost nothing: about 70 entities, less than a page of candidates. */
const cheapListLength = 500;

/**
 * The length from which a list costs more than to read in order: where both costs are equal. `ordered`: the condition whose index is read
 * in creation order; undefined: entities are read. An index of one of some values has no other rows than those of the list.
 */
export function listLengthMax(
  ordered: Pick<IndexCondition, 'kind'> | undefined,
  { wanted, total }: { readonly wanted: number; readonly total: number },
): number {
  if (ordered?.kind === 'values' && wanted < Infinity) return cheapListLength;
  const cost = ordered ? rowsPerOrderedRow : rowsPerEntity;
  return Math.max(cheapListLength, Math.ceil(Math.sqrt(cost * wanted * total)));
}

/**
 * The number of entities after which to give up reading in order, and to read the list after all: twice the length of the list that was
 * too long. That is far more than the model predicts, so the entities of the list are not spread evenly.
 */
export const entitiesBeforeFallback = (lengthMax: number): number => 2 * lengthMax;
