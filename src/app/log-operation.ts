/** The operation that shows administrators the log of the last hour. */
import { requireAdministrator } from '../core/operation/access/administrator.ts';
import type { Operation } from '../core/operation/operation.ts';

/** What openapi.yaml describes of the operation. */
export const logOperationHead = {
  name: 'readLog',
  clause: '5.15',
  method: 'GET',
  path: '/access/log',
  action: 'read',
  access: 'administer',
  parameters: [],
  media: ['json'],
  body: 'none',
  unknownTenant: 'ignore',
} as const satisfies Omit<Operation, 'run'>;

/** `lines`: JSON objects as texts, oldest first. They are answered newest first. */
export const createLogOperation = (lines: () => readonly string[]): Operation => ({
  ...logOperationHead,
  run(_request, call) {
    requireAdministrator(call, 'see the log');
    return Promise.resolve({ kind: 'found', text: `[${lines().toReversed().join(',')}]` } as const);
  },
});
