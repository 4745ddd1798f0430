/** The operations on aggregate jobs: what is approved, to approve one, to run it now, and the privacy report. */
import { instantOf } from '../../core/model/instant.ts';
import type { JsonObject } from '../../core/model/json.ts';
import { badData, noSuchTenant, Problem } from '../../core/model/problem.ts';
import { readId } from '../../core/model/read/id.ts';
import type { CallContext, Operation, OperationRequest, OperationResult } from '../../core/operation/operation.ts';
import { readWhole } from '../../core/operation/parameters.ts';
import type { Store } from '../../core/port/store.ts';
import type { Aggregates } from './aggregates.ts';
import { type Approval, listApprovals, listReports, readApproval } from './documents.ts';

/** Who may administer the whole tenant of the source decides what leaves it. */
const head = {
  clause: '5.15',
  access: 'administer',
  media: ['json'],
  body: 'none',
} as const satisfies Partial<Operation>;

/** What openapi.yaml describes of the operations. */
export const aggregateOperationHeads = {
  listAggregates: {
    ...head,
    name: 'listAggregates',
    method: 'GET',
    path: '/aggregates',
    parameters: [],
    action: 'read',
  },
  retrieveAggregate: {
    ...head,
    name: 'retrieveAggregate',
    method: 'GET',
    path: '/aggregates/{id}',
    parameters: [],
    action: 'read',
  },
  approveAggregate: {
    ...head,
    name: 'approveAggregate',
    method: 'POST',
    path: '/aggregates/{id}/approve',
    parameters: [],
    action: 'write',
  },
  runAggregate: {
    ...head,
    name: 'runAggregate',
    method: 'POST',
    path: '/aggregates/{id}/run',
    parameters: [],
    action: 'write',
  },
  reportAggregate: {
    ...head,
    name: 'reportAggregate',
    method: 'GET',
    path: '/aggregates/{id}/report',
    parameters: ['limit'],
    action: 'read',
  },
} as const satisfies Readonly<Record<string, Omit<Operation, 'run'>>>;

/** Reports in one answer. */
const [reportsInitial, reportsMax] = [10, 1000];

const idOf = ({ path }: OperationRequest): string => readId(path['id'], 'the id of the aggregate job');

const answer = (shown: JsonObject | readonly JsonObject[]) => ({ kind: 'found', text: JSON.stringify(shown) }) as const;

export const createAggregateOperations = (aggregates: Aggregates): readonly Operation[] => [
  {
    ...aggregateOperationHeads.listAggregates,
    run: async (_request, { store }) =>
      answer((await listApprovals(store)).map(([id, approval]) => approvalJson(id, approval))),
  },
  {
    ...aggregateOperationHeads.retrieveAggregate,
    async run(request, { store }) {
      const id = idOf(request);
      return answer(approvalJson(id, await foundIn(store, id)));
    },
  },
  {
    ...aggregateOperationHeads.approveAggregate,
    async run(request, call) {
      const id = idOf(request);
      return answer(approvalJson(id, await aggregates.approve(id, await placeOf(call), ownerOf(call))));
    },
  },
  {
    ...aggregateOperationHeads.runAggregate,
    async run(request, call) {
      const id = idOf(request);
      await foundIn(call.store, id);
      if (!call.services.stores.partitions.holds(0))
        throw new Problem('Conflict', 'Another broker on the same store runs the jobs. Ask that one.');
      return answer(approvalJson(id, await aggregates.run(id, await placeOf(call))));
    },
  },
  { ...aggregateOperationHeads.reportAggregate, run: report },
];

async function report(request: OperationRequest, { store }: CallContext): Promise<OperationResult> {
  const id = idOf(request);
  const limit = readWhole(request.params, 'limit', 1) ?? reportsInitial;
  if (limit > reportsMax) throw badData(`The parameter limit must be at most ${reportsMax}, not ${limit}.`);
  await foundIn(store, id);
  return { kind: 'found', text: JSON.stringify(await listReports(store, id, limit)) };
}

async function foundIn(store: Store, id: string): Promise<Approval> {
  const approval = await readApproval(store, id);
  if (approval) return approval;
  throw new Problem('ResourceNotFound', `No aggregate job ${id} has been approved.`);
}

/** The whole store of the tenant: a run outlasts the call, and its rights are those of the owner. */
async function placeOf({ tenant, services }: CallContext) {
  const store = await services.stores.open(tenant, false);
  if (!store) throw noSuchTenant(tenant);
  return { tenant, store };
}

function ownerOf({ principal: { identity }, services }: CallContext) {
  if (services.access.isOpen) return undefined;
  const { kind, subject, roles } = identity;
  return { kind, subject, roles };
}

const approvalJson = (id: string, { owner, approvedAt, definition, lastRun, releasedTo }: Approval): JsonObject => ({
  id,
  approvedAt,
  ...(owner ? { approvedBy: owner.subject } : undefined),
  definition,
  ...(releasedTo === undefined ? undefined : { releasedTo: instantOf(releasedTo) }),
  ...(lastRun ? { lastRun: { ...lastRun, result: lastRun.problem === undefined ? 'done' : 'failed' } } : undefined),
});
