/** `mlaka demo`: loads the simulated city of Kranj with some hours of history into a broker and updates it in real time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readModelIndex } from '../../city/models/model-index.ts';
import { hourMs, type EpochMs } from '../../city/simulation/calendar.ts';
import {
  type City,
  createCity,
  entityAt,
  historyBetween,
  type Update,
  updatesBetween,
} from '../../city/simulation/city.ts';
import { datasetEntities } from '../../city/simulation/datasets.ts';
import type { Family } from '../../city/simulation/entity.ts';
import { indicatorEntities } from '../../city/simulation/indicators.ts';
import type { JsonObject } from '../../core/model/json.ts';
import { type BatchOperation, type Client, createClient, type Refusal } from './client.ts';
import type { Command, Io } from './command.ts';
import { brokerFlags, helpOf, readFlags, wholeOf } from './options.ts';
import { createProgress } from './progress.ts';
import { asksForHelp } from '../config/arguments.ts';

const flags = {
  ...brokerFlags,
  seed: { form: 'TEXT', about: 'Another seed is another city.', initial: 'kranj' },
  history: { form: 'HOURS', about: 'How much of the past is told first.', initial: '6' },
  households: { form: 'N', about: 'How many households have a water meter of their own.', initial: '0' },
  speed: { form: 'N', about: 'How many times faster than real time passes.', initial: '1' },
} as const;

const usage = `mlaka demo [OPTIONS]

Lets a simulated Kranj move into a running broker: 500 meters, car parks, street lights and sensors that report in real
time until you press Ctrl+C. What they wrote stays.
`;

/** Entities per request. */
const batchSize = 250;

export const demo: Command = {
  name: 'demo',
  summary: 'lets a simulated Kranj move in: 500 entities that report in real time',
  async run(args, io) {
    if (asksForHelp(args)) {
      io.out.write(`${usage}${helpOf(flags)}\n`);
      return 0;
    }
    const { values } = readFlags(args, flags);
    const client = createClient(values, io.signal);
    const [hours, speed] = [wholeOf('history', values.history, 0), wholeOf('speed', values.speed, 1)];
    const city = createCity(values.seed, wholeOf('households', values.households, 0));
    try {
      await runDemo(city, { client, io, hours, speed });
    } catch (error) {
      if (!io.signal.aborted) throw error;
    }
    io.out.write('\nThe city stands still; what it reported stays.\n');
    return 0;
  },
};

/** A time range; the end is exclusive. */
type Span = readonly [from: EpochMs, to: EpochMs];

interface DemoRun {
  readonly client: Client;
  readonly io: Io;
  readonly hours: number;
  readonly speed: number;
}

async function runDemo(city: City, living: DemoRun): Promise<void> {
  const lastMoment = await lastReport(living.client);
  // A city that was simulated faster than real time is ahead of the clock. Its time must not go back.
  const began = Math.max(Date.now(), lastMoment + 1);
  await createEntities(city, [Math.max(began - living.hours * hourMs, lastMoment + 1), began], living);
  await follow(city, began, living);
}

/**
 * Writes the entities with their initial state and then their reports. So the history has no gap and no duplicates, and the newest values
 * are current.
 */
async function createEntities(city: City, [from, now]: Span, { client, io }: DemoRun): Promise<void> {
  const progress = createProgress(io.out, 'reports');
  await put(
    [
      ...datasetEntities.map((entity) => withContext('catalogue', entity)),
      ...indicatorEntities.map((entity) => withContext('indicator', entity)),
    ],
    client,
    'entityOperations/upsert?options=update',
  );
  await put(wholeAt(city, from), client, 'entityOperations/upsert?options=update');
  let done = 0;
  // Works hour by hour, because the reports of months do not fit in memory.
  for (let hour = from; hour < now; hour += hourMs) {
    for (const batch of batchesOf(historyBetween(city, hour, Math.min(now, hour + hourMs)))) {
      await put(batch.map(partOf), client, 'entityOperations/update');
      done += batch.length;
      progress.show(done, (hour - from) / (now - from));
    }
  }
  await put(wholeAt(city, now), client, 'entityOperations/upsert?options=update');
  progress.end(done);
  await approveIndicators(client, io);
  io.out.write(`${city.entities.length} entities of Kranj have moved in. They report until you press Ctrl+C.\n`);
}

/** Without the rights of an administrator, the indicators stay definitions. */
async function approveIndicators(client: Client, io: Io): Promise<void> {
  try {
    for (const { id } of indicatorEntities)
      await client.send('POST', `/indicators/${id}/approve`, { json: {}, type: 'application/json' });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    io.err.write(`The indicators need the approval of an administrator (docs/indicators.md): ${why}\n`);
  }
}

/** The time of the last report of a weather station, in milliseconds; 0 when there is none. */
async function lastReport(client: Client): Promise<EpochMs> {
  const type = encodeURIComponent('https://smartdatamodels.org/dataModel.Weather/WeatherObserved');
  const { body } = await client.send('GET', `/entities?type=${type}&idPattern=:kranj:&limit=100`);
  const texts = JSON.stringify(body ?? []).matchAll(/"observedAt":"([^"]+)"/g);
  return Math.max(0, ...[...texts].map(([, text = '']) => Date.parse(text)));
}

/** Sends reports as they become due. Reports that become due while the broker is unavailable are sent when it is back. */
async function follow(city: City, began: EpochMs, { client, io, speed }: DemoRun): Promise<void> {
  const progress = createProgress(io.out, 'reports');
  const startedMs = Date.now();
  const due: Update[] = [];
  let [seen, done] = [began, 0];
  for (;;) {
    await sleep(500, undefined, { signal: io.signal });
    const now = began + (Date.now() - startedMs) * speed;
    due.push(...updatesBetween(city, seen, now));
    seen = now;
    await sendUpdates(due, client, (count) => progress.show((done += count))).catch((error: unknown) => {
      if (io.signal.aborted) throw error;
      io.err.write(`${error instanceof Error ? error.message : String(error)}\n`);
    });
  }
}

/** Sends due reports in order. A batch that the broker has answered is removed from the list, even when the broker refused parts of it. */
async function sendUpdates(due: Update[], client: Client, onTold: (count: number) => void): Promise<void> {
  while (due.length > 0) {
    const batch = due.slice(0, batchSize);
    const refused = await client.batch('entityOperations/update', batch.map(partOf));
    due.splice(0, batch.length);
    onTold(batch.length);
    refuse(refused);
  }
}

const wholeAt = (city: City, at: EpochMs): readonly JsonObject[] =>
  city.entities.map((entity) => withContext(entity.family, entityAt(entity, at)));

const partOf = ({ id, attrs, entity }: Update): JsonObject => withContext(entity.family, { id, ...attrs });

const put = async (entities: readonly JsonObject[], client: Client, operation: BatchOperation): Promise<void> =>
  refuse(await client.batch(operation, entities));

function refuse(refused: readonly Refusal[]): void {
  const [first] = refused;
  if (!first) return;
  throw new Error(`The broker refused ${refused.length} reports of the city, one of ${first.id}: ${first.reason}`);
}

function* batchesOf<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += batchSize) yield items.slice(start, start + batchSize);
}

const models = fileURLToPath(new URL('../../../smart-data-models/', import.meta.url));

/** The @contexts of the families by name. */
const contexts: ReadonlyMap<string, string> = new Map(
  readModelIndex(models).families.map(({ name, context }) => [name, context.url]),
);

const withContext = (family: Family | 'catalogue' | 'indicator', entity: JsonObject): JsonObject => ({
  ...entity,
  '@context': contexts.get(family) ?? '',
});
