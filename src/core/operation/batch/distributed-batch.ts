/** Divides the elements of a batch among this broker and context sources, and combines what became of them (clauses 4.3.6.2, 5.5.11). */
import { isProxied } from '../../federation/registration.ts';
import type { RegistrationSearch } from '../../federation/registration-index.ts';
import type { EntityWrite, WriteSplit } from '../../federation/split-write.ts';
import { isObject, type Json, type JsonObject } from '../../model/json.ts';
import { Problem } from '../../model/problem.ts';
import { isUri } from '../../model/read/id.ts';
import { forEachSource, isInLoop, loopDetected } from '../distributed/concerned-sources.ts';
import { errorOf, type PartResult } from '../distributed/distributed-result.ts';
import { attributesIn, isNothingHere, needsTypes, splitFor, typesOf } from '../distributed/distributed-write.ts';
import type { CallContext, OperationRequest } from '../operation.ts';
import { withAttributes } from '../distributed/source-write-request.ts';
import type { ElementResult } from './answer.ts';
import { type BatchDistribution, forwardBatch, type SentResult, type SourceBatch } from './forward-batch.ts';
import { type ReadElement, readElement, refusalOf } from './read-element.ts';

export interface DistributedBatch {
  readonly distribution: BatchDistribution;
  readonly index: RegistrationSearch;
  readonly params: OperationRequest['params'];
  /** Reads an element, only to refuse what this broker would refuse. */
  readonly read: ReadElement<unknown>;
  /** Applies elements here. The results are in their order. */
  readonly apply: (elements: readonly Json[]) => Promise<readonly ElementResult[]>;
}

/** An element and what goes where. */
interface PlannedElement {
  readonly element: Json;
  /** What is left to this broker. Undefined: nothing. */
  readonly local: Json | undefined;
  /** Absent: it stays here as a whole. */
  readonly sent?: {
    readonly id: string;
    readonly body: Json;
    readonly split: WriteSplit;
    readonly call: CallContext;
  };
}

type Plan = PlannedElement | Problem;

/** Applies the elements here and at sources. The results are in the order of the elements. */
export async function applyDistributed(
  elements: readonly Json[],
  call: CallContext,
  batch: DistributedBatch,
): Promise<readonly ElementResult[]> {
  const plans: Plan[] = [];
  for (const element of elements) plans.push(await planElement(element, call, batch));
  const { batches, failed } = divide(plans, call, batch);
  const { sources } = call.services;
  const here = plans.flatMap((plan) => (plan instanceof Problem || plan.local === undefined ? [] : [plan.local]));
  const [results, sent] = await Promise.all([
    here.length > 0 ? batch.apply(here) : [],
    sources
      ? forEachSource(batches, (one) => forwardBatch(one, batch.distribution, { params: batch.params, sources }))
      : [],
  ]);
  const elsewhere = Map.groupBy([...failed, ...sent.flat()], ({ index }) => index);
  let next = 0;
  return plans.map((plan, index) => {
    const element = elements[index] ?? null;
    if (plan instanceof Problem) return refusalOf(element, plan);
    const own = plan.local === undefined ? undefined : results[next];
    if (plan.local !== undefined) next += 1;
    return combined(plan, own, elsewhere.get(index) ?? []);
  });
}

async function planElement(element: Json, call: CallContext, batch: DistributedBatch): Promise<Plan> {
  const pause = call.services.yieldToEventLoop();
  if (pause) await pause;
  return readElement(element, call, (body, own) => planRead(element, body, { batch, own }));
}

async function planRead(
  element: Json,
  body: Json,
  { batch, own }: { readonly batch: DistributedBatch; readonly own: CallContext },
): Promise<PlannedElement> {
  const write = await readWrite(body, batch, own);
  if (!write) return { element, local: element };
  const access = batch.distribution.batch === 'deleteBatch' ? 'delete' : 'write';
  const split = splitFor(write, batch.index, { call: own, access });
  if (split.parts.length === 0) return { element, local: element };
  // No source gets what this broker refuses.
  await batch.read(body, own);
  const isHere = split.isLocal && !(await isNothingHere(split, write, own));
  return {
    element,
    local: isHere ? localPart(element, split, own) : undefined,
    sent: { id: write.id, body, split, call: own },
  };
}

/** The id and the attributes that an element writes. Undefined without a valid id: it is refused where it is applied. */
async function readWrite(
  body: Json,
  { distribution: { batch, singles }, index }: DistributedBatch,
  own: CallContext,
): Promise<EntityWrite | undefined> {
  const json = isObject(body) ? body : {};
  const id = isObject(body) ? (json['id'] ?? json['@id']) : body;
  if (typeof id !== 'string' || !isUri(id)) return undefined;
  const types = needsTypes(id, index, own) ? await typesOf(id, json, own) : undefined;
  return {
    id,
    selector: { ids: [id], ...(types ? { types } : undefined) },
    ...(isObject(body) ? { attrs: attributesIn(json, own) } : undefined),
    operations: [batch, singles[0].name],
  };
}

/** With its @context, if it has one of its own. */
const localPart = (element: Json, { rest }: WriteSplit, { context }: CallContext): Json => {
  if (!rest || !isObject(element)) return element;
  const own = element['@context'];
  const kept = withAttributes(element, rest, context);
  return isObject(kept) && own !== undefined ? { ...kept, '@context': own } : (kept ?? null);
};

interface Division {
  readonly batches: readonly SourceBatch[];
  /** Parts that are not sent. */
  readonly failed: readonly SentResult[];
}

/** One batch for each source and @context. */
function divide(plans: readonly Plan[], call: CallContext, { distribution }: DistributedBatch): Division {
  const batches = new Map<string, SourceBatch>();
  const failed: SentResult[] = [];
  const isLooped = isInLoop(call);
  for (const [index, plan] of plans.entries()) {
    if (plan instanceof Problem || !plan.sent) continue;
    const { id, body, split, call: own } = plan.sent;
    for (const { registration, attrs, isOffered } of split.parts) {
      if (isLooped && !isProxied(registration)) continue;
      const objection = objectionTo(isLooped, isOffered, distribution);
      if (objection) {
        failed.push({ index, part: { registration, problem: objection.report }, isCreated: false });
        continue;
      }
      const key = JSON.stringify([registration.id, own.context.key]);
      const batch = batches.get(key) ?? { registration, call: own, elements: [] };
      batches.set(key, batch);
      batch.elements.push({ index, id, body, ...(attrs ? { attrs } : undefined) });
    }
  }
  return { batches: [...batches.values()], failed };
}

function objectionTo(isLooped: boolean, isOffered: boolean, { batch }: BatchDistribution): Problem | undefined {
  if (isLooped) return loopDetected();
  return isOffered ? undefined : new Problem('Conflict', `The source does not offer ${batch}.`);
}

function combined(
  { sent }: PlannedElement,
  own: ElementResult | undefined,
  elsewhere: readonly SentResult[],
): ElementResult {
  const id = own?.id ?? sent?.id ?? '';
  if (!sent) return own ?? { id, outcome: { status: 'unchanged' } };
  const isCreated = elsewhere.some((one) => one.isCreated);
  return {
    ...(own ?? { id, outcome: { status: isCreated ? 'created' : 'unchanged' } }),
    sources: {
      isLocal: own !== undefined,
      failures: elsewhere.flatMap(({ part }) => failureOf(id, part)),
      isDone: elsewhere.some(({ part }) => part.problem === undefined),
    },
  };
}

const failureOf = (id: string, part: PartResult): readonly JsonObject[] => {
  const error = errorOf(id, part);
  return error ? [error] : [];
};
