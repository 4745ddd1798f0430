/** Fills snapshots in the background: copies what queries find, page by page, here and at context sources (clause 5.16.1). */
import type { Filter } from '../../language/filter.ts';
import { isShown, type Projection } from '../../language/projection.ts';
import type { Entity } from '../../model/entity.ts';
import type { EntityHistory } from '../../model/history.ts';
import type { Instant } from '../../model/instant.ts';
import { Problem } from '../../model/problem.ts';
import { changeDocument } from '../../port/document-collection.ts';
import { histories } from '../../port/histories.ts';
import type { PastInstance, Store, Stored } from '../../port/store.ts';
import { instancesOf } from '../../representation/render.ts';
import { contentInParts, createContentOf } from '../content.ts';
import { describeProblem } from '../describe-problem.ts';
import { queryMerged, registrationsForRead } from '../distributed/distributed-read.ts';
import { resolveLinks } from '../linked-query.ts';
import type { CallContext } from '../operation.ts';
import { readableStore } from './readable-store.ts';
import { type QueryDetail, type SnapshotDocument, snapshotCollection, snapshotIn, snapshotJson } from './document.ts';
import { notifySnapshot } from './notify.ts';
import type { SnapshotQueries, SnapshotQuery } from './read-snapshot.ts';
import type { SnapshotWork } from './runs.ts';

/** What a snapshot is filled from. */
export interface Filling {
  readonly document: SnapshotDocument;
  /** The store of the tenant, unguarded. */
  readonly tenantStore: Store;
  /** The request that created the snapshot. */
  readonly call: CallContext;
  /** Copies into the store of the snapshot. Returns the results of the queries. */
  readonly copy: (target: Target) => Promise<QueryResults>;
}

type QueryResults = Pick<SnapshotDocument, 'details' | 'temporalDetails'>;

/** Where copies go. */
interface Target {
  readonly put: (entities: readonly Entity[]) => Promise<void>;
  readonly record: (instances: readonly PastInstance[]) => Promise<void>;
}

/** The work that fills a snapshot, stores its status, and notifies. */
export const fillingOf = (filling: Filling): SnapshotWork => ({
  fill: (isStopping) => fill(filling, isStopping),
  beat: () => change(filling, (latest, at) => ({ ...latest, aliveAt: at })),
});

async function fill(filling: Filling, isStopping: () => boolean): Promise<void> {
  const { document, tenantStore, call, copy } = filling;
  const { stores } = call.services;
  const store = await stores.open(document.store, true);
  // It was deleted before its turn came.
  if (!store || !(await change(filling, (latest, at) => ({ ...latest, aliveAt: at }))))
    return stores.drop(document.store);
  const target = createTarget(store, {
    call,
    document,
    tick: () => {
      if (isStopping()) throw new Problem('Unavailable', 'The broker is being stopped.');
    },
  });
  const results = await copy(target).catch((error: unknown) => failed(error, call));
  if (isStopping()) return;
  await change(filling, (latest, at) => ({
    ...latest,
    ...results,
    status: statusOf(results),
    modifiedAt: at,
    aliveAt: at,
  }));
  const done = snapshotIn(await tenantStore.collection(snapshotCollection).get(document.id));
  if (done?.store === document.store) notifySnapshot(done, call);
}

/** Changes the stored document. False: the snapshot was deleted. */
async function change(
  { document, tenantStore, call }: Filling,
  next: (latest: SnapshotDocument, at: Instant) => SnapshotDocument,
): Promise<boolean> {
  let isThere = false;
  await changeDocument(tenantStore.collection(snapshotCollection), document.id, (json) => {
    const latest = snapshotIn(json);
    isThere = latest?.store === document.store;
    return latest && isThere ? snapshotJson(next(latest, call.services.clock.now())) : undefined;
  });
  return isThere;
}

interface TargetContext {
  readonly call: CallContext;
  readonly document: SnapshotDocument;
  /** Called before each write. Throws when the broker is being stopped. */
  readonly tick: () => void;
}

/** Instances that one write records. */
const recordMax = 1000;

function createTarget(store: Store, { call, document, tick }: TargetContext): Target {
  const { snapshotEntitiesMax } = call.services.limits;
  let count = 0;
  return {
    async put(entities) {
      tick();
      const outcomes = await store.apply(
        entities.map((entity) => ({ mutation: { op: 'copy', id: entity.id, entity } })),
        document.createdAt,
      );
      count += outcomes.filter(({ status }) => status === 'created').length;
      if (count > snapshotEntitiesMax)
        throw new Problem('TooManyResults', `A snapshot has at most ${snapshotEntitiesMax} entities.`);
    },
    async record(instances) {
      for (let start = 0; start < instances.length; start += recordMax) {
        tick();
        await store.record(instances.slice(start, start + recordMax), document.createdAt);
      }
    },
  };
}

/** Success needs a result of every query, partial of at least one; empty when some queries ran, and found nothing. */
function statusOf({ details, temporalDetails }: QueryResults): SnapshotDocument['status'] {
  const results = [...details, ...temporalDetails].map((one) => one['resultStatus']);
  if (results.every((one) => one === 'success')) return 'success';
  if (results.includes('success')) return 'partial';
  return results.includes('empty') ? 'empty' : 'failure';
}

