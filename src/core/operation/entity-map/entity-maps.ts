/** Operations on entity maps: retrieve, update and delete (clauses 5.14.1 to 5.14.3). */
import { type EntityMap, idInReference, withoutEntities } from '../../federation/entity-map.ts';
import { compareInstants, microsOf } from '../../model/instant.ts';
import { badData, Problem } from '../../model/problem.ts';
import { quoted, readId } from '../../model/read/id.ts';
import type { SourceRequest } from '../../port/sources.ts';
import { forEachSource, orProblem } from '../distributed/concerned-sources.ts';
import { registrationsForRead } from '../distributed/distributed-read.ts';
import { boundExpiry, dropEntityMap, findEntityMap, setExpiry, textOfMap } from '../distributed/entity-maps.ts';
import { requestOf, targetOf } from '../distributed/source-request.ts';
import { readHead } from '../heads.ts';
import type { CallContext, Operation, OperationRequest } from '../operation.ts';
import { bodyOf } from '../parameters.ts';

/** Whoever may read makes maps by reading, and so may change and delete them. */
const common = { ...readHead, checksDocuments: true, path: '/entityMaps/{id}', parameters: [] } as const;

export const retrieveEntityMap: Operation = {
  ...common,
  name: 'retrieveEntityMap',
  clause: '5.14.1',
  async run(request, call) {
    const map = await visibleNow(await existing(request, call), call);
    return { kind: 'found', text: await textOfMap(map, call) };
  },
};

/** The map. Throws ResourceNotFound. */
async function existing({ path }: Pick<OperationRequest, 'path'>, call: CallContext): Promise<EntityMap> {
  const id = readId(path['id'], 'the id of the entity map');
  const map = await findEntityMap(id, call);
  if (map) return map;
  throw new Problem('ResourceNotFound', `There is no entity map ${id}.`);
}

/** The map without the entities that its owner may not see any more. */
async function visibleNow(map: EntityMap, { principal, tenant, store, now }: CallContext): Promise<EntityMap> {
  if (principal.rights('read', tenant).extent === 'full' || map.entities.size === 0) return map;
  const ids = [...map.entities.keys()];
  const seen = await store.find({ filter: { selectors: [{ ids }] }, now, limit: ids.length, isLazy: true });
  const visible = new Set(seen.map(({ id }) => id));
  return { ...map, ...withoutEntities(map, new Set(ids.filter((id) => !visible.has(id)))) };
}

export const updateEntityMap: Operation = {
  ...common,
  name: 'updateEntityMap',
  clause: '5.14.2',
  method: 'PATCH',
  body: 'object',
  async run(request, call) {
    const map = await existing(request, call);
    // Its other members are only for output, and ignored.
    const { expiresAt } = bodyOf(request);
    if (typeof expiresAt !== 'string' || microsOf(expiresAt) === undefined)
      throw badData(
        `The expiresAt of an entity map must be a UTC time such as 2026-03-01T08:00:00Z, not ${quoted(expiresAt)}.`,
      );
    const bounded = boundExpiry(expiresAt, call.now);
    if (compareInstants(bounded, call.now) <= 0) await dropEntityMap(map.id, call.store);
    else await setExpiry(map.id, bounded, call);
    await forwardToLinked(map, { operation: 'updateEntityMap', method: 'PATCH', body: { expiresAt: bounded } }, call);
    return { kind: 'done' };
  },
};

export const deleteEntityMap: Operation = {
  ...common,
  name: 'deleteEntityMap',
  clause: '5.14.3',
  method: 'DELETE',
  async run(request, call) {
    const map = await existing(request, call);
    await dropEntityMap(map.id, call.store);
    await forwardToLinked(map, { operation: 'deleteEntityMap', method: 'DELETE' }, call);
    return { kind: 'done' };
  },
};

interface Forwarded extends Pick<SourceRequest, 'method'> {
  readonly operation: string;
  readonly body?: { readonly expiresAt: string };
}

/** Tells the sources that have made maps of their own. A source that fails changes nothing: its map ends by itself. */
async function forwardToLinked(map: EntityMap, what: Forwarded, call: CallContext): Promise<void> {
  const { sources } = call.services;
  const index = await registrationsForRead({}, call);
  if (!sources || !index) return;
  const { operation, method, body } = what;
  await forEachSource(Object.entries(map.linked), ([registrationId, reference]) =>
    orProblem(async () => {
      const registration = index.get(registrationId);
      if (registration?.operations.has(operation) !== true) return;
      const path = `/entityMaps/${encodeURIComponent(idInReference(reference))}`;
      const target = await targetOf(registration, call);
      const request = requestOf(target, { method, path, params: {}, ...(body ? { body } : undefined) });
      await sources.ask({ ...request, group: call });
    }),
  );
}
