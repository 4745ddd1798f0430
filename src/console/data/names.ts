/** Shortens names for people. The broker stores names as IRIs; people read what follows the last `/` or `#`. */
export const shortName = (iri: string): string => iri.replace(/^.*[/#]/, '');

/** An id without the prefix that all ids have. */
export const shortId = (id: string): string => id.replace(/^urn:ngsi-ld:/, '');

/** The data model family in an IRI, such as `Parking`; undefined when the IRI names none. */
export const familyOf = (iri: string): string | undefined => /dataModel\.(\w+)/.exec(iri)?.[1];

/** `availableSpotNumber` as `available spot number`. */
export const spacedName = (iri: string): string =>
  shortName(iri)
    .replace(/(?<=[a-z])[A-Z](?=[a-z])/g, (letter) => ` ${letter.toLowerCase()}`)
    .replace(/^ref (?=\w)/, '');
