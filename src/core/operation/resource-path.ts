/** Builds the path of a created resource for the Location header (clause 6.4.3.1). */

/**
 * The path of an element of a collection such as `entities`. It percent-encodes only characters that would end or change the last segment.
 */
export const resourcePath = (collection: string, id: string): string =>
  `/ngsi-ld/v1/${collection}/${id.replace(/[/?#%]/g, encodeURIComponent)}`;
