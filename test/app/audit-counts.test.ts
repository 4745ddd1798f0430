/** Tests that what may happen often is counted in few lines of the audit, however many come. */
import { expect, test } from '@jest/globals';
import { type AuditCountsOptions, createAuditCounts } from '../../src/app/audit-counts.ts';
import type { AuditLine } from '../../src/core/model/audit-line.ts';

type Line = Omit<AuditLine, 'id'>;

function open(options: Partial<AuditCountsOptions> = {}) {
  const lines: Line[] = [];
  const add = (line: Line): void => void lines.push(line);
  const counts = createAuditCounts({
    ...{ scope: 'all', personalTypes: new Set(['Person']), add, hasRoom: () => true },
    ...options,
  });
  return { counts, lines };
}

const ana = { tenant: '', principal: 'key:ana', resource: 'urn:s:1' };
const grants = (): readonly string[] => ['urn:g:1'];
const refusal = {
  tenant: '',
  principal: 'anonymous',
  operation: 'authenticate',
  result: 'Unauthenticated',
  grants: [],
};

test('notifications of one entity are one line with their number, and begin anew after they were added', () => {
  const { counts, lines } = open();
  const recorder = counts.recordNotifications(ana);
  for (let n = 0; n < 3; n += 1) recorder?.note({ id: 'urn:x:1', types: ['Lamp'] }, grants);
  recorder?.note({ id: 'urn:x:2', types: ['Lamp'] }, grants);
  counts.flush();
  const common = { ...ana, operation: 'notify', result: 'done', types: ['Lamp'], grants: ['urn:g:1'], isRead: true };
  expect(lines).toEqual([
    { ...common, entity: 'urn:x:1', count: 3 },
    { ...common, entity: 'urn:x:2' },
  ]);
  recorder?.note({ id: 'urn:x:1', types: ['Lamp'] }, grants);
  counts.flush();
  counts.flush();
  expect(lines.slice(2)).toEqual([{ ...common, entity: 'urn:x:1' }]);
});

test('many entities have lines up to a limit, persons beyond it, and the rest is one line', () => {
  const { counts, lines } = open();
  const recorder = counts.recordNotifications(ana);
  for (let n = 0; n < 200; n += 1) {
    recorder?.note({ id: `urn:x:${n}`, types: ['Lamp'] }, grants);
    recorder?.note({ id: `urn:p:${n}`, types: ['Person'] }, grants);
  }
  counts.flush();
  expect(lines.filter(({ entity = '' }) => entity.startsWith('urn:p:'))).toHaveLength(200);
  expect(lines.filter(({ entity = '' }) => entity.startsWith('urn:x:'))).toHaveLength(50);
  const [rest, ...others] = lines.filter(({ entity }) => entity === undefined);
  expect(rest).toEqual({
    ...{ ...ana, operation: 'notify', result: 'done', isRead: true },
    ...{ types: ['Lamp'], grants: ['urn:g:1'], count: 150 },
  });
  expect(others).toEqual([]);
});

test('what is recorded of notifications is what the scope says', () => {
  expect(open({ scope: 'changes', personalTypes: new Set() }).counts.recordNotifications(ana)).toBeUndefined();
  const { counts, lines } = open({ scope: 'personal' });
  const recorder = counts.recordNotifications(ana);
  recorder?.note({ id: 'urn:x:1', types: ['Lamp'] }, grants);
  recorder?.note({ id: 'urn:p:1', types: ['Person'] }, grants);
  counts.addRefused(refusal);
  counts.flush();
  expect(lines.map(({ entity, isRead }) => [entity, isRead])).toEqual([['urn:p:1', false]]);
});

test('refusals are limited, whatever addresses and resources they name', () => {
  const { counts, lines } = open({ scope: 'changes' });
  for (let n = 0; n < 5000; n += 1) {
    counts.addRefused({ ...refusal, address: `10.0.${n % 250}.1` });
    counts.addRefused({
      ...refusal,
      operation: 'deleteEntity',
      result: 'Forbidden',
      tenant: `t${n}`,
      entity: `urn:${n}`,
    });
  }
  counts.flush();
  expect(lines).toHaveLength(102);
  expect(lines.every(({ isRead }) => isRead)).toBe(true);
  const total = lines.reduce((sum, { count = 1 }) => sum + count, 0);
  expect(total).toBe(10_000);
});

test('while lines cannot be written, their number is limited, and nothing is forgotten', () => {
  const { counts, lines } = open({ hasRoom: () => false });
  const recorder = counts.recordNotifications(ana);
  for (let n = 0; n < 12_000; n += 1) recorder?.note({ id: `urn:p:${n}`, types: ['Person'] }, grants);
  expect(lines).toEqual([]);
  counts.flush();
  expect(lines).toHaveLength(10_001);
  expect(lines.at(-1)).toMatchObject({ types: ['Person'], count: 2000 });
});
