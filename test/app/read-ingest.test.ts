/** Tests the files of --mqtt-ingest: YAML or JSON, and the errors for invalid files. */
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readConfig } from '../../src/app/config/read-config.ts';
import { readIngestPlans } from '../../src/app/config/read-ingest.ts';
import type { IngestPlan } from '../../src/edge/mqtt/ingest/plan.ts';

const env = { TTN_USER: 'a', TTN_API_KEY: 'b', MQTT_USER: 'c', MQTT_PASSWORD: 'd' };
const folder = mkdtempSync(join(tmpdir(), 'mlaka-read-ingest-'));

const fileOf = (text: string, name = 'water.yaml'): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const plans = (...paths: readonly string[]): readonly IngestPlan[] =>
  readIngestPlans(readConfig({ args: ['--mqtt-ingest', paths.join(', ')], env: {} }), env);

const map = `
topics:
  - topic: m/{id}
    type: T
    id: urn:t:{id}
    attributes:
      n: { column: n, as: number }
`;

describe('a file', () => {
  test('may be YAML or JSON; our name is that of the broker and the file', () => {
    const json = JSON.stringify({ broker: 'mqtts://b.example', topics: [{ topic: 'e', payload: 'ngsi-ld' }] });
    expect(plans(fileOf(`broker: mqtt://a.example${map}`), fileOf(json, 'air.json'))).toMatchObject([
      { clientId: 'mlaka-water', server: { host: 'a.example', port: 1883 } },
      { clientId: 'mlaka-air', server: { host: 'b.example', port: 8883, isTls: true } },
    ]);
    expect(readIngestPlans(readConfig({ args: [], env: {} }), env)).toEqual([]);
  });

  test('says with whose rights it writes, where access is required', () => {
    const read = (text: string): readonly IngestPlan[] =>
      readIngestPlans(
        readConfig({
          args: ['--access', 'required', '--mqtt-ingest', fileOf(`broker: mqtt://a${map}${text}`)],
          env: {},
        }),
        env,
      );
    expect(() => read('')).toThrow('topics[0] needs the member rightsOf');
    expect(read('rightsOf: key:sensors')[0]?.topics[0]?.writer).toEqual({
      kind: 'key',
      subject: 'key:sensors',
      roles: [],
    });
    expect(read('    rightsOf: role:a role:b')[0]?.topics[0]?.writer).toMatchObject({
      subject: 'mqtt:mlaka-water',
      roles: ['a', 'b'],
    });
    for (const wrong of ['sensors', 'key:a key:b', 'role:', 'key:a role:b'])
      expect(() => read(`rightsOf: "${wrong}"`)).toThrow('rightsOf');
  });

  test.each(readdirSync(new URL('../../examples/mqtt', import.meta.url)))('%s of the examples can be used', (name) => {
    expect(plans(`examples/mqtt/${name}`)[0]?.topics.length).toBeGreaterThan(0);
  });

  test.each([
    [
      `broker: mqtt://a${map}colour: red`,
      /water\.yaml cannot be used.* Line 1: the file has an unknown member "colour"/,
    ],
    [
      `broker: mqtt://a${map.replace('column', 'colum')}`,
      /Line 7: topics\[0\]\.attributes\.n has an unknown member "colum"/,
    ],
    [`broker: mqtt://a${map}version: 4`, /Line 8: version must be one of mqtt5\.0, mqtt3\.1\.1/],
    [
      `broker: mqtt://a${map.replace('as: number', 'as: real')}`,
      /Line 7: topics\[0\]\.attributes\.n\.as must be one of/,
    ],
    [`broker: mqtt://a${map}qos: 3`, /Line 8: qos must be one of 0, 1, 2/],
    [map, /Line 2: the file must have required property 'broker'/],
    [
      `broker: mqtt://a${map.replace('    type: T\n', '')}`,
      /water\.yaml cannot be used.* topics\[0\]\.type is missing/,
    ],
    [`broker: mqtt://a${map}userFrom: NOBODY`, /NOBODY, which is not in the environment/],
    ['broker: [', /water\.yaml cannot be used.*line 1/s],
    ['', /must be object/],
  ])('%j is refused', (text, why) => expect(() => plans(fileOf(text))).toThrow(why));

  test('that is not there is refused, and two of the same name are', () => {
    expect(() => plans('/nowhere/at/all.yaml')).toThrow(/\/nowhere\/at\/all\.yaml cannot be used.*no such file/);
    const path = fileOf(`broker: mqtt://a.example${map}`);
    expect(() => plans(path, path)).toThrow(/have the clientId mlaka-water/);
  });
});
