/** Provides changes and plans for tests of subscriptions, with names in the core @context and entities from the model. */
import { createContexts } from '../../../src/core/jsonld/resolve.ts';
import type { Change } from '../../../src/core/model/change.ts';
import type { Entity } from '../../../src/core/model/entity.ts';
import type { Json } from '../../../src/core/model/json.ts';
import { mutate } from '../../../src/core/model/mutate.ts';
import type { Mutation } from '../../../src/core/model/mutation.ts';
import { readEntity, readFragment } from '../../../src/core/model/read/entity.ts';
import type { SubscriptionPlan } from '../../../src/core/subscription/plan.ts';
import { readSubscription } from '../../../src/core/subscription/read-subscription.ts';

const contexts = createContexts({ load: () => Promise.reject(new Error('nothing is loaded')), known: {} });
const { core } = contexts;
export const now = '2026-03-01T08:00:00.000Z';

export const planOf = (json: Json): SubscriptionPlan => readSubscription(json, { context: core, now });

/** The whole entity in a body. */
export const create = (json: Json): Mutation => {
  const entity = readEntity(json, core);
  return { op: 'create', id: entity.id, entity };
};
export const update = (id: string, json: Json): Mutation => ({
  op: 'append',
  id,
  overwrite: true,
  fragment: readFragment(json, core, { id, nulls: 'allowed' }),
});

/** What a mutation does, and what the entity is then. */
export function changeBy(
  before: Entity | undefined,
  mutation: Mutation,
  at = now,
): { change: Change; next: Entity | undefined } {
  const { change, next, outcome } = mutate(before, mutation, at);
  if (!change) throw new Error(`Nothing was changed: ${JSON.stringify(outcome)}`);
  return { change, next };
}

/** The change that a second mutation makes of what the first one left. */
export const changeAfter = (first: Json, second: Mutation, at = '2026-03-01T09:00:00.000Z'): Change =>
  changeBy(changeBy(undefined, create(first)).next, second, at).change;

/** A change of an entity that has nothing but its type. */
export const bare: Change = {
  id: 'urn:a:1',
  at: '2026-03-01T08:00:00Z',
  event: 'updated',
  entity: { id: 'urn:a:1', types: ['https://example.org/Boat'], createdAt: '2026-03-01T08:00:00Z', attrs: {} },
  attrs: [],
  scopeChanged: false,
};
