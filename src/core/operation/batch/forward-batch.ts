/** Sends elements of a batch to a context source: as a batch if it offers that, else one by one (clauses 5.6.7 to 5.6.10, 5.6.20). */
import type { Registration } from '../../federation/registration.ts';
import type { Json } from '../../model/json.ts';
import { Problem } from '../../model/problem.ts';
import type { SourceAnswer, Sources } from '../../port/sources.ts';
import { forEachSource, orProblem } from '../distributed/concerned-sources.ts';
import { type PartResult, resultOfAnswer } from '../distributed/distributed-result.ts';
import type { CallContext, Method, OperationRequest } from '../operation.ts';
import { type SourceTarget, targetOf } from '../distributed/source-request.ts';
import { batchRequest, elementRequest } from './element-request.ts';
import { createdIn, resultsOfBatch } from './source-batch-result.ts';

/** How a batch operation is distributed. */
export interface BatchDistribution {
  /** The name of the batch in registrations (clause 4.20). */
  readonly batch: string;
  readonly path: string;
  /** The operations on one entity for sources without the batch. The second one is for an entity that exists already (409). */
  readonly singles: readonly [SingleWrite, SingleWrite?];
}

/** An operation on one entity that stands for an element of a batch. */
export interface SingleWrite {
  /** Its name in registrations. */
  readonly name: string;
  readonly method: Method;
  readonly path: string;
  readonly params?: OperationRequest['params'];
  /** What the body is: the entity, its attributes, or there is none. */
  readonly body: 'entity' | 'attributes' | 'none';
}

/** An element that goes to a source. */
interface SentElement {
  /** The index in the batch. */
  readonly index: number;
  readonly id: string;
  /** Without its @context. */
  readonly body: Json;
  /** Absent: the whole element. */
  readonly attrs?: readonly string[] | undefined;
}

/** Elements for one source, with the same @context, which is that of the call. */
export interface SourceBatch {
  readonly registration: Registration;
  readonly call: CallContext;
  readonly elements: SentElement[];
}

/** What became of an element at a source. */
export interface SentResult {
  readonly index: number;
  readonly part: PartResult;
  readonly isCreated: boolean;
}

export async function forwardBatch(
  { registration, call, elements }: SourceBatch,
  distribution: BatchDistribution,
  { params, sources }: { readonly params: OperationRequest['params']; readonly sources: Sources },
): Promise<readonly SentResult[]> {
  const target = await orProblem(() => targetOf(registration, call));
  if (target instanceof Problem)
    return elements.map(({ index }) => ({
      index,
      part: { registration, problem: target.report },
      isCreated: false,
    }));
  const asking = { target, call, sources, distribution };
  const results = registration.operations.has(distribution.batch)
    ? await sendTogether(elements, params, asking)
    : await forEachSource(elements, (element) => sendAlone(element, asking));
  const isGood = results.every(({ part }) => part.problem === undefined);
  call.services.registrations.count(call.tenant, registration.id, { isGood, at: call.now });
  return results;
}

interface Asking {
  readonly target: SourceTarget;
  readonly call: CallContext;
  readonly sources: Sources;
  readonly distribution: BatchDistribution;
}

async function sendTogether(
  elements: readonly SentElement[],
  params: OperationRequest['params'],
  { target, call, sources, distribution: { path } }: Asking,
): Promise<readonly SentResult[]> {
  const request = batchRequest(target, { path, params, elements, asked: call.context });
  const answer = await sources.ask({ ...request, group: call });
  const parts = resultsOfBatch(
    target.registration,
    elements.map(({ id }) => id),
    answer,
  );
  const created = new Set(createdIn(answer));
  return elements.map(({ index, id, attrs }) => ({
    index,
    part: { ...(parts.get(id) ?? {}), ...(attrs ? { attrs } : undefined) },
    isCreated: created.has(id),
  }));
}

async function sendAlone(
  element: SentElement,
  { target, call, sources, distribution: { singles } }: Asking,
): Promise<SentResult> {
  const [first, second] = singles;
  const ask = (single: SingleWrite): Promise<SourceAnswer> =>
    sources.ask({ ...elementRequest(target, { single, element, asked: call.context }), group: call });
  const answer = await ask(first);
  const exists = answer.kind === 'answered' && answer.status === 409;
  const last = exists && second && target.registration.operations.has(second.name) ? await ask(second) : answer;
  const { registration } = target;
  const about = { registration, ...(element.attrs ? { attrs: element.attrs } : undefined) };
  return {
    index: element.index,
    part: resultOfAnswer(about, last),
    isCreated: answer.kind === 'answered' && answer.status === 201,
  };
}
