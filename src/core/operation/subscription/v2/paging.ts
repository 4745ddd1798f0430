/** Reads the paging parameters of NGSI v2. */
import { badRequest } from '../../../v2/problem.ts';
import type { OperationRequest } from '../../operation.ts';

const pageDefault = 20;
const pageMax = 1000;

/** `limit` may be 0. Throws BadRequest with the wording of Orion. */
export function readV2Paging({ limit = String(pageDefault), offset = '0' }: OperationRequest['params']): {
  readonly limit: number;
  readonly offset: number;
} {
  if (!/^\d{1,9}$/.test(limit))
    throw badRequest(`Bad pagination limit: /${limit}/ [must be a positive integer number]`);
  if (Number(limit) > pageMax) throw badRequest(`Bad pagination limit: /${limit}/ [max: ${pageMax}]`);
  if (!/^\d{1,15}$/.test(offset)) throw badRequest(`Bad pagination offset: /${offset}/ [must be a decimal number]`);
  return { limit: Number(limit), offset: Number(offset) };
}
