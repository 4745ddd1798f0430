/** The list of all operations of the API. Bindings iterate over it; to add an operation, add its file and its line here. */
import { queryAudit } from './access/audit.ts';
import { explainAccess } from './access/explain.ts';
import { createGrant, deleteGrant, listGrants, replaceGrant, retrieveGrant } from './access/grants.ts';
import { listPeers } from './access/peers.ts';
import { listTenants } from './access/tenants.ts';
import { createBatch, deleteBatch, mergeBatch, updateBatch, upsertBatch } from './batch/batch-operations.ts';
import { upsertTemporalBatch } from './batch/history-batch.ts';
import { listContexts, serveContext } from './context/read-contexts.ts';
import { addContext, deleteContext } from './context/write-contexts.ts';
import { retrieveAttribute, retrieveAttributes, retrieveType, retrieveTypes } from './discovery/discover.ts';
import { retrieveSourceIdentity } from './discovery/source-identity.ts';
import { retrieveAttributeValue, retrieveEntityAttribute, setAttributeValue } from './entity/attribute-value.ts';
import { createEntityMap, createEntityMapByPost } from './entity/create-entity-map.ts';
import { purgeEntities } from './entity/purge-entities.ts';
import { queryByPost, queryEntities, retrieveEntity } from './entity/read-entities.ts';
import {
  appendAttributes,
  deleteAttribute,
  partialUpdateAttribute,
  replaceAttribute,
  updateAttributes,
} from './entity/write-attributes.ts';
import { createEntity, deleteEntity, mergeEntity, replaceEntity } from './entity/write-entity.ts';
import { deleteEntityMap, retrieveEntityMap, updateEntityMap } from './entity-map/entity-maps.ts';
import type { Operation } from './operation.ts';
import { queryRegistrations, retrieveRegistration } from './registration/read-registrations.ts';
import { createRegistration, deleteRegistration, updateRegistration } from './registration/write-registration.ts';
import {
  cloneSnapshot,
  createSnapshot,
  deleteSnapshot,
  purgeSnapshots,
  retrieveSnapshot,
  updateSnapshot,
} from './snapshot/snapshots.ts';
import { eraseSubject, exportSubject, findSubject } from './subject/subjects.ts';
import { createStreamTicket } from './stream/create-ticket.ts';
import {
  discardDeadLetter,
  discardDeadLetters,
  listDeadLetters,
  replayDeadLetter,
  replayDeadLetters,
  retrieveDeadLetter,
} from './subscription/dead-letters.ts';
import { explainSubscription } from './subscription/explain.ts';
import {
  createRegistrationSubscription,
  deleteRegistrationSubscription,
  discardRegistrationDeadLetter,
  discardRegistrationDeadLetters,
  listRegistrationDeadLetters,
  listRegistrationSubscriptions,
  replayRegistrationDeadLetter,
  replayRegistrationDeadLetters,
  retrieveRegistrationDeadLetter,
  retrieveRegistrationSubscription,
  updateRegistrationSubscription,
} from './subscription/registration-subscriptions.ts';
import { listSubscriptions, retrieveSubscription } from './subscription/read-subscriptions.ts';
import { createSubscription, deleteSubscription, updateSubscription } from './subscription/write-subscription.ts';
import { createTemporalEntityMap, createTemporalEntityMapByPost } from './temporal/create-entity-map.ts';
import { queryTemporal, queryTemporalByPost, retrieveTemporal } from './temporal/read-history.ts';
import {
  appendTemporal,
  deleteTemporal,
  deleteTemporalAttribute,
  deleteTemporalInstance,
  updateTemporalInstance,
  upsertTemporal,
} from './temporal/write-history.ts';

export const operations: readonly Operation[] = [
  createEntity,
  queryEntities,
  purgeEntities,
  retrieveEntity,
  replaceEntity,
  mergeEntity,
  deleteEntity,
  appendAttributes,
  updateAttributes,
  retrieveEntityAttribute,
  partialUpdateAttribute,
  replaceAttribute,
  deleteAttribute,
  retrieveAttributeValue,
  setAttributeValue,
  createBatch,
  upsertBatch,
  updateBatch,
  mergeBatch,
  deleteBatch,
  queryByPost,
  retrieveTemporal,
  queryTemporal,
  queryTemporalByPost,
  upsertTemporal,
  upsertTemporalBatch,
  appendTemporal,
  deleteTemporal,
  deleteTemporalAttribute,
  updateTemporalInstance,
  deleteTemporalInstance,
  retrieveTypes,
  retrieveType,
  retrieveAttributes,
  retrieveAttribute,
  createSubscription,
  listSubscriptions,
  retrieveSubscription,
  updateSubscription,
  deleteSubscription,
  explainSubscription,
  listDeadLetters,
  discardDeadLetters,
  replayDeadLetters,
  retrieveDeadLetter,
  discardDeadLetter,
  replayDeadLetter,
  createRegistration,
  queryRegistrations,
  retrieveRegistration,
  updateRegistration,
  deleteRegistration,
  createRegistrationSubscription,
  listRegistrationSubscriptions,
  retrieveRegistrationSubscription,
  updateRegistrationSubscription,
  deleteRegistrationSubscription,
  listRegistrationDeadLetters,
  discardRegistrationDeadLetters,
  replayRegistrationDeadLetters,
  retrieveRegistrationDeadLetter,
  discardRegistrationDeadLetter,
  replayRegistrationDeadLetter,
  createSnapshot,
  retrieveSnapshot,
  updateSnapshot,
  cloneSnapshot,
  deleteSnapshot,
  purgeSnapshots,
  createEntityMap,
  createEntityMapByPost,
  createTemporalEntityMap,
  createTemporalEntityMapByPost,
  retrieveEntityMap,
  updateEntityMap,
  deleteEntityMap,
  createStreamTicket,
  addContext,
  listContexts,
  serveContext,
  deleteContext,
  retrieveSourceIdentity,
  listGrants,
  createGrant,
  retrieveGrant,
  replaceGrant,
  deleteGrant,
  queryAudit,
  explainAccess,
  findSubject,
  exportSubject,
  eraseSubject,
  listPeers,
  listTenants,
];
