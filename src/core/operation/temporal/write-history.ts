/** Operations that write history: add instances of other moments, change and delete them (clauses 5.6.11 to 5.6.16). */
import type { Fragment, Fragments, Instance } from '../../model/attribute.ts';
import { ngsildNull } from '../../model/attribute.ts';
import type { Entity } from '../../model/entity.ts';
import { scopeSeries } from '../../model/history.ts';
import { microsOfInstant } from '../../model/instant.ts';
import { isArray, isObject, isStrings, type Json } from '../../model/json.ts';
import type { Mutation } from '../../model/mutation.ts';
import { badData, Problem } from '../../model/problem.ts';
import { type HistoryFragment, readHistory } from '../../model/read/entity.ts';
import { readId } from '../../model/read/id.ts';
import { readAttributeName } from '../../model/read/name.ts';
import { instanceOf, stampInstance } from '../../model/stamp.ts';
import type { PastInstance, Revision } from '../../port/store.ts';
import type { Answer, Ask, Call, Operation } from '../operation.ts';
import { readBoolean } from '../parameters.ts';
import { resourcePath } from '../resource-path.ts';
import { checkPart } from '../writing.ts';

const common = { action: 'write', media: ['json', 'ld+json'] } as const;

export const upsertTemporal: Operation = {
  ...common,
  name: 'upsertTemporal',
  clause: '5.6.11',
  method: 'POST',
  path: '/temporal/entities',
  parameters: ['local'],
  body: 'object',
  unknownTenant: 'create',
  async run(ask, call) {
    const history = readHistory(ask.body ?? null, call.context);
    const isNew = !(await isKnown(history.id, call));
    await addInstances(history, call);
    return isNew ? { kind: 'created', location: resourcePath('temporal/entities', history.id) } : { kind: 'done' };
  },
};

export const appendTemporal: Operation = {
  ...common,
  name: 'appendTemporal',
  clause: '5.6.12',
  method: 'POST',
  path: '/temporal/entities/{id}/attrs',
  parameters: ['local'],
  body: 'object',
  async run(ask, call) {
    const id = readId(ask.path['id'] ?? '');
    const history = readHistory(ask.body ?? null, call.context, { id });
    if (!(await isKnown(id, call))) throw notFound(id);
    const current = (await call.store.get(id, call.now))?.entity();
    // What becomes known of an entity that is gone does not bring it back.
    if (current) await addInstances(history, call);
    else await record(history, { types: history.types ?? [], present: {} }, call);
    return { kind: 'done' };
  },
};

const notFound = (id: string): Problem => new Problem('ResourceNotFound', `There is no history of ${id}.`);

/** True for an entity that has a history. */
async function isKnown(id: string, { store, now }: Call): Promise<boolean> {
  const plan = {
    filter: { selectors: [{ ids: [id] }] },
    limit: 1,
    now,
    temporal: { timeproperty: 'modifiedAt' },
    limitInstances: 1,
  } as const;
  return (await store.history(plan)).length > 0;
}

/** Adds all instances to history; the newest of each attribute and dataset becomes present unless the present one is newer. */
async function addInstances(history: HistoryFragment, call: Call): Promise<void> {
  const { id, attrs } = history;
  await checkPart(id, history, call);
  const current = (await call.store.get(id, call.now))?.entity();
  const present = newestOf(attrs, current);
  const outcomes = await call.store.apply([{ mutation: presentMutation(history, present, current) }], call.now);
  const refused = outcomes.find((outcome) => outcome.status === 'refused');
  if (refused?.status === 'refused') throw new Problem(refused.problem.type, refused.problem.detail);
  await record(history, { types: history.types ?? current?.types ?? [], present }, call);
}

/** Adds instances to history alone: those that became present are there already, unless they were observed at a time. */
async function record(
  { id, attrs, scopes }: HistoryFragment,
  { types, present }: { readonly types: readonly string[]; readonly present: Fragments },
  call: Call,
): Promise<void> {
  const past = Object.entries({
    ...attrs,
    [scopeSeries]: scopes.filter(({ observedAt }) => observedAt !== undefined),
  }).flatMap(([name, fragments]) =>
    fragments
      .filter((fragment) => fragment.observedAt !== undefined || !present[name]?.includes(fragment))
      .map((fragment) => pastOf({ id, types, name }, fragment, call)),
  );
  if (past.length > 0) await call.store.record(past, call.now);
}

function presentMutation(
  { id, types, scopes }: HistoryFragment,
  attrs: Fragments,
  current: Entity | undefined,
): Mutation {
  const fragment = { attrs, ...(types ? { types } : undefined), ...presentScope(scopes) };
  return current ? { op: 'append', id, fragment, overwrite: true } : { op: 'create', id, entity: { ...fragment, id } };
}

