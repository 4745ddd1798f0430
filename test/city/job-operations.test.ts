/** Tests the operations on jobs: the list, how the last run went, a run on request, and who may do this. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestBroker, type TestBroker } from '../scenario/scenario.ts';

let broker: TestBroker;
beforeAll(async () => {
  broker = await startTestBroker();
});
afterAll(() => broker.stop());

const send = async (method: string, path: string): Promise<{ status: number; body: unknown }> => {
  const answer = await fetch(`${broker.url}/ngsi-ld/v1${path}`, {
    method,
    headers: { 'Content-Type': 'application/json' },
  });
  return { status: answer.status, body: await answer.json() };
};

const time = expect.stringMatching(/^20\d\d-.*Z$/);

describe('jobs', () => {
  test('are listed with their schedules and next runs', async () => {
    const { status, body } = await send('GET', '/jobs');
    expect(status).toBe(200);
    expect(body).toContainEqual({
      name: 'prune-all',
      about: 'prunes the change log',
      cron: '0 40 * * * *',
      timeZone: 'UTC',
      tenants: 'all',
      isRunning: false,
      nextRunAt: expect.stringMatching(/:40:00Z$/),
    });
  });

  test('run on request, and tell what they did', async () => {
    await fetch(`${broker.url}/ngsi-ld/v1/entities`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ id: 'urn:a:1', type: 'A', expiresAt: new Date(Date.now() + 50).toISOString() }),
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const ran = await send('POST', '/jobs/sweep-all/run');
    expect(ran).toEqual({
      status: 200,
      body: expect.objectContaining({
        name: 'sweep-all',
        isRunning: false,
        lastRun: { startedAt: time, tookMs: expect.any(Number), result: 'done', did: expect.any(Array), failures: [] },
      }),
    });
    expect(await send('GET', '/jobs/sweep-all')).toEqual(ran);
    const gone = await fetch(`${broker.url}/ngsi-ld/v1/entities/urn:a:1`);
    expect(gone.status).toBe(404);
  });

  test('that do not exist are named', async () => {
    for (const [method, path] of [
      ['GET', '/jobs/nope'],
      ['POST', '/jobs/nope/run'],
    ] as const)
      expect(await send(method, path)).toEqual({
        status: 404,
        body: expect.objectContaining({ detail: expect.stringContaining('There are: sweep, ') }),
      });
  });
});
