/** The data models: their examples are accepted, what breaks a rule is named by attribute, rule and value. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { knownContexts, readModelIndex } from '../../src/city/models/model-index.ts';
import { readModelModes } from '../../src/city/models/model-modes.ts';
import { createModels } from '../../src/city/models/models.ts';
import { createContexts } from '../../src/core/jsonld/resolve.ts';
import type { JsonObject } from '../../src/core/model/json.ts';
import { readEntity } from '../../src/core/model/read/entity.ts';
import type { ModelViolation } from '../../src/core/port/models.ts';
import type { Observation } from '../../src/core/port/observe.ts';

const directory = new URL('../../smart-data-models/', import.meta.url).pathname;
const index = readModelIndex(directory);
const contexts = createContexts({ load: (url) => Promise.reject(new Error(url)), known: knownContexts(directory) });
const observed: Observation[] = [];
const rejecting = createModels({
  directory,
  modes: readModelModes('reject'),
  observe: (observation) => observed.push(observation),
});

const read = (path: string): JsonObject => JSON.parse(readFileSync(`${directory}${path}`, 'utf8')) as JsonObject;

/** The violations of an entity in normalized or concise form. */
async function check(document: JsonObject, models = rejecting): Promise<readonly ModelViolation[]> {
  const { '@context': context, ...entity } = document;
  const whole = readEntity(entity, await contexts.resolve(context));
  return models.check({ types: whole.types, attrs: whole.attrs }, true);
}

const types = index.families.flatMap((family) => family.types.map((type) => ({ ...type, family })));

describe('data models', () => {
  test('there are fifteen types in four families', () =>
    expect([types.length, index.families.length]).toEqual([15, 4]));

  test.each(types.map((type) => [type.name, type] as const))(
    '%s: the examples are as the model wants them',
    async (_, type) => {
      const { examples, furtherExamples = [] } = type as unknown as {
        examples: { normalized: string };
        furtherExamples?: readonly string[];
      };
      for (const path of [examples.normalized, ...furtherExamples])
        expect({ path, violations: await check(read(path)) }).toEqual({ path, violations: [] });
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
    const violations = await check(lamp(members));
    const found = violations.find(({ attribute }) => attribute === expected.attribute);
    expect(found?.rule).toMatch(expected.rule);
    expect(found?.value).toMatch(expected.value);
  });

  test('a type without contexts is meant by its short name', async () => {
    const { '@context': _, ...plain } = lamp({ powerState: { type: 'Property', value: 'bright' } });
    expect((await check(plain)).map(({ attribute }) => attribute)).toContain('powerState');
  });

  test('warn tells, off does not look', async () => {
    const faulty = lamp({ powerState: { type: 'Property', value: 'bright' } });
    observed.length = 0;
    const warning = createModels({
      directory,
      modes: readModelModes('warn'),
      observe: (observation) => observed.push(observation),
    });
    expect(await check(faulty, warning)).toEqual([]);
    expect(observed).toMatchObject([{ kind: 'modelViolated', violation: { attribute: 'powerState' } }]);
    const off = createModels({ directory, modes: readModelModes('reject,Streetlight=off'), observe: () => undefined });
    expect(await check(faulty, off)).toEqual([]);
    expect(createModels({ directory, modes: readModelModes('off'), observe: () => undefined }).isIdle).toBe(true);
  });

  test.each([
    ['sometimes', /sometimes/],
    ['warn,off', /one mode for all types/],
    ['Streetlight=loud', /loud/],
  ])('the mode %s is refused', (text, message) => expect(() => readModelModes(text)).toThrow(message));

  test('a mode for a type without a model is refused', () => {
    expect(() =>
      createModels({ directory, modes: readModelModes('warn,Unicorn=reject'), observe: () => undefined }),
    ).toThrow(/Unicorn/);
  });
});