/** Copies what the queries find. A query that fails does not stop the others. */
export const copyQueries =
  (queries: SnapshotQueries, tenantStore: Store, call: CallContext): Filling['copy'] =>
  async (target) => {
    const details: QueryDetail[] = [];
    for (const query of queries.present)
      details.push(await resultOf(() => copyEntities(query, target, readingBy(tenantStore, 'read', call))));
    const temporalDetails: QueryDetail[] = [];
    for (const query of queries.temporal)
      temporalDetails.push(await resultOf(() => copyHistories(query, target, readingBy(tenantStore, 'history', call))));
    return { details, temporalDetails };
  };

const readingBy = (store: Store, access: 'read' | 'history', call: CallContext): CallContext => ({
  ...call,
  store: readableStore(store, access, call),
});

/** The result of a query that returns how many entities it found. */
async function resultOf(query: () => Promise<number>): Promise<QueryDetail> {
  try {
    return { resultStatus: (await query()) > 0 ? 'success' : 'empty' };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return failure(error);
  }
}

const failure = ({ report }: Problem): QueryDetail => ({
  resultStatus: 'failure',
  problemDetails: describeProblem(report),
});

/** The result of a copy that failed as a whole. */
function failed(error: unknown, { services }: CallContext): QueryResults {
  if (error instanceof Problem) return { details: [failure(error)], temporalDetails: [] };
  services.observe({ kind: 'failed', where: 'snapshot', cause: error });
  const unexpected = new Problem('InternalError', 'The snapshot could not be filled.');
  return { details: [failure(unexpected)], temporalDetails: [] };
}

/** Entities that are read and written together. */
const pageSize = 200;

async function copyEntities(query: SnapshotQuery, target: Target, call: CallContext): Promise<number> {
  const { filter: asked, params, projection } = query;
  const filter = asked.q ? { ...asked, q: await resolveLinks(asked.q, call) } : asked;
  const index = registrationsForRead(params, call);
  // A call of its own: each query may take as long as one of a client.
  const merged = index && (await queryMerged({ index: await index, filter, projection, params }, { ...call }));
  const content = createContentOf(filter, call);
  let count = 0;
  for await (const page of merged ? [merged.found] : localPages(filter, call)) {
    for await (const part of contentInParts(page, content)) {
      await target.put(part.map((stored) => projected(stored.entity(), query)));
      count += part.length;
    }
  }
  return count;
}

async function* localPages(filter: Filter, { store, now }: CallContext): AsyncGenerator<readonly Stored[]> {
  const plan = { filter, now, limit: pageSize, isLazy: true };
  let page = await store.find(plan);
  for (;;) {
    yield page;
    const after = page.at(-1)?.cursor;
    if (after === undefined || page.length < pageSize) return;
    page = await store.find({ ...plan, after });
  }
}

/** The entity with the attributes and datasets that a query shows. */
function projected(entity: Entity, { projection, datasetIds }: SnapshotQuery): Entity {
  const datasets = datasetIds && new Set(datasetIds);
  if (!datasets && isWhole(projection)) return entity;
  const attrs = Object.entries(entity.attrs).flatMap(([name, instances]) => {
    const shown = datasets ? instancesOf(instances, datasets) : instances;
    return isShown(projection, name) && shown.length > 0 ? [[name, shown] as const] : [];
  });
  return { ...entity, attrs: Object.fromEntries(attrs) };
}

const isWhole = ({ attrs, pick, omit }: Projection): boolean => !attrs && !pick && !omit;

/** Instances that are read together. */
const instancesPage = 20_000;

async function copyHistories(
  { filter, projection, datasetIds, temporal }: SnapshotQueries['temporal'][number],
  target: Target,
  call: CallContext,
): Promise<number> {
  const { limits } = call.services;
  const parts = {
    temporal,
    now: call.now,
    limitInstances: Math.min(instancesPage, limits.instancesMax),
    ...(filter.attrs ? { attrs: filter.attrs } : undefined),
    ...(datasetIds ? { datasetIds } : undefined),
  };
  let count = 0;
  for await (const history of histories({ filter, parts }, Number.MAX_SAFE_INTEGER, call)) {
    await target.record(instancesIn(history).filter(({ name }) => isShown(projection, name)));
    count += 1;
    if (count > limits.snapshotEntitiesMax)
      throw new Problem('TooManyResults', `A snapshot has at most ${limits.snapshotEntitiesMax} histories.`);
  }
  return count;
}

const instancesIn = ({ id, types, attrs }: EntityHistory): readonly PastInstance[] =>
  Object.entries(attrs).flatMap(([name, instances]) =>
    instances.map(({ instanceId: _id, summaries: _summaries, ...instance }) => ({ id, types, name, instance })),
  );

/** Copies everything of another snapshot that the caller may read. The results of its queries stay. */
export const copySnapshot =
  (source: SnapshotDocument, sourceStore: Store, call: CallContext): Filling['copy'] =>
  async (target) => {
    const { details, temporalDetails } = source;
    const all: SnapshotQuery = { filter: {}, projection: {}, params: { local: 'true' }, datasetIds: undefined };
    await copyEntities(all, target, readingBy(sourceStore, 'read', call));
    if (call.principal.rights('history', call.tenant).extent !== 'none')
      await copyHistories(
        { ...all, temporal: { timeproperty: 'any' } },
        target,
        readingBy(sourceStore, 'history', call),
      );
    return { details, temporalDetails };
  };
