/** Tests that the names of the watch are those of the data models. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { knownContexts } from '../../../src/city/models/bundled-contexts.ts';
import { createNumericAttributes } from '../../../src/city/models/model-bounds.ts';
import { readModelIndex } from '../../../src/city/models/model-index.ts';
import { checks } from '../../../src/city/watch/detect/checks.ts';
import { iriOf, names } from '../../../src/city/watch/vocabulary.ts';
import { createContexts } from '../../../src/core/jsonld/resolve.ts';

const directory = new URL('../../../smart-data-models/', import.meta.url).pathname;
const contexts = createContexts({ load: (url) => Promise.reject(new Error(url)), known: knownContexts(directory) });

test('each name has the IRI that the @context of alerts gives it', async () => {
  const context = await contexts.resolve('https://smart-data-models.mlaka.si/alert/context.jsonld');
  const ofDevices = ['Device', 'deviceState'] as const;
  const own = names.filter((name) => !ofDevices.some((one) => one === name));
  expect(own.map((name) => [name, iriOf(name, 'models')])).toEqual(own.map((name) => [name, context.expand(name)]));
  expect(names.map((name) => [name, iriOf(name, 'default')])).toEqual(
    names.map((name) => [name, contexts.core.expand(name)]),
  );
  const devices = await contexts.resolve('https://smart-data-models.mlaka.si/metering/context.jsonld');
  for (const name of ofDevices) expect(iriOf(name, 'models')).toBe(devices.expand(name));
});

/** The families of what is measured. */
const measured = ['metering', 'parking', 'streetlighting', 'environment', 'energy', 'transport', 'waste'];

test('every family of what is measured knows the quality mark', async () => {
  const families = readModelIndex(directory).families.filter(({ name }) => measured.includes(name));
  expect(families.length).toBe(measured.length);
  for (const { context } of families) {
    const terms = await contexts.resolve(context.url);
    for (const name of ['quality', 'plausibility', 'accuracy', 'freshness', 'brokenRule'] as const)
      expect([context.url, terms.expand(name)]).toEqual([context.url, iriOf(name, 'models')]);
  }
});

test('the data model of rules knows all checks, and the models give bounds with their units', () => {
  const schema: unknown = JSON.parse(readFileSync(`${directory}alert/WatchRule/schema.json`, 'utf8'));
  expect(schema).toMatchObject({ $defs: { check: { enum: [...checks] } } });
  const models = createNumericAttributes(directory);
  const type = 'https://smartdatamodels.org/dataModel.Environment/AirQualityObserved';
  const pm10 = { minimum: 0, unitCodes: ['GQ', 'GP'] };
  expect(models.boundsOf(type, 'https://smartdatamodels.org/dataModel.Environment/pm10')).toEqual(pm10);
  const vocabulary = 'https://uri.etsi.org/ngsi-ld/default-context/';
  expect(models.boundsOf(`${vocabulary}OffStreetParking`, `${vocabulary}occupiedSpotNumber`)).toEqual({
    minimum: 0,
    maximumFrom: 'totalSpotNumber',
  });
  expect([models.hasModel(type), models.hasModel('urn:x'), models.boundsOf(type, 'urn:x')]).toEqual([
    true,
    false,
    undefined,
  ]);
});
