/**
 * Tests that everything that the standard lets a client say about an entity survives every export from a broker and import into another.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { backup } from '../../src/app/backup/backup.ts';
import { restore } from '../../src/app/backup/restore.ts';
import type { Command } from '../../src/app/command/command.ts';
import { exportEntities } from '../../src/app/command/export.ts';
import { importFile } from '../../src/app/command/import.ts';
import type { Json, JsonObject } from '../../src/core/model/json.ts';
import { run } from '../app/command/test-broker.ts';
import { startTestBroker, type TestBroker, testedStores } from '../scenario/scenario.ts';
import { entity, generated } from './every-member.ts';

/** How many entities go each road: what is usual, or what MLAKA_ENTITIES asks for. */
const wanted = Number(process.env['MLAKA_ENTITIES'] ?? 120);
const together = Math.min(wanted, 40);

const noOutputs = (json: Json): Json =>
  JSON.parse(JSON.stringify(json), (name, value: Json) =>
    ['createdAt', 'modifiedAt', 'instanceId'].includes(name) &&
    typeof value === 'string' &&
    /^\d{4}-.*Z$|^urn:/.test(value)
      ? undefined
      : value,
  ) as Json;

describe.each(testedStores.filter((store) => store !== 'memory'))('every member on every road (%s)', (store) => {
  let [from, to]: TestBroker[] = [];
  beforeAll(async () => {
    const options = ['--store', store, '--models', 'off'];
    [from, to] = [await startTestBroker(options), await startTestBroker(options)];
  });
  afterAll(() => Promise.all([from?.stop(), to?.stop()]), 20_000 + wanted * 20);

  const send = async (broker: TestBroker | undefined, tenant: string, path: string, body?: Json): Promise<Json> => {
    const answer = await fetch(`${broker?.url}/ngsi-ld/v1${path}`, {
      headers: { 'Content-Type': 'application/json', 'NGSILD-Tenant': tenant },
      ...(body === undefined ? undefined : { method: 'POST', body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (answer.status !== 200 && answer.status !== 201) throw new Error(`${path}: ${answer.status} ${text}`);
    return JSON.parse(text) as Json;
  };
  const entitiesIn = async (broker: TestBroker | undefined, tenant: string): Promise<ReadonlyMap<Json, Json>> => {
    const found = (await send(broker, tenant, '/entities?type=*&options=sysAttrs&limit=1000')) as readonly JsonObject[];
    return new Map(found.map((one) => [one['id'] ?? null, noOutputs(one)]));
  };
  const command = async (name: Command, tenant: string, ...args: readonly string[]): Promise<string> => {
    const { code, out, err } = await run(name, [...args, '--tenant', tenant]);
    if (code !== 0) throw new Error(`${args.join(' ')} failed: ${out}${err}`);
    return out;
  };
  const sumsIn = (backupText: string): Json => {
    const {
      context: _,
      subscription: __,
      ...sums
    } = (JSON.parse(backupText.trim().split('\n').at(-1) ?? '') as { end: JsonObject }).end;
    return sums;
  };

  let round = 0;
  test(
    'is there again as it was written',
    async () => {
      const met = new Set<string>();
      const roads = async (bodies: readonly JsonObject[]): Promise<void> => {
        round += 1;
        const tenant = `t${round}`;
        const entities = bodies.map((body, n) => ({ id: `urn:x:${n}`, ...body }) as JsonObject);
        await send(from, tenant, '/entityOperations/create', entities);
        const written = new Map(entities.map((one) => [one['id'] ?? null, noOutputs(one)]));
        expect(await entitiesIn(from, tenant)).toEqual(written);

        const path = join(from?.folder ?? '', 'file');
        const [out, into] = [
          ['--url', from?.url ?? ''],
          ['--url', to?.url ?? ''],
        ];
        await command(backup, tenant, ...out, '--out', `${path}.backup`);
        await command(restore, tenant, `${path}.backup`, ...into);
        expect(await entitiesIn(to, tenant)).toEqual(written);
        const again = await command(backup, tenant, ...into);
        expect(sumsIn(again)).toEqual(sumsIn(readFileSync(`${path}.backup`, 'utf8')));

        for (const format of ['ndjson', 'geojson']) {
          const file = `${path}.${format}`;
          await command(exportEntities, tenant, ...out, '--format', format, '--out', file);
          await command(importFile, `${tenant}-${format}`, file, ...into);
          expect(await entitiesIn(to, `${tenant}-${format}`)).toEqual(written);
          rmSync(file);
        }
        JSON.stringify(entities, (name, value: Json) => (met.add(name), value));
      };
      const numRuns = Math.ceil(wanted / together);
      const property = fc.asyncProperty(fc.array(entity, { minLength: together, maxLength: together }), roads);
      await fc.assert(property, { numRuns, endOnFailure: true });
      expect(generated.filter((member) => !met.has(member))).toEqual([]);
    },
    60_000 + wanted * 200,
  );
});
