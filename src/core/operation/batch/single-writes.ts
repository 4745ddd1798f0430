/** How batch operations are sent to context sources that offer only operations on one entity. */
import type { BatchDistribution, SingleWrite } from './forward-batch.ts';

const entity = '/entities/{id}';

export const createSingle: SingleWrite = { name: 'createEntity', method: 'POST', path: '/entities', body: 'entity' };
export const replaceSingle: SingleWrite = { name: 'replaceEntity', method: 'PUT', path: entity, body: 'entity' };
export const mergeSingle: SingleWrite = { name: 'mergeEntity', method: 'PATCH', path: entity, body: 'entity' };
export const deleteSingle: SingleWrite = { name: 'deleteEntity', method: 'DELETE', path: entity, body: 'none' };
export const updateSingle: SingleWrite = {
  name: 'updateEntity',
  method: 'PATCH',
  path: `${entity}/attrs`,
  body: 'attributes',
};
export const appendSingle: SingleWrite = {
  name: 'appendAttrs',
  method: 'POST',
  path: `${entity}/attrs`,
  params: { options: 'noOverwrite' },
  body: 'attributes',
};

/** `name` is that of the batch in registrations, such as createBatch. */
export const batchDistribution = (name: string, singles: BatchDistribution['singles']): BatchDistribution => ({
  batch: name,
  path: `/entityOperations/${name.replace('Batch', '')}`,
  singles,
});
