/** Properties that many operations share: an operation spreads one of these and adds its own. */
import type { Operation } from './operation.ts';

/** A GET without a body, answered in JSON or JSON-LD. */
export const readHead = {
  method: 'GET',
  action: 'read',
  access: 'read',
  media: ['json', 'ld+json'],
  body: 'none',
} as const satisfies Partial<Operation>;

/** A write. If the answer has a body, it is JSON or JSON-LD. */
export const writeHead = {
  action: 'write',
  access: 'write',
  media: ['json', 'ld+json'],
} as const satisfies Partial<Operation>;

/** A write of many elements in one array. */
export const batchHead = { ...writeHead, method: 'POST', body: 'array' } as const satisfies Partial<Operation>;
