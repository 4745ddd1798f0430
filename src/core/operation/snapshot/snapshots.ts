/** Operations on snapshots: create, clone, retrieve, update, delete and purge (clauses 5.16.1 to 5.16.6). */
import type { Query } from '../../language/filter.ts';
import { compileFilter } from '../../language/matches/matches.ts';
import { parseQ } from '../../language/q/q.ts';
import type { JsonObject } from '../../model/json.ts';
import { badData, noSuchTenant, Problem } from '../../model/problem.ts';
import { readId } from '../../model/read/id.ts';
import { changeDocument } from '../../port/document-collection.ts';
import { serialized } from '../../port/serialized.ts';
import { snapshotStoreName } from '../../port/snapshot-store.ts';
import type { Store } from '../../port/store.ts';
import { describeProblem } from '../describe-problem.ts';
import { readHead, writeHead } from '../heads.ts';
import type { CallContext, Operation, OperationRequest, OperationResult } from '../operation.ts';
import { bodyOf } from '../parameters.ts';
import {
  asEntity,
  isGone,
  mayManage,
  priorityOf,
  queriedMembers,
  shownSnapshot,
  type SnapshotDocument,
  snapshotCollection,
  snapshotIn,
  snapshotJson,
  unknown,
} from './document.ts';
import { copyQueries, copySnapshot, type Filling, fillingOf } from './fill.ts';
import { dropSnapshot, findSnapshot, listSnapshots, makeRoom } from './keeping.ts';
import { notifySnapshot } from './notify.ts';
import { withContext } from '../view.ts';
import { expiryOf, newId, patchedSettings, readQueries, readSettings } from './read-snapshot.ts';

const common = { ...writeHead, checksDocuments: true, parameters: [] } as const;

export const createSnapshot: Operation = {
  ...common,
  name: 'createSnapshot',
  clause: '5.16.1',
  method: 'POST',
  path: '/snapshots',
  body: 'object',
  async run(request, call) {
    requireWholeTenant(call);
    const body = bodyOf(request);
    const members = readSettings(body, ['snapshotQueries', 'snapshotTemporalQueries'], call);
    const queries = readQueries(members, call);
    const tenantStore = await tenantStoreOf(call);
    return begin(
      { id: newId(body['id'], call), members, details: [], temporalDetails: [] },
      { tenantStore, call },
      copyQueries(queries, tenantStore, call),
    );
  },
};

export const cloneSnapshot: Operation = {
  ...common,
  name: 'cloneSnapshot',
  clause: '5.16.2',
  method: 'POST',
  path: '/snapshots/{id}/clone',
  body: 'objectOrNone',
  async run(request, call) {
    requireWholeTenant(call);
    const source = await visible(idOf(request), call);
    const body = { type: 'Snapshot', ...bodyOf(request) };
    const given = readSettings(body, [], call);
    if (source.status === 'preparing')
      throw new Problem('Conflict', `The snapshot ${source.id} is still being prepared.`);
    const tenantStore = await tenantStoreOf(call);
    const sourceStore = await call.services.stores.open(source.store, false);
    if (!sourceStore) throw unknown(source.id);
    const { endpoint: _endpoint, receiverInfo: _receiverInfo, ...members } = source.members;
    const { details, temporalDetails } = source;
    const started = {
      id: newId(bodyOf(request)['id'], call),
      members: { ...members, ...given },
      details,
      temporalDetails,
    };
    return begin(started, { tenantStore, call }, copySnapshot(source, sourceStore, call));
  },
};

/** Throws Forbidden for a caller who may not make snapshots. */
function requireWholeTenant({ principal, tenant }: CallContext): void {
  if (principal.rights('write', tenant).extent !== 'full')
    throw new Problem('Forbidden', 'A snapshot takes room of the whole tenant, and you are granted only a part of it.');
}

interface Beginning {
  readonly tenantStore: Store;
  readonly call: CallContext;
}

/** Stores a new snapshot and begins to fill it. */
async function begin(
  started: Pick<SnapshotDocument, 'id' | 'members' | 'details' | 'temporalDetails'>,
  { tenantStore, call }: Beginning,
  copy: Filling['copy'],
): Promise<OperationResult> {
  const { services, now, principal } = call;
  services.snapshots.requireRoom();
  const document: SnapshotDocument = {
    ...started,
    store: snapshotStoreName(services.ids.next('Store').replace(/^.*:/, '')),
    status: 'preparing',
    createdAt: now,
    modifiedAt: now,
    expiresAt: expiryOf(started.members, now, call),
    aliveAt: now,
    ...(services.access.isOpen ? undefined : { owner: principal.identity.subject }),
  };
  // One at a time, so that those stored together are not more than there is room for.
  await serialized(call, snapshotCollection, () => store(document, { tenantStore, call }));
  services.snapshots.begin(document.store, fillingOf({ document, tenantStore, call, copy }));
  return {
    kind: 'created',
    location: `/ngsi-ld/v1/snapshots/${document.id}`,
    ...(call.wantsDraft === true ? { isAccepted: true } : undefined),
  };
}

