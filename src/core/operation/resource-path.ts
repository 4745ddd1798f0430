/** Writes the path of something that was made, for the Location of an answer (clause 6.4.3.1). */

/** The path of an element of a collection such as `entities`. What would end or alter the last segment is percent-encoded, no more. */
export const resourcePath = (collection: string, id: string): string =>
  `/ngsi-ld/v1/${collection}/${id.replace(/[/?#%]/g, encodeURIComponent)}`;
