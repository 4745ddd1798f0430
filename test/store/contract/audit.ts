/** Tests the audit: lines are found by all that a query can name, the newest first, and are removed by age and number. */
import { describe, expect, test } from '@jest/globals';
import { type AuditLine, auditIdOf, auditTimeOf, firstAuditIdAt } from '../../../src/core/model/audit-line.ts';
import type { AuditQuery } from '../../../src/core/port/audit.ts';
import type { Bench } from './bench.ts';

const lineAt = (minute: number, members: Partial<AuditLine> = {}): AuditLine => ({
  id: auditIdOf(1_700_000_000_000_000 + minute * 60_000_000, 'abc'),
  tenant: '',
  principal: 'key:ana',
  address: '10.0.0.1',
  operation: 'createEntity',
  result: 'done',
  entity: `urn:x:${minute}`,
  types: ['https://example.org/Lamp'],
  grants: ['urn:g:1'],
  isRead: false,
  ...members,
});

const read = { operation: 'queryEntities', isRead: true } as const;

export function describeAudit(bench: Bench): void {
  const found = async (query: Partial<AuditQuery>): Promise<readonly string[]> =>
    (await bench.stores().audit.find({ tenant: '', terms: [], limit: 100, ...query })).map(({ entity = '' }) => entity);

  describe('keeps an audit', () => {
    test('of whole lines, also when they are written twice', async () => {
      const { audit } = bench.stores();
      const lines = [lineAt(1), lineAt(2, { resource: 'urn:s:1', result: 'Forbidden' })];
      await audit.append(lines);
      await audit.append([...lines, lineAt(3)]);
      const all = await audit.find({ tenant: '', terms: [], limit: 100 });
      expect(all).toEqual([lineAt(3), ...lines.toReversed()]);
      expect(all.map(({ id }) => auditTimeOf(id))[2]).toBe('2023-11-14T22:14:20Z');
      await audit.append([]);
    });

    test('that is found by its terms, time and tenant', async () => {
      await bench
        .stores()
        .audit.append([
          lineAt(1),
          lineAt(2, { principal: 'key:bor', types: ['https://example.org/Lamp', 'https://example.org/Pole'] }),
          lineAt(3, { principal: 'key:bor', ...read }),
          lineAt(4, { tenant: 'city' }),
        ]);
      expect(await found({})).toEqual(['urn:x:3', 'urn:x:2', 'urn:x:1']);
      expect(await found({ tenant: 'city' })).toEqual(['urn:x:4']);
      expect(await found({ tenant: 'other' })).toEqual([]);
      expect(await found({ terms: ['principal key:bor'] })).toEqual(['urn:x:3', 'urn:x:2']);
      expect(await found({ terms: ['type https://example.org/Pole'] })).toEqual(['urn:x:2']);
      expect(await found({ terms: ['operation createEntity', 'principal key:bor'] })).toEqual(['urn:x:2']);
      expect(await found({ terms: ['entity urn:x:1', 'type https://example.org/Lamp'] })).toEqual(['urn:x:1']);
      expect(await found({ terms: ['entity urn:x:4'] })).toEqual([]);
      expect(await found({ limit: 1 })).toEqual(['urn:x:3']);
      expect(await found({ below: lineAt(3).id })).toEqual(['urn:x:2', 'urn:x:1']);
      expect(await found({ below: lineAt(3).id, limit: 1, terms: ['type https://example.org/Lamp'] })).toEqual([
        'urn:x:2',
      ]);
      expect(await found({ from: firstAuditIdAt('2023-11-14T22:15:20Z') })).toEqual(['urn:x:3', 'urn:x:2']);
      expect(await found({ from: firstAuditIdAt('2023-11-14T22:15:20.000001Z') })).toEqual(['urn:x:3']);
    });

    test('without what is too old, and without the oldest of too many reads', async () => {
      const { audit } = bench.stores();
      await audit.append([
        lineAt(1),
        lineAt(2, read),
        lineAt(3),
        lineAt(4, read),
        lineAt(5, read),
        lineAt(6, read),
        lineAt(7, { isRead: false, operation: 'retrieveEntity' }),
      ]);
      expect(await audit.prune({ below: lineAt(2).id, readsMax: 10 })).toBe(1);
      expect(await audit.prune({ below: lineAt(2).id, readsMax: 2 })).toBe(2);
      expect(await found({})).toEqual(['urn:x:7', 'urn:x:6', 'urn:x:5', 'urn:x:3']);
      expect(await found({ terms: ['operation queryEntities'] })).toEqual(['urn:x:6', 'urn:x:5']);
      expect(await audit.prune({ below: lineAt(9).id, readsMax: 0 })).toBe(4);
      expect(await found({ terms: ['principal key:ana'] })).toEqual([]);
    });

    test('that outlives the broker', async () => {
      await bench.stores().audit.append([lineAt(1)]);
      if (await bench.reopen()) expect(await found({})).toEqual(['urn:x:1']);
    });
  });
}
