/** The operations on indicators: what is approved, to approve one, to compute it now, and to compute past periods again. */
import { microsOf } from '../../core/model/instant.ts';
import { badData, Problem } from '../../core/model/problem.ts';
import type { Operation, OperationRequest } from '../../core/operation/operation.ts';
import { approvalJson } from '../definition/approval.ts';
import {
  answer,
  approvalHeads,
  approvalOf,
  createApprovalOperations,
  idOf,
  type OperationHead,
  runningPlace,
} from '../definition/approval-operations.ts';
import type { ApprovedWork } from '../definition/approved-work.ts';

const approving = approvalHeads('Indicator', '/indicators');
const repeating: OperationHead = {
  ...approving.run,
  name: 'repeatIndicator',
  path: '/indicators/{id}/repeat',
  parameters: ['from', 'to'],
};

/** What openapi.yaml describes of the operations. */
export const indicatorOperationHeads: readonly OperationHead[] = [
  approving.list,
  approving.retrieve,
  approving.approve,
  approving.run,
  repeating,
];

export const createIndicatorOperations = (indicators: ApprovedWork): readonly Operation[] => [
  ...createApprovalOperations(approving, indicators),
  {
    ...repeating,
    async run(request, call) {
      const interval = { from: momentIn(request, 'from'), to: momentIn(request, 'to') };
      if (interval.from >= interval.to) throw badData('The parameter from must be before to.');
      const approval = await approvalOf(request, call, indicators);
      const periods = await indicators.repeat(idOf(request), await runningPlace(call), interval);
      return answer({ ...approvalJson(idOf(request), approval), periods });
    },
  },
];

function momentIn({ params }: OperationRequest, name: string): number {
  const text = params[name];
  if (text === undefined) throw new Problem('InvalidRequest', `The parameter ${name} must be given.`);
  const micros = microsOf(text);
  if (micros === undefined) throw badData(`The parameter ${name} must be a time such as 2026-03-01T00:00:00Z.`);
  return micros;
}
