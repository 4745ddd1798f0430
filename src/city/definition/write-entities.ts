/** Writes the results of definitions with the rights of who approved them. */
import type { Identity } from '../../core/access/identity.ts';
import { isArray, isObject, type JsonObject } from '../../core/model/json.ts';
import { Problem } from '../../core/model/problem.ts';
import { upsertBatch } from '../../core/operation/batch/batch-operations.ts';
import type { Caller, Services } from '../../core/operation/operation.ts';
import { perform } from '../../core/operation/perform.ts';

export interface Writing {
  readonly services: Services;
  readonly owner: Identity;
  readonly tenant: string;
}

/** Entities per request. */
const batchSize = 250;

/**
 * Writes entities with expanded names. Values that were observed earlier than the present ones go into the history only. Throws the first
 * Problem of an entity that is refused.
 */
export async function writeEntities(entities: readonly JsonObject[], writing: Writing): Promise<void> {
  const { services, owner, tenant } = writing;
  const principal = services.access.principalOfOwner(owner);
  const caller: Caller = { tenant, principal, context: services.contexts.core, media: 'json' };
  for (let start = 0; start < entities.length; start += batchSize) {
    const body = entities.slice(start, start + batchSize);
    const request = { path: {}, params: { options: 'update,keepNewest' }, body };
    const result = await perform(upsertBatch, request, { caller, services });
    if (result.kind === 'partly') throw new Problem('BadRequestData', firstErrorIn(result.body));
  }
}

function firstErrorIn({ errors }: JsonObject): string {
  const first = isArray(errors) ? errors[0] : undefined;
  const { entityId = '', error } = isObject(first) ? first : {};
  const detail = isObject(error) ? error['detail'] : undefined;
  return `The result ${typeof entityId === 'string' ? entityId : ''} is refused: ${typeof detail === 'string' ? detail : 'for an unknown reason'}`;
}
