/** The operations on aggregate jobs: what is approved, to approve one, to run it now, and the privacy report. */
import { badData } from '../../core/model/problem.ts';
import type { Operation } from '../../core/operation/operation.ts';
import { readWhole } from '../../core/operation/parameters.ts';
import {
  approvalHeads,
  approvalOf,
  createApprovalOperations,
  definitionHead,
  idOf,
  type OperationHead,
} from '../definition/approval-operations.ts';
import type { ApprovedWork } from '../definition/approved-work.ts';
import { listReports } from './reports.ts';

const approving = approvalHeads('Aggregate', '/aggregates');
const reporting: OperationHead = {
  ...definitionHead,
  name: 'reportAggregate',
  method: 'GET',
  path: '/aggregates/{id}/report',
  parameters: ['limit'],
  action: 'read',
};

/** What openapi.yaml describes of the operations. */
export const aggregateOperationHeads: readonly OperationHead[] = [
  approving.list,
  approving.retrieve,
  approving.approve,
  approving.run,
  reporting,
];

/** Reports in one answer. */
const [reportsInitial, reportsMax] = [10, 1000];

export const createAggregateOperations = (aggregates: ApprovedWork): readonly Operation[] => [
  ...createApprovalOperations(approving, aggregates),
  {
    ...reporting,
    async run(request, call) {
      const limit = readWhole(request.params, 'limit', 1) ?? reportsInitial;
      if (limit > reportsMax) throw badData(`The parameter limit must be at most ${reportsMax}, not ${limit}.`);
      await approvalOf(request, call, aggregates);
      return { kind: 'found', text: JSON.stringify(await listReports(call.store, idOf(request), limit)) };
    },
  },
];
