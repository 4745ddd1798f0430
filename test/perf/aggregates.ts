/**
 * `node test/perf/aggregates.ts [METERS...]`: how long it takes to release a period of a job, by the number of meters. The work is done once for
 * each period, so that a write costs nothing more.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createYieldToEventLoop } from '../../src/app/process.ts';
import { createAggregates } from '../../src/city/aggregate/aggregates.ts';
import { readModelNames } from '../../src/city/definition/names.ts';
import type { Write } from '../../src/core/language/write.ts';
import { instantOf, microsOfInstant } from '../../src/core/model/instant.ts';
import type { Json } from '../../src/core/model/json.ts';
import { createSqliteStores } from '../../src/store/sqlite/stores.ts';
import { createTestServices } from '../test-services.ts';

const start = microsOfInstant('2026-03-02T00:00:00Z');
const hour = 3_600_000_000;
const periods = 3;
const iri = (name: string): string => `https://uri.etsi.org/ngsi-ld/default-context/${name}`;
const property = (value: Json, more: { readonly observedAt?: string } = {}) =>
  [{ kind: 'Property', value, ...more }] as const;

const reading = (meter: number, at: number): Write => ({
  mutation: {
    op: 'upsert',
    mode: 'update',
    id: `urn:ngsi-ld:Meter:${meter}`,
    entity: {
      types: [iri('Meter')],
      attrs: {
        [iri('level')]: property(1 + (meter % 17) / 10 + at, { observedAt: instantOf(start + at * hour + 60_000_000) }),
        [iri('area')]: property(`area ${meter % 40}`),
        [iri('building')]: property(meter % 3 === 0 ? 'house' : 'flat'),
      },
    },
  },
});

async function measure(meters: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'mlaka-aggregates-'));
  const yieldToEventLoop = createYieldToEventLoop();
  const stores = createSqliteStores({ directory, yieldToEventLoop });
  const store = await stores.open('meters', true);
  if (!store) throw new Error('There is no store.');
  for (let at = 0; at < periods; at += 1)
    for (let from = 0; from < meters; from += 500) {
      const some = Array.from({ length: Math.min(500, meters - from) }, (_, index) => reading(from + index, at));
      await store.apply(some, instantOf(start + at * hour));
    }
  const clock = { now: () => instantOf(start + periods * hour) };
  const services = createTestServices({ stores, clock, yieldToEventLoop });
  const folder = new URL('../../smart-data-models/', import.meta.url).pathname;
  const work = createAggregates({
    services,
    names: readModelNames({ used: folder, packaged: folder }, services.contexts.core),
  });
  const id = 'urn:ngsi-ld:AggregateJob:level';
  const values = {
    ...{ sourceType: 'Meter', aggregatedAttribute: 'level', period: 'PT1H', targetTenant: 'public' },
    groupBy: ['area', 'building'],
  };
  const attrs = Object.entries(values).map(([name, value]) => [iri(name), property(value)] as const);
  const startAt = ['https://uri.etsi.org/ngsi-ld/startAt', property(instantOf(start))] as const;
  const entity = { types: [iri('AggregateJob')], attrs: Object.fromEntries([...attrs, startAt]) };
  await store.apply([{ mutation: { op: 'create', id, entity } }], instantOf(start));
  const place = { tenant: 'meters', store };
  await work.approve(id, place, undefined);
  const [cpu, began] = [process.cpuUsage(), performance.now()];
  const { lastRun } = await work.run(id, place);
  if (lastRun?.releases !== periods) throw new Error(JSON.stringify(lastRun));
  const { user, system } = process.cpuUsage(cpu);
  const [wall, used] = [(performance.now() - began) / periods / 1000, (user + system) / periods / 1e6];
  console.log(
    `${meters} meters: ${used.toFixed(2)} s of processor time for a period (${((used * 1e6) / meters).toFixed(0)} µs a meter), ${wall.toFixed(2)} s in all`,
  );
  await stores.close();
  rmSync(directory, { recursive: true });
}

const numbers = process.argv.slice(2).map(Number);
for (const meters of numbers.length > 0 ? numbers : [5000, 10_000, 20_000, 40_000]) await measure(meters);
