/** Writes elements by the operations of the API, as many as may share a commit at a time. */
import { setTimeout as wait } from 'node:timers/promises';
import { anonymous } from '../../../core/access/principal.ts';
import type { JsonObject } from '../../../core/model/json.ts';
import { Problem, type ProblemReport } from '../../../core/model/problem.ts';
import { measuredBatches } from '../../../core/operation/batch/measured-batch.ts';
import type { Caller, World } from '../../../core/operation/operation.ts';
import { perform } from '../../../core/operation/perform.ts';
import { backoffMs } from '../../../core/subscription/backoff.ts';
import type { TopicPlan } from './plan.ts';
import type { Element } from './read-element.ts';

export type Write = TopicPlan['write'];

/** Most elements of one operation: as many as it gives the store at once. */
export const elementsMost = 250;

/** After so many faults of the broker in the one element it is written alone with, an element is of no use. */
const faultsMost = 4;

export interface WriterOptions {
  readonly tenant: string;
  readonly world: World;
  readonly signal: AbortSignal;
}

/** What is to be written. */
export type Measured = Omit<Extract<Element, { readonly outcome: 'entity' }>, 'outcome'>;

/** Why elements were refused, by their place; the others are durable. */
type Refused = ReadonlyMap<number, string>;

/** Resolves when all elements are durable or refused. Rejects when the signal is given before the store would take them. */
export type WriteElements = (write: Write, elements: readonly Measured[]) => Promise<Refused>;

export async function createWriter({ tenant, world, signal }: WriterOptions): Promise<WriteElements> {
  const context = await world.contexts.otherwise(tenant);
  const caller: Caller = { tenant, principal: anonymous, context, media: 'ld+json', contextPerElement: true };
  return (write, elements) => {
    const rows = elements.map(({ body: { '@context': own = null, ...entity }, fixed }, place) => ({
      place,
      body: { '@context': own, entity, fixed },
    }));
    return writeRows(rows, { write, context: { caller, world }, signal });
  };
}

/** An element as the operation takes it, and its place among those that were given. */
interface Row {
  readonly place: number;
  readonly body: JsonObject;
}

interface Writing {
  readonly write: Write;
  readonly context: WriteContext;
  readonly signal: AbortSignal;
}

/** Tries again what the store does not take now. Where the broker itself fails, each element is on its own. */
async function writeRows(rows: readonly Row[], writing: Writing): Promise<Refused> {
  const refused = new Map<number, string>();
  let left = rows;
  let faults = 0;
  for (let failures = 1; left.length > 0; failures += 1) {
    const problems = await attempt(left, writing);
    if (problems === 'fault') {
      if (left.length > 1) return new Map([...refused, ...(await writeApart(left, writing))]);
      faults += 1;
      if (faults === faultsMost) return refused.set(left[0]?.place ?? 0, 'the broker fails with it');
    } else left = keepUnavailable(left, problems, refused);
    if (left.length > 0) await wait(backoffMs(failures, Math.random()), undefined, { signal: writing.signal });
  }
  return refused;
}

/** In order: elements about one entity must not overtake each other. */
async function writeApart(rows: readonly Row[], writing: Writing): Promise<Refused> {
  const refused = new Map<number, string>();
  for (const row of rows) for (const [place, reason] of await writeRows([row], writing)) refused.set(place, reason);
  return refused;
}

/** The rows that the store does not take now; those that it never will take are noted. */
function keepUnavailable(rows: readonly Row[], problems: Problems, refused: Map<number, string>): readonly Row[] {
  return rows.filter(({ place }, index) => {
    const problem = problems.get(index);
    if (problem && !isPassing(problem)) refused.set(place, problem.detail);
    return problem && isPassing(problem);
  });
}

/** What may be other in a while, by itself or by somebody's help. */
const passing: ReadonlySet<ProblemReport['type']> = new Set([
  'Unavailable',
  'TenantUnavailable',
  'InsufficientStorage',
]);

const isPassing = ({ type }: ProblemReport): boolean => passing.has(type);

interface WriteContext {
  readonly caller: Caller;
  readonly world: World;
}

/** Problems by the place of the element. */
type Problems = ReadonlyMap<number, ProblemReport>;

/** A fault of the broker may be one of a single element. */
async function attempt(rows: readonly Row[], { write, context: surroundings }: Writing): Promise<Problems | 'fault'> {
  const body = rows.map((row) => row.body);
  try {
    const answer = await perform(measuredBatches[write], { path: {}, params: {}, body }, surroundings);
    return (answer.kind === 'partly' ? answer.refused : undefined) ?? new Map<number, ProblemReport>();
  } catch (cause) {
    if (cause instanceof Problem) return new Map(rows.map((_, place) => [place, cause.report]));
    surroundings.world.observe({ kind: 'failed', where: 'ingest', cause });
    return 'fault';
  }
}
