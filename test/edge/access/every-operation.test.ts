/** Tests that every operation of every API refuses those to whom nothing is granted, and asks those without credentials for some. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Json } from '../../../src/core/model/json.ts';
import type { Operation } from '../../../src/core/operation/operation.ts';
import { administrator, startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  const to = { to: 'key:elsewhere', operations: ['read', 'write', 'delete', 'subscribe', 'history', 'register'] };
  const grant = { ...to, tenants: ['other'] };
  expect((await server.send('POST /access/grants', { as: administrator, body: grant })).status).toBe(201);
});
afterAll(() => server.stop());

/** The body that the operation asks for, with nothing in it. */
function bodyOf({ method, body, action }: Operation): Json | undefined {
  if (body === 'none' || method === 'GET') return undefined;
  if (body === 'array') return [];
  return action === 'read' || body !== 'value' ? {} : 1;
}

const requestOf = ({ method, path }: Operation): string => `${method} ${path.replaceAll(/\{[^}]*\}/g, 'urn:x:1')}`;

test.each([
  ['without credentials', undefined, 401],
  ['without any grant', 'key:nobody', 403],
  ['with grants in another tenant only', 'key:elsewhere', 403],
])('%s', async (_, as, status) => {
  const answers = await Promise.all(
    server.operations
      .filter(({ access }) => access !== 'public' && (access !== 'open' || as === undefined))
      .map(async (operation) => {
        const body = bodyOf(operation);
        const request = requestOf(operation);
        // A web page of another origin cannot send a POST with this type unasked.
        const headers = operation.method === 'POST' ? { 'Content-Type': 'application/json' } : {};
        const sent = { headers, ...(as === undefined ? {} : { as }), ...(body === undefined ? {} : { body }) };
        return [request, (await server.send(request, sent)).status];
      }),
  );
  expect(answers.length).toBeGreaterThan(120);
  expect(answers.filter(([, answered]) => answered !== status)).toEqual([]);
});
