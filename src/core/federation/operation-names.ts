/** The names by which a registration says which operations its source offers (clause 4.20). */

/** The operations that write entities or histories. */
const writes = [
  ...['createEntity', 'updateEntity', 'appendAttrs', 'updateAttrs', 'deleteAttrs', 'deleteEntity'],
  ...['createBatch', 'upsertBatch', 'updateBatch', 'deleteBatch', 'mergeBatch'],
  ...['mergeEntity', 'replaceEntity', 'replaceAttrs', 'purgeEntity'],
  ...['upsertTemporal', 'appendAttrsTemporal', 'deleteAttrsTemporal', 'updateAttrInstanceTemporal'],
  ...['deleteAttrInstanceTemporal', 'deleteTemporal'],
];

/** The operations of clause 4.20. Operations on attributes of subscriptions and entity maps have no other names. */
const names = [
  ...writes,
  ...['retrieveEntity', 'queryEntity', 'queryBatch', 'retrieveTemporal', 'queryTemporal'],
  ...['retrieveEntityTypes', 'retrieveEntityTypeDetails', 'retrieveEntityTypeInfo'],
  ...['retrieveAttrTypes', 'retrieveAttrTypeDetails', 'retrieveAttrTypeInfo'],
  ...['createSubscription', 'updateSubscription', 'retrieveSubscription', 'querySubscription', 'deleteSubscription'],
  ...['retrieveEntityMap', 'updateEntityMap', 'deleteEntityMap'],
  ...['createEntityMapQueryEntity', 'createEntityMapQueryTemporal', 'retrieveContextSourceIdentity'],
];

const discovery = [
  ...['retrieveEntityTypes', 'retrieveEntityTypeDetails', 'retrieveEntityTypeInfo'],
  ...['retrieveAttrTypes', 'retrieveAttrTypeDetails', 'retrieveAttrTypeInfo'],
];
const entityMaps = ['retrieveEntityMap', 'updateEntityMap', 'deleteEntityMap', 'createEntityMapQueryEntity'];
const association = [
  ...['retrieveEntity', 'queryEntity', 'queryBatch'],
  ...discovery,
  ...['createSubscription', 'updateSubscription', 'retrieveSubscription', 'querySubscription', 'deleteSubscription'],
  'retrieveContextSourceIdentity',
];

const groups: Readonly<Record<string, readonly string[]>> = {
  federationOps: [...association, ...entityMaps],
  associationOps: association,
  updateOps: ['updateEntity', 'updateAttrs', 'replaceEntity', 'replaceAttrs'],
  retrieveOps: ['retrieveEntity', 'queryEntity'],
  redirectionOps: [
    ...['createEntity', 'updateEntity', 'appendAttrs', 'updateAttrs', 'deleteAttrs', 'deleteEntity'],
    ...['mergeEntity', 'replaceEntity', 'replaceAttrs', 'retrieveEntity', 'queryEntity', 'purgeEntity'],
    ...discovery,
    ...entityMaps,
    'retrieveContextSourceIdentity',
  ],
};

/** What a registration offers that does not say it (clause 5.2.9). */
export const defaultOperations: readonly string[] = ['federationOps'];

/** True for the name of an operation or of a group. */
export const isOperationName = (name: string): boolean => names.includes(name) || Object.hasOwn(groups, name);

/** True when one of the operations writes entities or histories. */
export const hasWrite = (operations: ReadonlySet<string>): boolean => writes.some((name) => operations.has(name));

/** The operations that the names stand for, groups resolved. */
export const operationsOf = (given: readonly string[]): ReadonlySet<string> =>
  new Set(given.flatMap((name) => (Object.hasOwn(groups, name) ? (groups[name] ?? []) : [name])));
