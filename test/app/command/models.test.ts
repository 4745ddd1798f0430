/** Tests `mlaka models`: what it says of entities in each form, its exit codes, and the pages of the models. */
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { models } from '../../../src/app/command/models.ts';
import { modelPages } from '../../../src/city/models/model-page.ts';
import { startTestBroker } from '../../scenario/scenario.ts';
import { run, type Run } from './test-broker.ts';

const folder = mkdtempSync(join(tmpdir(), 'models-'));
const shipped = new URL('../../../smart-data-models/', import.meta.url).pathname;

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const check = (...files: readonly string[]): Promise<Run> => run(models, ['check', ...files]);

const location = { type: 'Point', coordinates: [14.35, 46.24] };
const spot = { id: 'urn:ngsi-ld:ParkingSpot:1', type: 'ParkingSpot' };

describe('mlaka models check', () => {
  test('accepts every example that comes with the broker', async () => {
    const files = readdirSync(shipped, { recursive: true, encoding: 'utf8' })
      .filter((path) => /\/examples\/.*\.(json|jsonld)$/.test(path))
      .map((path) => join(shipped, path));
    const { code, out } = await check('--quiet', ...files);
    expect(out).toBe(`${files.length} accepted, 0 refused, 0 without a model\n`);
    expect(code).toBe(0);
  });

  test.each([
    [
      'normalized',
      { status: { type: 'Property', value: 'perhaps' }, location: { type: 'GeoProperty', value: location } },
    ],
    ['normalized', { status: { value: 'perhaps' }, location }],
    ['simplified', { status: 'perhaps', location }],
    ['v2', { status: { type: 'Text', value: 'perhaps' }, location: { type: 'geo:json', value: location } }],
  ])('names attribute, rule and value of a %s entity', async (form, attributes) => {
    const path = file('spot.json', { ...spot, ...attributes });
    const { code, out } = await check(path);
    expect(out).toBe(
      [
        `refused: ${path} ParkingSpot urn:ngsi-ld:ParkingSpot:1 (${form})`,
        '  status must be one of closed, free, occupied, unknown, not "perhaps".',
        '0 accepted, 1 refused, 0 without a model',
        '',
      ].join('\n'),
    );
    expect(code).toBe(1);
  });

  test.each([
    ['a missing attribute', { location }, 'status must be given, not absent.'],
    [
      'a wrong place',
      { status: 'free', location: { type: 'Point', coordinates: [46, 114] } },
      'location must be <= 90 at coordinates/1, not 114.',
    ],
    [
      'an instant with an offset',
      { type: 'TrafficFlowObserved', dateObserved: '2026-03-02T07:00:00+01:00' },
      'dateObserved must be: A moment in UTC, for example 2026-03-02T07:00:00Z, not "2026-03-02T07:00:00+01:00".',
    ],
  ])('finds %s in values alone', async (_, attributes, fault) => {
    const { out } = await check(file('one.json', { ...spot, ...attributes }));
    expect(out).toContain(`  ${fault}\n`);
  });

  test('finds the kind and the unit in NGSI-LD', async () => {
    const context = 'https://smart-data-models.mlaka.si/metering/context.jsonld';
    const { out } = await check(
      file('meter.jsonld', {
        '@context': context,
        id: 'urn:ngsi-ld:SmartMeteringObservation:1',
        type: 'SmartMeteringObservation',
        meterType: { type: 'Property', value: 'Water' },
        totalConsumption: { type: 'Property', value: 7 },
        refDevice: { type: 'Property', value: 'urn:ngsi-ld:Device:1' },
      }),
    );
    expect(out).toContain(
      'totalConsumption must have the unitCode KWH or MWH or WHR or MTQ or LTR or GV or 3B, not {"value":7}.',
    );
    expect(out).toContain('refDevice must be a Relationship, not "Property".');
  });

  test('lists, lines and texts that are no JSON are told apart, and the rest is checked', async () => {
    const good = { ...spot, status: 'free', location };
    const list = file('list.json', [good, { id: 'urn:x:1', type: 'Unknown' }, 5]);
    const lines = file('lines.ndjson', `${JSON.stringify(good)}\n\n{"id":\n${JSON.stringify(good)}\n`);
    const { code, out } = await check(list, lines, file('broken.json', '{"id": '));
    expect(out.match(/^\S.*$/gm)?.map((line) => line.replaceAll(folder, ''))).toEqual([
      'accepted: /list.json ParkingSpot urn:ngsi-ld:ParkingSpot:1 (simplified)',
      'without a model: /list.json Unknown urn:x:1 (simplified)',
      'refused: /list.json   (normalized)',
      'accepted: /lines.ndjson ParkingSpot urn:ngsi-ld:ParkingSpot:1 (simplified)',
      'refused: /lines.ndjson   (normalized)',
      'accepted: /lines.ndjson ParkingSpot urn:ngsi-ld:ParkingSpot:1 (simplified)',
      'refused: /broken.json   (normalized)',
      '3 accepted, 3 refused, 1 without a model',
    ]);
    expect(out).toContain('  Line 3 is not JSON: ');
    expect(code).toBe(1);
  });

  test('a file without entities is no success', async () => {
    expect(await check(file('empty.json', []))).toMatchObject({
      code: 1,
      out: '0 accepted, 0 refused, 0 without a model\n',
    });
  });

  test.each([[[]], [['check']], [['show']], [['list', 'more']], [['show', 'Nothing']]])('refuses %j', async (args) => {
    await expect(run(models, args)).rejects.toThrow(/Say what to do|There is no data model of the type Nothing/);
  });
});

describe('the pages of the models', () => {
  test('each has a row for each attribute, with meaning and values', () => {
    const pages = modelPages(shipped);
    expect(pages.size).toBe(60);
    for (const [path, text] of pages) {
      const rows = text()
        .split('\n')
        .filter((line) => line.startsWith('| `'));
      if (path.endsWith('/types.md')) continue;
      expect({ path, rows: rows.length > 3 }).toEqual({ path, rows: true });
      expect(
        rows.filter((row) => /\|\s+\|/.test(row.split('|').slice(0, 4).join('|')) || /undefined|\[object/.test(row)),
      ).toEqual([]);
    }
  });

  test('one says attribute, meaning, values, unit and kind; the broker serves it, and the list of all', async () => {
    const { out } = await run(models, ['show', 'ParkingSpot']);
    expect(out).toContain('- Must be given: `location`, `status`\n');
    expect(out).toContain('| `width` | Width, in metres. | number from 0 | m (MTR) | Property |\n');
    const broker = await startTestBroker();
    try {
      const page = await fetch(`${broker.url}/docs/models/ParkingSpot`);
      expect(page.status).toBe(200);
      expect(await page.text()).toContain('<td>Width, in metres.</td>');
      const list = await (await fetch(`${broker.url}/docs/models/types`)).text();
      expect(list).toContain('<a href="/docs/models/ParkingSpot">ParkingSpot</a>');
    } finally {
      await broker.stop();
    }
  });
});
