/** Properties that the operations of NGSI v2 share: an operation spreads one of these and adds its own. */
import type { Operation } from '../operation.ts';

const common = { clause: 'NGSI v2', parameters: [], media: ['json'] } as const satisfies Partial<Operation>;

/** A GET. An unknown tenant is empty. */
export const v2ReadHead = {
  ...common,
  method: 'GET',
  action: 'read',
  access: 'read',
  body: 'none',
  unknownTenant: 'empty',
} as const satisfies Partial<Operation>;

/** A write that needs an existing entity. */
export const v2WriteHead = {
  ...common,
  action: 'write',
  access: 'write',
  body: 'object',
  unknownTenant: 'empty',
} as const satisfies Partial<Operation>;

/** A write that can create entities, and with them the tenant. */
export const v2CreateHead = { ...v2WriteHead, unknownTenant: 'create' } as const satisfies Partial<Operation>;
