/** Tests the file of the audit: an older one is taken over, and a search looks at all lines, also where they are many. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { type AuditLine, auditIdOf, auditTermsOf } from '../../src/core/model/audit-line.ts';
import { createAuditTrail, type FileAuditTrail } from '../../src/store/sqlite/audit/audit-trail.ts';

let folder: string;
let trail: FileAuditTrail;
const path = (): string => join(folder, 'audit.db');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlaka-audit-'));
  trail = createAuditTrail(path());
});

afterEach(async () => {
  await trail.close();
  rmSync(folder, { recursive: true });
});

const line = (number: number, isRead: boolean, members: Partial<AuditLine> = {}): AuditLine => ({
  id: auditIdOf(1_700_000_000_000_000 + number, 'abc'),
  tenant: '',
  principal: 'key:ana',
  operation: isRead ? 'retrieveEntity' : 'createEntity',
  result: 'done',
  entity: `urn:x:${number}`,
  grants: [],
  isRead,
  ...members,
});

const ask = async (terms: readonly string[], limit = 100): Promise<readonly string[]> =>
  (await trail.find({ tenant: '', terms, limit })).map(({ id }) => id);

test('a file of version 1 keeps its lines, which are found and removed as before', async () => {
  const lines = [line(1, false), line(2, true), line(3, true, { principal: 'key:bor' }), line(4, false)];
  writeVersion1(path(), lines);
  const [one, two, three, four] = lines.map(({ id }) => id);
  expect(await ask([])).toEqual([four, three, two, one]);
  expect(await ask(['principal key:ana'])).toEqual([four, two, one]);
  expect(await ask(['entity urn:x:3', 'principal key:bor'])).toEqual([three]);
  expect(await trail.prune({ below: '', readsMax: 1 })).toBe(1);
  expect(await ask(['principal key:ana'])).toEqual([four, one]);
  await trail.append([line(5, true)]);
  expect(await ask(['operation retrieveEntity'])).toEqual([line(5, true).id, three]);
});

test('a search finds the oldest of many lines, in the order of time, and not more than it asks for', async () => {
  const first = [line(1, false, { principal: 'key:bor' }), line(2, true, { principal: 'key:bor' })];
  const last = [line(200_000, false, { principal: 'key:bor' }), line(200_001, true, { principal: 'key:bor' })];
  const many = Array.from({ length: 110_000 }, (_, number) => line(number + 10, true));
  await trail.append([...first, ...many, ...last]);
  const ids = [...first, ...last].map(({ id }) => id).toReversed();
  expect(await ask(['principal key:bor'])).toEqual(ids);
  expect(await ask(['principal key:bor'], 3)).toEqual(ids.slice(0, 3));
  expect(await ask(['principal key:bor', 'operation createEntity'])).toEqual([ids[1], ids[3]]);
  expect(await ask(['entity urn:x:10'])).toEqual([line(10, true).id]);
});

test('terms with quotes and backslashes are told apart', async () => {
  const names = ['a"entity urn:x:9"', 'a\\', 'a\\"', 'a'];
  await trail.append(names.map((name, number) => line(number, true, { principal: `key:${name}` })));
  for (const [number, name] of names.entries())
    expect(await ask([`principal key:${name}`])).toEqual([line(number, true).id]);
  expect(await ask(['entity urn:x:9'])).toEqual([]);
});

/** Writes a file as version 1 did. */
function writeVersion1(file: string, lines: readonly AuditLine[]): void {
  const database = new Database(file);
  database.exec(`
    CREATE TABLE line (id TEXT PRIMARY KEY, tenant TEXT NOT NULL, is_read INTEGER NOT NULL, text TEXT NOT NULL) WITHOUT ROWID;
    CREATE INDEX line_tenant ON line (tenant, id);
    CREATE INDEX line_read ON line (id) WHERE is_read = 1;
    CREATE TABLE term (tenant TEXT NOT NULL, term TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (tenant, term, id)) WITHOUT ROWID;
    PRAGMA user_version = 1;
  `);
  for (const one of lines) {
    const { id, tenant, isRead } = one;
    database.prepare('INSERT INTO line VALUES (?, ?, ?, ?)').run(id, tenant, isRead ? 1 : 0, JSON.stringify(one));
    for (const term of auditTermsOf(one)) database.prepare('INSERT INTO term VALUES (?, ?, ?)').run(tenant, term, id);
  }
  database.close();
}