/** Throws AlreadyExists for an id that is taken, and Forbidden when there is no room. */
async function store(document: SnapshotDocument, { tenantStore, call }: Beginning): Promise<void> {
  const collection = tenantStore.collection(snapshotCollection);
  const taken = snapshotIn(await collection.get(document.id));
  if (taken && isGone(taken, call.now)) await dropSnapshot(taken, collection, call.services);
  else if (taken) throw alreadyExists(document.id);
  await makeRoom(priorityOf(document), { store: tenantStore, now: call.now, services: call.services });
  if (!(await collection.replace(document.id, undefined, snapshotJson(document)))) throw alreadyExists(document.id);
}

const alreadyExists = (id: string): Problem => new Problem('AlreadyExists', `There is a snapshot ${id} already.`);

async function tenantStoreOf({ services: { stores }, tenant }: CallContext): Promise<Store> {
  const opened = await stores.open(tenant, false);
  if (!opened) throw noSuchTenant(tenant);
  return opened;
}

export const retrieveSnapshot: Operation = {
  ...readHead,
  checksDocuments: true,
  name: 'retrieveSnapshot',
  clause: '5.16.3',
  path: '/snapshots/{id}',
  parameters: [],
  async run(request, call) {
    return { kind: 'found', text: textOf(await visible(idOf(request), call), call) };
  },
};

/** The snapshot, when the caller may see its queries and their results. Throws ResourceNotFound. */
async function visible(id: string, call: CallContext): Promise<SnapshotDocument> {
  const document = await findSnapshot(id, call);
  if (!mayManage(document, call) && call.principal.rights('read', call.tenant).extent !== 'full') throw unknown(id);
  return document;
}

const textOf = (document: SnapshotDocument, call: CallContext): string =>
  withContext(JSON.stringify(shownSnapshot(document)), call);

export const updateSnapshot: Operation = {
  ...common,
  name: 'updateSnapshot',
  clause: '5.16.4',
  method: 'PATCH',
  path: '/snapshots/{id}',
  body: 'object',
  async run(request, call) {
    const { id } = await manageable(idOf(request), call);
    await changeDocument(call.store.collection(snapshotCollection), id, (json) => {
      const before = snapshotIn(json);
      if (!before) throw unknown(id);
      const members = patchedSettings(before.members, bodyOf(request), call);
      const isExtended = members['snapshotLifetime'] !== before.members['snapshotLifetime'];
      const expiresAt = isExtended ? expiryOf(members, call.now, call) : before.expiresAt;
      return snapshotJson({ ...before, members, expiresAt, modifiedAt: call.now });
    });
    const document = await findSnapshot(id, call);
    notifySnapshot(document, call);
    return { kind: 'found', text: textOf(document, call) };
  },
};

export const deleteSnapshot: Operation = {
  ...common,
  name: 'deleteSnapshot',
  clause: '5.16.5',
  method: 'DELETE',
  path: '/snapshots/{id}',
  body: 'none',
  async run(request, call) {
    await remove(await manageable(idOf(request), call), call);
    return { kind: 'done' };
  },
};

async function remove(document: SnapshotDocument, call: CallContext): Promise<void> {
  await dropSnapshot(document, call.store.collection(snapshotCollection), call.services);
  notifySnapshot({ ...document, expiresAt: call.now }, call);
}

/** The snapshot, when the caller may change it. Throws ResourceNotFound. */
async function manageable(id: string, call: CallContext): Promise<SnapshotDocument> {
  const document = await findSnapshot(id, call);
  if (!mayManage(document, call)) throw unknown(id);
  return document;
}

export const purgeSnapshots: Operation = {
  ...common,
  name: 'purgeSnapshots',
  clause: '5.16.6',
  method: 'DELETE',
  path: '/snapshots',
  parameters: ['q'],
  body: 'none',
  async run({ params: { q } }, call) {
    if (q === undefined) throw badData('The parameter q says which snapshots are deleted; it is needed.');
    const { core } = call.services.contexts;
    const expand = (name: string): string => core.expand(name);
    const test = compileFilter({ q: readQuery(q, call) });
    const chosen = (await listSnapshots(call)).filter(
      (document) => mayManage(document, call) && test(asEntity(document, expand)),
    );
    if (chosen.length === 0) throw new Problem('ResourceNotFound', 'No snapshot meets the condition.');
    return removeAll(chosen, call);
  },
};

/** A query about members of snapshots. */
function readQuery(q: string, { services }: CallContext): Query {
  const { core } = services.contexts;
  const query = parseQ(q, core, { expandValues: [], jsonKeys: [] });
  const known = new Set([
    'id',
    'type',
    'createdAt',
    'modifiedAt',
    'expiresAt',
    ...queriedMembers.map((name) => core.expand(name)),
  ]);
  const wrong = namesIn(query).find((name) => !known.has(name));
  if (wrong === undefined) return query;
  throw badData(
    `The parameter q is about members of snapshots, such as snapshotPriority; ${core.compact(wrong)} is none.`,
  );
}

const namesIn = (query: Query): readonly string[] =>
  'parts' in query ? query.parts.flatMap(namesIn) : [query.path.attr];

async function removeAll(chosen: readonly SnapshotDocument[], call: CallContext): Promise<OperationResult> {
  const success: string[] = [];
  const errors: JsonObject[] = [];
  for (const document of chosen) {
    try {
      await remove(document, call);
      success.push(document.id);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      errors.push({ entityId: document.id, error: describeProblem(error.report) });
    }
  }
  return errors.length === 0 ? { kind: 'done' } : { kind: 'partly', body: { success, errors } };
}

const idOf = ({ path }: OperationRequest): string => readId(path['id'], 'the id of the snapshot');
