/** Tests who may let aggregates leave a tenant, and that a job ends with the rights of who approved it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type RequiredBroker, startRequiredBroker } from '../../edge/access/required-broker.ts';

const id = 'urn:ngsi-ld:AggregateJob:lamps';
const inA = { 'NGSILD-Tenant': 'a' };
const job = {
  id,
  type: 'AggregateJob',
  sourceType: 'Lamp',
  aggregatedAttribute: 'power',
  period: 'PT1H',
  targetTenant: 'public',
};

let broker: RequiredBroker;
const keys = new Map<string, string>();
let lastGrant = '';

beforeAll(async () => {
  broker = await startRequiredBroker();
  const everything = ['read', 'write', 'history', 'administer'] as const;
  for (const [role, grants] of Object.entries({
    writer: [{ operations: ['read', 'write', 'history'], tenants: ['a', 'public'] }],
    source: [{ operations: everything, tenants: ['a'] }],
    blind: [
      { operations: ['write', 'administer'], tenants: ['a'] },
      { operations: ['write'], tenants: ['public'] },
    ],
    both: [
      { operations: everything, tenants: ['a'] },
      { operations: ['write'], tenants: ['public'] },
    ],
  })) {
    keys.set(role, await broker.key(role));
    for (const grant of grants) lastGrant = await broker.grant({ to: `role:${role}`, ...grant });
  }
  await broker.send('POST /ngsi-ld/v1/entities', { key: broker.administrator, body: job, headers: inA });
});
afterAll(() => broker.stop());

const send = (what: string, role: string) =>
  broker.send(`POST /ngsi-ld/v1/aggregates/${id}/${what}`, {
    key: keys.get(role) ?? broker.administrator,
    headers: { ...inA, 'Content-Type': 'application/json' },
  });

test.each([
  ['writer', 403],
  ['source', 403],
  ['blind', 403],
  ['both', 200],
])('who has the rights of %s is answered %d for an approval', async (role, status) => {
  expect(await send('approve', role)).toMatchObject({ status });
});

test('a job ends with the rights of who approved it', async () => {
  expect((await send('run', 'administrator')).status).toBe(200);
  await broker.remove(lastGrant);
  const ran: unknown = JSON.parse((await send('run', 'administrator')).text);
  expect(ran).toMatchObject({
    approvedBy: 'key:both',
    lastRun: { result: 'failed', problem: expect.stringContaining('write all of the tenant public') },
  });
});