/** The newest scope, as members of a fragment. */
function presentScope(scopes: readonly Fragment[]): { scope?: string | readonly string[]; scopeObservedAt?: string } {
  const newest = scopes.reduce<Fragment | undefined>(
    (best, scope) => (best && isOlder(scope, best) ? best : scope),
    undefined,
  );
  const scope = newest?.value;
  if (typeof scope !== 'string' && !isStrings(scope)) return {};
  return { scope, ...(newest?.observedAt === undefined ? undefined : { scopeObservedAt: newest.observedAt }) };
}

const pastOf = (place: Omit<PastInstance, 'instance'>, fragment: Fragment, { now }: Call): PastInstance => ({
  ...place,
  instance: stampInstance(fragment, undefined, { at: now, ownerCreatedAt: '' }),
});

/** The newest instance of every attribute and dataset that is not older than the present one, and is no deletion. */
function newestOf(attrs: Fragments, current: Entity | undefined): Fragments {
  const newest: Record<string, readonly Fragment[]> = {};
  for (const [name, fragments] of Object.entries(attrs)) {
    const byDataset = new Map<string | undefined, Fragment>();
    for (const fragment of fragments) {
      const best = byDataset.get(fragment.datasetId);
      if (fragment.value !== ngsildNull && (!best || !isOlder(fragment, best)))
        byDataset.set(fragment.datasetId, fragment);
    }
    const kept = [...byDataset.values()].filter((fragment) => {
      const present = instanceOf(current?.attrs[name], fragment.datasetId);
      return !present || !isOlder(fragment, present);
    });
    if (kept.length > 0) newest[name] = kept;
  }
  return newest;
}

/** What was not observed has no time to be older by. */
const isOlder = (a: Fragment, b: Fragment | Instance): boolean =>
  a.observedAt !== undefined &&
  b.observedAt !== undefined &&
  microsOfInstant(a.observedAt) < microsOfInstant(b.observedAt);

export const deleteTemporal: Operation = {
  ...common,
  name: 'deleteTemporal',
  clause: '5.6.16',
  method: 'DELETE',
  path: '/temporal/entities/{id}',
  parameters: ['local'],
  body: 'none',
  run: (ask, call) => revise({ op: 'deleteHistory', id: readId(ask.path['id'] ?? '') }, call),
};

export const deleteTemporalAttribute: Operation = {
  ...common,
  name: 'deleteTemporalAttribute',
  clause: '5.6.13',
  method: 'DELETE',
  path: '/temporal/entities/{id}/attrs/{attr}',
  parameters: ['datasetId', 'deleteAll', 'local'],
  body: 'none',
  run(ask, call) {
    const { datasetId } = ask.params;
    const one = datasetId === undefined || datasetId === '@none' ? {} : { datasetId: readId(datasetId, 'datasetId') };
    const which = readBoolean(ask.params, 'deleteAll') === true ? 'all' : one;
    return revise({ op: 'deleteSeries', ...readPlace(ask, call), which }, call);
  },
};

export const updateTemporalInstance: Operation = {
  ...common,
  name: 'updateTemporalInstance',
  clause: '5.6.14',
  method: 'PATCH',
  path: '/temporal/entities/{id}/attrs/{attr}/{instanceId}',
  parameters: ['local'],
  body: 'object',
  run(ask, call) {
    const { id, name } = readPlace(ask, call);
    const instance = pastOf({ id, types: [], name }, readOneInstance(ask, name, call), call).instance;
    return revise({ op: 'replaceInstance', id, name, instanceId: readInstanceId(ask), instance }, call);
  },
};

/** The body holds the attribute with exactly one instance, or is the instance itself. */
function readOneInstance({ body = null, path }: Ask, name: string, call: Call): Fragment {
  const { id = '', attr = '' } = path;
  const json = memberOf(body, attr) ?? body;
  const { attrs } = readHistory({ [attr]: isArray(json) ? json : [json] }, call.context, { id: readId(id) });
  const [only, ...others] = attrs[name] ?? [];
  if (only && others.length === 0) return only;
  throw badData(`The body must hold one instance of ${name}, and no more.`);
}

const memberOf = (body: Json, name: string): Json | undefined =>
  isObject(body) && Object.hasOwn(body, name) ? body[name] : undefined;

export const deleteTemporalInstance: Operation = {
  ...common,
  name: 'deleteTemporalInstance',
  clause: '5.6.15',
  method: 'DELETE',
  path: '/temporal/entities/{id}/attrs/{attr}/{instanceId}',
  parameters: ['local'],
  body: 'none',
  run: (ask, call) => revise({ op: 'deleteInstance', ...readPlace(ask, call), instanceId: readInstanceId(ask) }, call),
};

function readPlace({ path }: Ask, { context }: Call): { readonly id: string; readonly name: string } {
  return { id: readId(path['id'] ?? ''), name: readAttributeName(path['attr'] ?? '', context) };
}

const readInstanceId = ({ path }: Ask): string => readId(path['instanceId'] ?? '', 'the id of the instance');

async function revise(revision: Revision, { store, now }: Call): Promise<Answer> {
  if (await store.revise(revision, now)) return { kind: 'done' };
  throw notFound('name' in revision ? `${revision.name} of ${revision.id} that could be changed` : revision.id);
}
