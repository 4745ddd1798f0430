/** Tests that the matrix of operations, senders and grants has every operation that reads entities, or says which test has it instead. */
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestServer, type TestServer } from '../../edge/access/test-server.ts';
import { histories, reads } from './matrix.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

/** Operations that read something that the mirror of the matrix cannot have, by the test that tries them with grants for a part. */
const elsewhere: Readonly<Record<string, readonly RegExp[]>> = {
  'test/edge/access/snapshots.test.ts': [/^\S+ \/snapshots/],
  'test/edge/access/entity-maps.test.ts': [/^\S+ (?:\/temporal)?\/entityMaps/],
  // Names of @contexts and of the broker: no entities.
  'test/edge/access/every-operation.test.ts': [
    /^GET \/jsonldContexts$/,
    /^GET \/info\/sourceIdentity$/,
    /\/georeport\//,
  ],
  'test/city/catalogue/facts.test.ts': [/^GET \/dcat\/facts$/, /^POST \/dcat\/preview$/],
  // Other forms of `/dcat/catalog.jsonld` and `/api/3/action`, which the matrix has.
  'test/city/catalogue/access.test.ts': [/^GET \/dcat\/catalog(?:\.ttl|\.rdf)?$/, / \/api\/(?:3\/)?action\//],
};

test('every operation that reads entities is in the matrix', () => {
  const asked = [...reads, ...histories].map((request) => request.split('?')[0] ?? '');
  const elsewhereAll = Object.values(elsewhere).flat();
  const missing = server.operations
    .filter(({ action, access }) => action === 'read' && (access === 'read' || access === 'history'))
    .map(({ method, path }) => `${method} ${path.replace('/ngsi-ld/v1', '')}`)
    .filter((name) => !elsewhereAll.some((pattern) => pattern.test(name)))
    .filter((name) => {
      const pattern = new RegExp(`^${name.replaceAll('.', '\\.').replaceAll(/\{[^}]*\}/g, '[^/]+')}$`);
      return !asked.some((request) => pattern.test(request));
    });
  expect(missing).toEqual([]);
});

test('the tests that have the others exist', () => {
  const root = new URL('../../../', import.meta.url);
  expect(Object.keys(elsewhere).filter((file) => !existsSync(new URL(file, root)))).toEqual([]);
});
