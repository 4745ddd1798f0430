/** Writes elements with API operations, in batches that may share a commit. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Identity } from '../../../core/access/identity.ts';
import type { JsonObject } from '../../../core/model/json.ts';
import { Problem, type ProblemReport } from '../../../core/model/problem.ts';
import { measuredBatches } from '../../../core/operation/batch/measured-batch.ts';
import type { Caller, Services } from '../../../core/operation/operation.ts';
import { perform } from '../../../core/operation/perform.ts';
import { backoffMs } from '../../../core/subscription/backoff.ts';
import type { TopicPlan } from './plan.ts';
import type { Element } from './read-element.ts';

/** How elements are written, and with whose rights. Without a writer, the ingestion has the rights of the role `writer`. */
export interface How {
  readonly operation: TopicPlan['write'];
  readonly writer: TopicPlan['writer'];
}

/** Maximum number of elements in one operation; the operation passes them to the store in one call. */
export const elementsMax = 250;

/** Number of internal errors after which an element that is written alone is rejected. */
const faultsMax = 4;

export interface WriterOptions {
  /** Who writes what has no writer of its own. */
  readonly identity: Identity;
  readonly tenant: string;
  readonly services: Services;
  readonly signal: AbortSignal;
}

export type WritableElement = Omit<Extract<Element, { readonly outcome: 'entity' }>, 'outcome'>;

/** Reasons of refused elements, by their index; all others are durable. */
type Refused = ReadonlyMap<number, string>;

/** Resolves when all elements are durable or refused. Rejects when the signal aborts while the store is unavailable. */
export type WriteElements = (how: How, elements: readonly WritableElement[]) => Promise<Refused>;

export async function createWriter({ tenant, services, signal, identity }: WriterOptions): Promise<WriteElements> {
  const context = await services.contexts.defaultContext(tenant);
  return ({ operation, writer }, elements) => {
    const rows = elements.map(({ body: { '@context': own = null, ...entity }, fixed }, place) => ({
      place,
      body: { '@context': own, entity, fixed },
    }));
    // As of the owner of something stored: nobody sends a request, and a key has the rights that it has now.
    const principal = services.access.principalOfOwner(writer ?? identity);
    const caller: Caller = { tenant, principal, context, media: 'ld+json', contextPerElement: true };
    return writeRows(rows, { operation, context: { caller, services }, signal });
  };
}

/** An element as the operation expects it, and its index in the input. */
interface Row {
  readonly place: number;
  readonly body: JsonObject;
}

interface Writing {
  readonly operation: How['operation'];
  readonly context: WriteContext;
  readonly signal: AbortSignal;
}

/** Retries elements that cannot be written now. After an internal error, each element is written alone. */
async function writeRows(rows: readonly Row[], writing: Writing): Promise<Refused> {
  const refused = new Map<number, string>();
  let left = rows;
  let faults = 0;
  for (let failures = 1; left.length > 0; failures += 1) {
    const problems = await attempt(left, writing);
    if (problems === 'fault') {
      if (left.length > 1) return new Map([...refused, ...(await writeOneByOne(left, writing))]);
      faults += 1;
      if (faults === faultsMax) return refused.set(left[0]?.place ?? 0, 'the broker fails with it');
    } else left = keepUnavailable(left, problems, refused);
    if (left.length > 0) await wait(backoffMs(failures, Math.random()), undefined, { signal: writing.signal });
  }
  return refused;
}

/** Writes one element at a time, in order: elements of one entity must not overtake each other. */
async function writeOneByOne(rows: readonly Row[], writing: Writing): Promise<Refused> {
  const refused = new Map<number, string>();
  for (const row of rows) for (const [place, reason] of await writeRows([row], writing)) refused.set(place, reason);
  return refused;
}

/** Returns the rows to retry; records the refused ones. */
function keepUnavailable(rows: readonly Row[], problems: Problems, refused: Map<number, string>): readonly Row[] {
  return rows.filter(({ place }, index) => {
    const problem = problems.get(index);
    if (problem && !isPassing(problem)) refused.set(place, problem.detail);
    return problem && isPassing(problem);
  });
}

/** Problems that are temporary, or that an operator can fix. */
const passing: ReadonlySet<ProblemReport['type']> = new Set([
  'Unavailable',
  'TenantUnavailable',
  'InsufficientStorage',
  // The holder of the key of a topic has used up a quota.
  'TooManyRequests',
]);

const isPassing = ({ type }: ProblemReport): boolean => passing.has(type);

interface WriteContext {
  readonly caller: Caller;
  readonly services: Services;
}

/** Problems by the index of the element. */
type Problems = ReadonlyMap<number, ProblemReport>;

/** Writes rows in one operation. Returns 'fault' after an internal error, which a single element may have caused. */
async function attempt(rows: readonly Row[], { operation, context }: Writing): Promise<Problems | 'fault'> {
  const body = rows.map((row) => row.body);
  try {
    const answer = await perform(measuredBatches[operation], { path: {}, params: {}, body }, context);
    return (answer.kind === 'partly' ? answer.refused : undefined) ?? new Map<number, ProblemReport>();
  } catch (cause) {
    if (cause instanceof Problem) return new Map(rows.map((_, place) => [place, cause.report]));
    context.services.observe({ kind: 'failed', where: 'ingest', cause });
    return 'fault';
  }
}
