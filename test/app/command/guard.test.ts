/** Tests CSV for spreadsheets with texts that a spreadsheet would treat as formulas. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { writeGuardedLine, writeLine } from '../../../src/app/command/csv-cell.ts';
import { exportEntities } from '../../../src/app/command/export.ts';
import { exportHistory } from '../../../src/app/history/export-history.ts';
import { csvLine } from '../../../src/core/operation/access/audit-csv.ts';
import { run, type TestBroker, startTestBroker } from './test-broker.ts';

test.each([
  ['=1+1', "'=1+1"],
  ['+386 4 237', "'+386 4 237"],
  ['-2+3', "'-2+3"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t=1"],
  ['\r=1', `"'\r=1"`],
  ['\uff1d1', "'\uff1d1"],
  ['=HYPERLINK("http://x","y")', `"'=HYPERLINK(""http://x"",""y"")"`],
  ['-', "'-"],
  ['-5', '-5'],
  ['+5.25', '+5.25'],
  ['-1.5e-7', '-1.5e-7'],
  ['a=b', 'a=b'],
  ["'=1", "'=1"],
  ['', ''],
])('%j is written as %j', (text, cell) => {
  expect(writeGuardedLine([text])).toBe(cell);
  expect(csvLine({ id: text })).toBe(`${cell},,,,,,,,,,\r\n`);
  expect(parse(`${writeLine([text])},x\n`, { relax_quotes: true })).toEqual([[text, 'x']]);
});

let broker: TestBroker;
beforeAll(async () => {
  broker = await startTestBroker();
  const text = { type: 'Property', value: '=1+1', observedAt: '2026-03-01T08:00:00Z' };
  const answer = await fetch(`${broker.url}/ngsi-ld/v1/entities`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ id: 'urn:ngsi-ld:A:1', type: 'A', text, level: { ...text, value: -5 } }),
  });
  expect(answer.status).toBe(201);
});
afterAll(() => broker.stop());

test.each([
  ['entities', exportEntities, ['--format', 'csv', '--type', 'A']],
  ['history', exportHistory, ['--format', 'csv', '--attrs', 'text,level']],
])('%s: texts are guarded when that is asked for, numbers never', async (_, command, args) => {
  const plain = await run(command, ['--url', broker.url, ...args]);
  expect(plain.out).toMatch(/,=1\+1(?:,|\r)/);
  const guarded = await run(command, ['--url', broker.url, '--guard-formulas', ...args]);
  expect(guarded.out).toMatch(/,'=1\+1(?:,|\r)/);
  expect(guarded.out).toMatch(/,-5,/);
  await expect(run(command, ['--url', broker.url, '--guard-formulas', '--format', 'ndjson'])).rejects.toThrow(
    /--format csv/,
  );
});
