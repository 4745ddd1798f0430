/** Lists the names that NGSI v2 reserves: attributes and metadata that the broker computes. */

/** Built-in attributes. A user's attribute of the same name is shown in place of the built-in one. */
export const builtinAttributes = [
  'dateCreated',
  'dateModified',
  'dateExpires',
  'servicePath',
  'alterationType',
] as const;

/** Built-in metadata. They are not stored. */
export const builtinMetadata = ['dateCreated', 'dateModified', 'previousValue', 'actionType'] as const;

/** The attribute that a request can set: the time after which the entity is deleted. */
export const expiryName = 'dateExpires';

/** The names that no attribute can have. */
export const takenNames: ReadonlySet<string> = new Set(['id', 'type', 'geo:distance', '*']);

/** Stands for all attributes or metadata of users in a list of names. */
export const allOfUsers = '*';
