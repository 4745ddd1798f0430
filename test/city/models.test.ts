/** Tests the data models: their examples are accepted, and a violation is reported with attribute, rule and value. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { knownContexts, readBundledContexts } from '../../src/city/models/bundled-contexts.ts';
import { readModelIndex } from '../../src/city/models/model-index.ts';
import { readModelModes } from '../../src/city/models/model-modes.ts';
import { createModels } from '../../src/city/models/models.ts';
import { createContexts } from '../../src/core/jsonld/resolve.ts';
import { createBrokenRules } from '../../src/core/model/broken-rules.ts';
import type { JsonObject } from '../../src/core/model/json.ts';
import { readEntity } from '../../src/core/model/read/entity.ts';
import type { ModelCheck } from '../../src/core/port/models.ts';

const directory = new URL('../../smart-data-models/', import.meta.url).pathname;
const index = readModelIndex(directory);
const contexts = createContexts({ load: (url) => Promise.reject(new Error(url)), known: knownContexts(directory) });
const held = readBundledContexts(directory);
const rejecting = createModels({
  directory,
  modes: readModelModes('reject'),
});

const read = (path: string): JsonObject => JSON.parse(readFileSync(`${directory}${path}`, 'utf8')) as JsonObject;

/** What is wrong with an entity in normalized or concise form. */
async function check(document: JsonObject, models = rejecting): Promise<ModelCheck> {
  const { '@context': context, ...entity } = document;
  const whole = readEntity(entity, await contexts.resolve(context));
  return models.check(whole, true);
}

const types = index.families.flatMap((family) => family.types.map((type) => ({ ...type, family })));

describe('public @contexts', () => {
  const sdm = 'https://smartdatamodels.org/';
  test.each([
    [
      'https://smart-data-models.github.io/dataModel.Parking/context.jsonld',
      'OffStreetParking',
      'dataModel.Parking/OffStreetParking',
    ],
    [
      'https://raw.githubusercontent.com/smart-data-models/dataModel.Parking/master/context.jsonld',
      'availableSpotNumber',
      'dataModel.Parking/availableSpotNumber',
    ],
    [
      'https://smart-data-models.github.io/dataModel.Streetlighting/context.jsonld',
      'Streetlight',
      'dataModel.Streetlighting/Streetlight',
    ],
    ['https://smart-data-models.github.io/dataModel.Environment/context.jsonld', 'address', 'address'],
    [
      'https://smart-data-models.github.io/dataModel.Weather/context.jsonld',
      'temperature',
      'dataModel.Weather/temperature',
    ],
    [
      'https://smart-data-models.github.io/dataModel.Device/context.jsonld',
      'SmartMeteringObservation',
      'dataModel.Device/SmartMeteringObservation',
    ],
    [
      'https://smart-data-models.github.io/dataModel.WaterConsumption/context.jsonld',
      'waterConsumption',
      'dataModel.WaterConsumption/waterConsumption',
    ],
    [
      'https://smart-data-models.github.io/dataModel.WaterQuality/context.jsonld',
      'N-TOT',
      'dataModel.WaterQuality/N-TOT',
    ],
    [
      'http://broker:1026/smart-data-models/dataModel.Energy/context.jsonld',
      'ACMeasurement',
      'dataModel.Energy/ACMeasurement',
    ],
    ['http://broker:1026/smart-data-models/parking/context.jsonld', 'ParkingSpot', 'dataModel.Parking/ParkingSpot'],
  ])('%s says what %s means, and nothing is fetched', async (url, term, iri) => {
    const context = await contexts.resolve(url);
    expect(context.expand(term)).toBe(sdm + iri);
    expect(context.compact(sdm + iri)).toBe(term);
    expect(context.expand('location')).toBe('https://uri.etsi.org/ngsi-ld/location');
  });

  test('give every public type of the bundled families its IRI', async () => {
    for (const { name, iri } of types.filter((type) => type.iri.startsWith(sdm))) {
      const subject = new URL(iri).pathname.split('/')[1] ?? '';
      const context = await contexts.resolve(`https://smart-data-models.github.io/${subject}/context.jsonld`);
      expect(context.expand(name)).toBe(iri);
    }
  });

  test('are under a path of the broker and at one URL or more, each once', () => {
    const places = held.flatMap(({ path, urls }) => [path, ...urls]);
    expect(new Set(places).size).toBe(places.length);
    for (const { path } of held) expect(path).toMatch(/^\/smart-data-models\/[\w.-]+\/context\.jsonld$/);
  });
});

