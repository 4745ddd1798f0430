/** `mlaka demo`: lets the simulated Kranj move into a broker, with some hours of history, and go on in real time. */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readModelIndex } from '../../city/models/model-index.ts';
import { hourMs, type Moment } from '../../city/simulation/calendar.ts';
import { type City, createCity, entityAt, historyBetween, type Update, updatesBetween } from '../../city/simulation/city.ts';
import type { Family } from '../../city/simulation/entity.ts';
import type { Json, JsonObject } from '../../core/model/json.ts';
import { type Client, createClient } from './client.ts';
import type { Command, Io } from './command.ts';
import { brokerFlags, helpOf, readFlags, wholeOf } from './options.ts';
import { createProgress } from './progress.ts';

const flags = {
  ...brokerFlags,
  seed: { form: 'TEXT', about: 'Another seed is another city.', initial: 'kranj' },
  history: { form: 'HOURS', about: 'How much of the past is told first.', initial: '6' },
  speed: { form: 'N', about: 'How many times faster than real time passes.', initial: '1' },
} as const;

const usage = `mlaka demo [OPTIONS]

Lets a simulated Kranj move into a running broker: 500 meters, car parks, street lights and sensors that report in real
time until you press Ctrl+C. What they wrote stays.
`;

/** Entities in one request. */
const batchSize = 250;

export const demo: Command = {
  name: 'demo',
  summary: 'lets a simulated Kranj move in: 500 entities that report in real time',
  async run(args, io) {
    if (args.includes('--help')) {
      io.out.write(`${usage}${helpOf(flags)}\n`);
      return 0;
    }
    const { values } = readFlags(args, flags);
    const client = createClient(values, io.signal);
    const [hours, speed] = [wholeOf('history', values.history, 0), wholeOf('speed', values.speed, 1)];
    try {
      await live(createCity(values.seed), { client, io, hours, speed });
    } catch (error) {
      if (!io.signal.aborted) throw error;
    }
    io.out.write('\nThe city stands still; what it reported stays.\n');
    return 0;
  },
};

interface Living {
  readonly client: Client;
  readonly io: Io;
  readonly hours: number;
  readonly speed: number;
}

async function live(city: City, living: Living): Promise<void> {
  const began = Date.now();
  await moveIn(city, began, living);
  await follow(city, began, living);
}

/** First the entities as they were, then what they reported from then on: so that history is complete and the present the newest. */
async function moveIn(city: City, now: Moment, { client, io, hours }: Living): Promise<void> {
  const from = now - hours * hourMs;
  const updates = historyBetween(city, from, now);
  const progress = createProgress(io.out, 'reports');
  await put(city.entities.map((entity) => withContext(entity.family, entityAt(entity, from))), client, 'replace');
  let done = 0;
  for (const batch of batchesOf(updates)) {
    await put(batch.map(entityOf), client, 'update');
    done += batch.length;
    progress.show(done, done / updates.length);
  }
  await put(city.entities.map((entity) => withContext(entity.family, entityAt(entity, now))), client, 'update');
  progress.end(done);
  io.out.write(`${city.entities.length} entities of Kranj have moved in. They report until you press Ctrl+C.\n`);
}

async function follow(city: City, began: Moment, { client, io, speed }: Living): Promise<void> {
  const progress = createProgress(io.out, 'reports');
  let [seen, done] = [began, 0];
  for (;;) {
    await sleep(500, undefined, { signal: io.signal });
    const now = began + (Date.now() - began) * speed;
    for (const batch of batchesOf(updatesBetween(city, seen, now))) {
      await put(batch.map(entityOf), client, 'update');
      done += batch.length;
    }
    seen = now;
    progress.show(done);
  }
}

const entityOf = ({ id, attrs, entity }: Update): JsonObject => withContext(entity.family, { id, type: entity.type, ...attrs });

async function put(entities: readonly Json[], client: Client, mode: 'replace' | 'update'): Promise<void> {
  const refused = await client.upsert(entities, mode);
  const [first] = refused;
  if (first) throw new Error(`The broker refused ${refused.size} entities of the city, ${first[0]} among them: ${first[1]}`);
}

function* batchesOf<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += batchSize) yield items.slice(start, start + batchSize);
}

const models = fileURLToPath(new URL('../../../smart-data-models/', import.meta.url));

/** The @contexts of the families by name. */
const contexts: ReadonlyMap<string, string> = new Map(readdirSync(models).length > 0 ? readModelIndex(models).families.map(({ name, context }) => [name, context.url]) : []);

const withContext = (family: Family, entity: JsonObject): JsonObject => ({ ...entity, '@context': contexts.get(family) ?? '' });
