/**
 * The cost model of the query planner. It compares two ways to get `wanted` results out of `total` entities, when an index lists `length`
 * of them. The unit of cost is the entity: to read one entity, parse it and test it with the filter.
 *
 * - To read the list: `length / rowsPerEntity`.
 * - To read the entities in their order without the list: `wanted * total / length`, if those of the list are spread evenly.
 */

/**
 * How many index rows cost as much as one entity. Measured with 20,000 entities in the page cache: 4 index rows for entities of one
 * attribute, 15 for entities of seven attributes. This is between them, for entities of two or three attributes.
 */
const rowsPerEntity = 7;

/** A list of this many rows costs almost nothing: about 70 entities, less than a page of candidates. */
export const cheapListLength = 500;

/** The length, in index rows, from which a list costs more than to read the entities in their order: where both costs are equal. */
export const listLengthMax = (wanted: number, total: number): number =>
  Math.max(cheapListLength, Math.ceil(Math.sqrt(rowsPerEntity * wanted * total)));

/**
 * The number of entities after which to give up reading in order, and to read the list after all: twice the length of the list that was
 * too long. That is far more than the model predicts, so the entities of the list are not spread evenly.
 */
export const entitiesBeforeFallback = (lengthMax: number): number => 2 * lengthMax;