describe('data models', () => {
  test('there are 59 types in thirteen families', () =>
    expect([types.length, index.families.length]).toEqual([59, 13]));

  test.each(types.map((type) => [type.name, type] as const))(
    '%s: the examples are as the model wants them',
    async (_, type) => {
      const { examples, furtherExamples = [] } = type as unknown as {
        examples: { normalized: string };
        furtherExamples?: readonly string[];
      };
      for (const path of [examples.normalized, ...furtherExamples])
        expect({ path, ...(await check(read(path))) }).toEqual({ path, refused: [], warned: [] });
    },
  );

  const lamp = (members: JsonObject): JsonObject => ({
    id: 'urn:ngsi-ld:Streetlight:1',
    type: 'Streetlight',
    location: { type: 'Point', coordinates: [14.35, 46.24] },
    '@context': index.families.find(({ name }) => /light/.test(name))?.context.url ?? '',
    ...members,
  });

  test.each([
    [
      'a value out of range',
      { illuminanceLevel: { type: 'Property', value: 1.5 } },
      { attribute: 'illuminanceLevel', rule: /<= 1/, value: /1\.5/ },
    ],
    [
      'a word that is not in the list',
      { powerState: { type: 'Property', value: 'bright' } },
      { attribute: 'powerState', rule: /one of/, value: /bright/ },
    ],
    [
      'the wrong kind',
      {
        location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [1, 1] } },
        refStreetlightGroup: { type: 'Property', value: 'x' },
      },
      { attribute: 'refStreetlightGroup', rule: /Relationship/, value: /Property/ },
    ],
  ])('%s is named', async (_, members, expected) => {
    const { refused } = await check(lamp(members));
    const found = refused.find(({ attribute }) => attribute === expected.attribute);
    expect(found?.rule).toMatch(expected.rule);
    expect(found?.value).toMatch(expected.value);
  });

  test('a type without contexts is meant by its short name', async () => {
    const { '@context': _, ...plain } = lamp({ powerState: { type: 'Property', value: 'bright' } });
    expect((await check(plain)).refused.map(({ attribute }) => attribute)).toContain('powerState');
  });

  test('warn tells how many values break which rule, off does not look', async () => {
    const bright = (number: number): JsonObject => ({
      type: 'Property',
      value: 'bright',
      datasetId: `urn:ngsi-ld:dataset:${number}`,
    });
    const faulty = lamp({
      powerState: Array.from({ length: 30 }, (_, index) => bright(index)),
      illuminanceLevel: { type: 'Property', value: 1.5 },
    });
    const { refused, warned } = await check(faulty, createModels({ directory, modes: readModelModes('warn') }));
    expect(refused).toEqual([]);
    expect(warned).toMatchObject([
      { attribute: 'powerState', values: 30, example: { entityId: faulty['id'], value: '"bright"' } },
      { attribute: 'illuminanceLevel', rule: 'must be <= 1', values: 1, example: { value: '1.5' } },
    ]);
    const off = createModels({ directory, modes: readModelModes('reject,Streetlight=off') });
    expect(await check(faulty, off)).toEqual({ refused: [], warned: [] });
  });

  test('an attribute without a rule in any active model concerns no model, whatever the type of its entity', () => {
    const [known, unknown] = ['powerState', 'a'].map((name) => ({
      [`https://uri.etsi.org/ngsi-ld/default-context/${name}`]: [],
    }));
    const concerns = (modes: string, attrs = {}, types?: readonly string[]): boolean =>
      createModels({ directory, modes: readModelModes(modes) }).concerns(attrs, types);
    expect(concerns('warn', known)).toBe(true);
    expect(concerns('warn', unknown)).toBe(false);
    expect(concerns('warn', unknown, ['https://uri.etsi.org/ngsi-ld/default-context/Streetlight'])).toBe(true);
    expect(concerns('off', known, ['https://uri.etsi.org/ngsi-ld/default-context/Streetlight'])).toBe(false);
  });

  test('values of more rules than are listed are counted together', () => {
    const rules = createBrokenRules(2);
    for (const rule of ['a', 'b', 'c', 'd', 'a'])
      rules.add({ type: 'urn:T', attribute: 'x', rule, values: 2, example: { entityId: 'urn:1', value: rule } });
    expect(rules.list()).toMatchObject([
      { attribute: 'x', rule: 'a', values: 4, example: { value: 'a' } },
      { rule: 'other rules', values: 4, example: { value: 'c' } },
      { rule: 'b', values: 2 },
    ]);
  });

  test.each([
    ['sometimes', /sometimes/],
    ['warn,off', /one mode for all types/],
    ['Streetlight=loud', /loud/],
  ])('the mode %s is refused', (text, message) => expect(() => readModelModes(text)).toThrow(message));

  test('a mode for a type without a model is refused', () => {
    expect(() => createModels({ directory, modes: readModelModes('warn,Unicorn=reject') })).toThrow(/Unicorn/);
  });
});
