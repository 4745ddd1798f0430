/** Tests `mlaka check dcat`: which faults of catalogues it finds, and that it finds none where there is none. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkCatalogue } from '../../../src/city/catalogue/check/check-catalogue.ts';
import { check } from '../../../src/app/command/check.ts';
import { run } from '../../app/command/test-broker.ts';
import { startTestBroker, type TestBroker } from '../../scenario/scenario.ts';
import { agent, airDataset, catalogue, datasetLike, weatherDataset, writeEntities } from './city-datasets.ts';
import {
  complaintsOf,
  describeWithShapes,
  officialFolder,
  quadsIn,
  readOfficial,
  type ShapesName,
} from './official-shapes.ts';

const now = Date.parse('2026-11-30T12:00:00Z');

/** The findings about a text in Turtle as `F:property` and `W:property`, sorted, each once. */
function findingsIn(turtle: string): readonly string[] {
  const base = 'https://data.kranj.example/';
  const findings = checkCatalogue(quadsIn(turtle, base), now);
  return [
    ...new Set(
      findings.map(({ severity, property }) => `${severity === 'fault' ? 'F' : 'W'}:${property.split(':')[1] ?? ''}`),
    ),
  ].sort();
}

const prefixes = `@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix dcatap: <http://data.europa.eu/r5r/> . @prefix spdx: <http://spdx.org/rdf/terms#> .\n`;

describe('check dcat finds', () => {
  test.each([
    ['a dataset without description', '<d> a dcat:Dataset ; dct:title "x"@sl .', 'F:description'],
    ['an empty title', '<d> a dcat:Dataset ; dct:title " "@sl ; dct:description "x" .', 'F:title'],
    ['a day that does not exist', '<d> a dcat:Dataset ; dct:issued "2026-02-30"^^xsd:date .', 'F:issued'],
    ['a date without datatype', '<d> a dcat:Dataset ; dct:modified "2026-02-03" .', 'F:modified'],
    ['a time in the future', '<d> a dcat:Dataset ; dct:modified "2027-02-03"^^xsd:date .', 'W:modified'],
    [
      'a change before the publication',
      '<d> a dcat:Dataset ; dct:issued "2026-02-03"^^xsd:date ; dct:modified "2020"^^xsd:gYear .',
      'W:modified',
    ],
    ['a frequency as text', '<d> a dcat:Dataset ; dct:accrualPeriodicity "HOURLY" .', 'F:accrualPeriodicity'],
    [
      'a frequency of another table',
      '<d> a dcat:Dataset ; dct:accrualPeriodicity <http://purl.org/cld/freq/daily> .',
      'F:accrualPeriodicity',
    ],
    ['a size with a point', '<d> a dcat:Distribution ; dcat:byteSize "1.0"^^xsd:decimal .', 'F:byteSize'],
    ['an address as text', '<d> a dcat:Distribution ; dcat:accessURL "https://x.example/" .', 'F:accessURL'],
    [
      'a distribution without class',
      '<d> a dcat:Dataset ; dcat:distribution <e> . <e> dcat:accessURL <f> .',
      'F:distribution',
    ],
    [
      'a category without its law',
      '<d> a dcat:Dataset ; dcatap:hvdCategory <http://data.europa.eu/bna/c_1> .',
      'F:applicableLegislation',
    ],
    ['two licences', '<d> a dcat:Distribution ; dct:license <a>, <b> .', 'F:license'],
    ['nothing', '<a> <b> <c> .', 'F:type'],
  ])('%s', (_, turtle, finding) => expect(findingsIn(prefixes + turtle)).toContain(finding));
});

