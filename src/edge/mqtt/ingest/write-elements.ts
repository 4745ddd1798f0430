/** Writes elements by the operations of the API, as many as may share a commit at a time. */
import { setTimeout as wait } from 'node:timers/promises';
import { anonymous } from '../../../core/access/principal.ts';
import type { JsonObject } from '../../../core/model/json.ts';
import { Problem, type ProblemReport } from '../../../core/model/problem.ts';
import { mergeBatch, upsertBatch } from '../../../core/operation/batch/batch-operations.ts';
import type { Caller, World } from '../../../core/operation/operation.ts';
import { perform } from '../../../core/operation/perform.ts';
import { backoffMs } from '../../../core/subscription/backoff.ts';
import type { TopicPlan } from './plan.ts';

export type Write = TopicPlan['write'];

/** Most elements of one operation: as many as it gives the store at once. */
export const elementsMost = 250;

const operations = {
  upsert: { operation: upsertBatch, params: { options: 'update' } },
  merge: { operation: mergeBatch, params: {} },
} as const;

export interface WriterOptions {
  readonly tenant: string;
  readonly world: World;
  readonly signal: AbortSignal;
}

/** Why elements were refused, by their place; the others are durable. */
type Refused = ReadonlyMap<number, string>;

/** Resolves when all elements are durable or refused. Rejects when the signal is given before the store would take them. */
export type WriteElements = (write: Write, bodies: readonly JsonObject[]) => Promise<Refused>;

export async function createWriter({ tenant, world, signal }: WriterOptions): Promise<WriteElements> {
  const context = await world.contexts.resolve(undefined, tenant);
  const caller: Caller = { tenant, principal: anonymous, context, media: 'ld+json', contextPerElement: true };
  return async (write, bodies) => {
    const refused = new Map<number, string>();
    let left = bodies.map((_, place) => place);
    for (let failures = 1; left.length > 0; failures += 1) {
      const asked = left.map((place) => bodies[place] ?? {});
      const problems = await attempt(write, asked, { caller, world });
      const later: number[] = [];
      for (const [index, { type, detail }] of problems) {
        const place = left[index];
        if (place === undefined) continue;
        if (type === 'Unavailable') later.push(place);
        else refused.set(place, detail);
      }
      left = later;
      if (left.length > 0) await wait(backoffMs(failures, Math.random()), undefined, { signal });
    }
    return refused;
  };
}

interface Surroundings {
  readonly caller: Caller;
  readonly world: World;
}

/** Problems by the place of the element. A fault of the broker is no fault of the elements: they are to wait. */
async function attempt(
  write: Write,
  body: readonly JsonObject[],
  surroundings: Surroundings,
): Promise<ReadonlyMap<number, ProblemReport>> {
  const { operation, params } = operations[write];
  try {
    const answer = await perform(operation, { path: {}, params, body }, surroundings);
    return (answer.kind === 'partly' ? answer.refused : undefined) ?? new Map<number, ProblemReport>();
  } catch (cause) {
    if (!(cause instanceof Problem)) surroundings.world.observe({ kind: 'failed', where: 'ingest', cause });
    const report: ProblemReport =
      cause instanceof Problem ? cause.report : { type: 'Unavailable', detail: 'The broker has failed.' };
    return new Map(body.map((_, place) => [place, report]));
  }
}
