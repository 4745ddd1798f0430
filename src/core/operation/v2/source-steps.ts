/** Says by which requests of NGSI-LD the writes of NGSI v2 are sent to context sources. */
import type { AssignRule } from '../../model/v2/assignment.ts';
import type { Method, OperationRequest } from '../operation.ts';

/** A request on one entity. */
export interface Step {
  /** Its name in registrations (clause 4.20). */
  readonly name: string;
  readonly method: Method;
  readonly path: string;
  readonly params?: OperationRequest['params'];
  /** What the body is: the entity, its attributes, or there is none. */
  readonly body: 'entity' | 'attributes' | 'none';
}

const one = '/entities/{id}';
const attrs = `${one}/attrs`;
const create: Step = { name: 'createEntity', method: 'POST', path: '/entities', body: 'entity' };
const append: Step = { name: 'appendAttrs', method: 'POST', path: attrs, body: 'attributes' };
const appendMissing: Step = { ...append, params: { options: 'noOverwrite' } };

/** What a write of v2 does. The ways `upsert` also create the entity. */
export type Way = AssignRule | 'create' | 'upsert' | 'upsertMissing' | 'delete' | 'deleteAttrs';

/** The requests for each way of writing. Where there are two, the second one is sent when the source does not have the entity. */
export const stepsFor: Readonly<Record<Way, readonly Step[]>> = {
  create: [create],
  upsert: [append, create],
  upsertMissing: [appendMissing, create],
  append: [append],
  appendMissing: [appendMissing],
  update: [{ name: 'updateEntity', method: 'PATCH', path: attrs, body: 'attributes' }],
  replace: [{ name: 'replaceEntity', method: 'PUT', path: one, body: 'entity' }],
  delete: [{ name: 'deleteEntity', method: 'DELETE', path: one, body: 'none' }],
  deleteAttrs: [{ name: 'deleteAttrs', method: 'DELETE', path: `${attrs}/{attr}`, body: 'none' }],
};

/** True when the way creates an entity that does not exist. */
export const isCreating = (way: Way): boolean => way === 'create' || way === 'upsert' || way === 'upsertMissing';

/** True when the way leaves attributes as they are that exist. */
export const isKeeping = (way: Way): boolean => way === 'appendMissing' || way === 'upsertMissing';