describe('the command', () => {
  let broker: TestBroker;
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-dcat-'));
  beforeAll(async () => {
    broker = await startTestBroker(['--store', 'memory']);
    await writeEntities(broker.url, [agent, catalogue, airDataset, weatherDataset]);
  });
  afterAll(async () => {
    await broker.stop();
    rmSync(folder, { recursive: true });
  });

  test('check portal tells what each dataset lacks, and looks at its files as anybody would', async () => {
    const poor = { slug: 'poor', title: 'Poor', description: 'Poor', license: 'https://example.org/own' };
    const stale = { modified: '2020-01-01', accrualPeriodicity: 'DAILY' };
    const closed = datasetLike('poor', { ...poor, ...stale });
    const address = `${broker.url}/dcat/catalog`;
    const missing = async (): Promise<Readonly<Record<string, readonly string[]>>> => {
      const { out } = await run(check, ['portal', address, '--json']);
      const { results } = JSON.parse(out) as {
        results: readonly { dataset: string; missing: { message: string }[] }[];
      };
      return Object.fromEntries(
        results.map((one) => [one.dataset.split('/').at(-1) ?? '', one.missing.map(({ message }) => message)]),
      );
    };
    const fresh = { ...airDataset, modified: { type: 'Property', value: new Date().toISOString() } };
    await writeEntities(broker.url, [fresh, { ...weatherDataset, modified: fresh.modified }]);
    expect(await missing()).toEqual({ 'air-quality': [], weather: [] });
    expect(await run(check, ['portal', address])).toMatchObject({
      code: 0,
      out: expect.stringContaining('2 datasets, 2 with all that they must have.'),
    });
    await writeEntities(broker.url, [closed]);
    expect((await missing())['poor']).toEqual([
      'A distribution has no open licence, such as CC BY 4.0.',
      expect.stringContaining('more than twice as long ago as DAILY promises'),
    ]);
    expect((await run(check, ['portal', address, '--no-links'])).code).toBe(1);
    await fetch(`${broker.url}/ngsi-ld/v1/entities/urn:ngsi-ld:Dataset:poor`, { method: 'DELETE' });
    const gone = `${prefixes}<http://127.0.0.1:9/d> a dcat:Dataset ; dct:title "x"@en ; dcat:distribution <e> .
      <e> a dcat:Distribution ; dcat:accessURL <http://127.0.0.1:9/x.csv> .`;
    const file = join(folder, 'gone.ttl');
    writeFileSync(file, gone);
    expect((await run(check, ['portal', file])).out).toMatch(
      /must {3}http:\/\/127\.0\.0\.1:9\/x\.csv cannot be reached/,
    );
  });

  test('finds nothing in the catalogue of the broker, by URL and in each form as a file', async () => {
    const address = `${broker.url}/dcat/catalog`;
    expect(await run(check, ['dcat', address])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+ statements, 0 faults, 0 warnings\.\n$/),
    });
    for (const ending of ['ttl', 'jsonld', 'rdf']) {
      const file = join(folder, `catalogue.${ending}`);
      writeFileSync(file, await (await fetch(`${address}.${ending}`)).text());
      expect(await run(check, ['dcat', file])).toMatchObject({ code: 0, err: '' });
    }
  });

  test('tells where a fault is, and exits with 1', async () => {
    const file = join(folder, 'faulty.ttl');
    writeFileSync(file, `${prefixes}<urn:x:d> a dcat:Dataset ; dct:title "x\u001b[31m"@sl ; dct:description "" .`);
    const { code, out } = await run(check, ['dcat', file]);
    expect(code).toBe(1);
    expect(out).toContain('fault    urn:x:d dct:description: The text is empty.\n');
    const json = JSON.parse((await run(check, ['dcat', file, '--json'])).out) as {
      faults: number;
      findings: unknown[];
    };
    expect([json.faults, json.findings.length > 1]).toEqual([1, true]);
  });

  test('says what cannot be read', async () => {
    const file = join(folder, 'broken.ttl');
    writeFileSync(file, '<a> <b>');
    await expect(run(check, ['dcat', file])).rejects.toThrow('broken.ttl cannot be read');
    await expect(run(check, ['dcat', join(folder, 'list.pdf')])).rejects.toThrow('must end in');
    await expect(run(check, ['dcat', `${broker.url}/nothing`])).rejects.toThrow('answers 404');
    await expect(run(check, ['dcat'])).rejects.toThrow('Say which catalogue');
  });
});

/** What this check calls a property where the shapes name a path of several steps, or none. */
const otherNames: Readonly<Record<string, string>> = {
  'hvd-full (path)': 'accessService',
  'hvd-full ': 'license',
  'shapes (path)': 'inSeries',
  'shapes_recommended ': 'dataset',
};

interface Sample {
  readonly name: string;
  readonly expected: readonly (readonly [ShapesName, readonly string[]])[];
}

const samples: readonly Sample[] =
  officialFolder === undefined
    ? []
    : readOfficial('samples/expected.tsv')
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => {
          const [name = '', ...cells] = line.split('\t');
          const names: readonly ShapesName[] = [
            'shapes',
            'range',
            'mdr-vocabularies',
            'shapes_recommended',
            'hvd-full',
          ];
          const listed = cells.map((cell) => (cell === '-' ? [] : cell.trim().split(' ')));
          return { name, expected: names.map((shapes, n) => [shapes, listed[n] ?? []] as const) };
        });

/** Faults that the shapes do not see, by what this check says. */
const unseen: Readonly<Record<string, string>> = {
  '04': 'F:title',
  '11': 'F:issued',
  '12': 'F:issued',
  '27': 'F:checksumValue',
  '48': 'F:endDate',
};
/** Correct input, of which the text of 3.0.1 says other than the shapes in two cases. */
const correct = new Set(['39', '40', '45', '47']);

describeWithShapes('the sample catalogues with one fault each', () => {
  const full = officialFolder === undefined ? '' : readOfficial('samples/kranj-full.ttl');
  const local = officialFolder === undefined ? '' : readOfficial('samples/kranj-local-types.ttl');

  test('there are 51, and the one without fault has none', () => {
    expect(samples).toHaveLength(51);
    expect(findingsIn(full)).toEqual([]);
  });

  test.each(samples.map((sample) => [sample.name, sample] as const))('%s', async (name, { expected }) => {
    const turtle = readOfficial(`samples/faults/${name}.ttl`);
    const found = findingsIn(turtle);
    const number = name.slice(0, 2);
    if (correct.has(number)) expect(found).toEqual([]);
    if (unseen[number] !== undefined) expect(found).toContain(unseen[number]);
    // The shapes of high-value datasets take every series for one.
    const complaints = expected
      .filter(([shapes]) => number !== '41' || shapes !== 'hvd-full')
      .flatMap(([shapes, list]) =>
        list.map((complaint) => {
          const [severity = '', , property = ''] = complaint.split(':');
          return { isFault: severity === 'V', property: otherNames[`${shapes} ${property}`] ?? property };
        }),
      );
    if (complaints.length > 0 && !correct.has(number)) {
      const properties = new Set(complaints.map(({ property }) => property));
      expect(found.filter((finding) => properties.has(finding.split(':')[1] ?? ''))).not.toEqual([]);
      expect(found.some((finding) => finding.startsWith('F'))).toBe(complaints.some(({ isFault }) => isFault));
    }
    // The official shapes say of the sample what the list says, but for a date that their validator does not see.
    if (number === '49') return;
    for (const [shapes, list] of expected) {
      const before = await complaintsOf(quadsIn(full + local, 'https://data.kranj.example/'), shapes);
      const after = await complaintsOf(quadsIn(turtle + local, 'https://data.kranj.example/'), shapes);
      expect(after).toEqual(expect.arrayContaining([...list]));
      expect(after.filter((one) => !before.includes(one) && !list.includes(one))).toEqual([]);
    }
  });
});
