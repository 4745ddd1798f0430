/** The operations that every kind of approved definitions has: the approvals, to approve a definition, and to carry it out now. */
import type { Identity } from '../../core/access/identity.ts';
import type { JsonObject } from '../../core/model/json.ts';
import { noSuchTenant, Problem } from '../../core/model/problem.ts';
import { readId } from '../../core/model/read/id.ts';
import type { CallContext, Operation, OperationRequest, OperationResult } from '../../core/operation/operation.ts';
import { type Approval, approvalJson } from './approval.ts';
import type { ApprovedWork, Place } from './approved-work.ts';

export type OperationHead = Omit<Operation, 'run'>;

/** Who may administer the whole tenant decides what leaves it. */
export const definitionHead = {
  clause: '5.15',
  access: 'administer',
  media: ['json'],
  body: 'none',
  parameters: [],
} as const satisfies Partial<Operation>;

/** The operations of one kind, such as `Aggregate` below `/aggregates`. */
export interface ApprovalHeads {
  readonly list: OperationHead;
  readonly retrieve: OperationHead;
  readonly approve: OperationHead;
  readonly run: OperationHead;
}

export function approvalHeads(name: string, path: string): ApprovalHeads {
  const read = { ...definitionHead, method: 'GET', action: 'read' } as const;
  const write = { ...definitionHead, method: 'POST', action: 'write' } as const;
  return {
    list: { ...read, name: `list${name}s`, path },
    retrieve: { ...read, name: `retrieve${name}`, path: `${path}/{id}` },
    approve: { ...write, name: `approve${name}`, path: `${path}/{id}/approve` },
    run: { ...write, name: `run${name}`, path: `${path}/{id}/run` },
  };
}

/** `run` of the heads without its parameters: carries out what is due. */
export const createApprovalOperations = (heads: ApprovalHeads, work: ApprovedWork): readonly Operation[] => [
  {
    ...heads.list,
    run: async (_request, { store }) =>
      answer((await work.approvals.list(store)).map(([id, approval]) => approvalJson(id, approval))),
  },
  {
    ...heads.retrieve,
    run: async (request, call) => answer(approvalJson(idOf(request), await approvalOf(request, call, work))),
  },
  {
    ...heads.approve,
    async run(request, call) {
      const approval = await work.approve(idOf(request), await placeOf(call), ownerOf(call));
      return answer(approvalJson(idOf(request), approval));
    },
  },
  {
    ...heads.run,
    async run(request, call) {
      await approvalOf(request, call, work);
      return answer(approvalJson(idOf(request), await work.run(idOf(request), await runningPlace(call))));
    },
  },
];

export const answer = (shown: JsonObject | readonly JsonObject[]): OperationResult => ({
  kind: 'found',
  text: JSON.stringify(shown),
});

export const idOf = ({ path }: OperationRequest): string => readId(path['id'], 'the id of the definition');

/** Throws ResourceNotFound. */
export async function approvalOf(
  request: OperationRequest,
  { store }: CallContext,
  { approvals }: Pick<ApprovedWork, 'approvals'>,
): Promise<Approval> {
  const id = idOf(request);
  const approval = await approvals.read(store, id);
  if (approval) return approval;
  throw new Problem('ResourceNotFound', `No definition ${id} has been approved.`);
}

/** The place of the call, when this broker carries out periodic work. Throws Conflict when another one does. */
export function runningPlace(call: CallContext): Promise<Place> {
  if (!call.services.stores.partitions.holds(0))
    throw new Problem('Conflict', 'Another broker on the same store runs the jobs. Ask that one.');
  return placeOf(call);
}

/** The whole store of the tenant: the work outlasts the call, and its rights are those of the owner. */
async function placeOf({ tenant, services }: CallContext): Promise<Place> {
  const store = await services.stores.open(tenant, false);
  if (!store) throw noSuchTenant(tenant);
  return { tenant, store };
}

function ownerOf({ principal: { identity }, services }: CallContext): Identity | undefined {
  if (services.access.isOpen) return undefined;
  const { kind, subject, roles } = identity;
  return { kind, subject, roles };
}
