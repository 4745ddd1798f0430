/** Processes the elements of a batch separately and in order: an error in one element does not affect the others (clause 5.5.11). */
import type { RegistrationSearch } from '../../federation/registration-index.ts';
import { isArray, isObject, type Json } from '../../model/json.ts';
import type { Mutation, Outcome } from '../../model/mutation.ts';
import { badData, Problem } from '../../model/problem.ts';
import type { Write } from '../../language/write.ts';
import { registrationsFor } from '../distributed/concerned-sources.ts';
import type { OperationRequest, CallContext } from '../operation.ts';
import { refuseProxied } from './proxied-write.ts';
import type { ElementResult } from './answer.ts';
import { applyDistributed } from './distributed-batch.ts';
import type { BatchDistribution } from './forward-batch.ts';
import { forElement, type ReadElement, readElement, refusalOf } from './read-element.ts';
import { createRewriteLimit } from './rewrite-limit.ts';

/** Limits of one chunk, whose mutations go to the store together: number of elements, and number of values in them. */
const [chunkSize, chunkValues] = [250, 5000];

/** What a batch does with its elements. */
export interface BatchWork {
  readonly read: ReadElement<Mutation | Write>;
  /** How it is distributed. Absent: an element with information that a context source has for itself is refused. */
  readonly distribution?: BatchDistribution;
}

/**
 * Reads every element and applies its mutation or write, here and at context sources. The results are in the order of the elements. A new
 * registration waits until nothing more of the batch will be stored here.
 */
export async function applyBatch(
  request: OperationRequest,
  call: CallContext,
  work: BatchWork,
): Promise<readonly ElementResult[]> {
  const elements = elementsOf(request, call);
  const index = (await registrationsFor(request.params, call))?.writable;
  const end = call.services.registrations.beginWrite(call.tenant);
  try {
    return await applyFor(elements, { request, call, index, end }, work);
  } finally {
    end();
  }
}

interface Applying {
  readonly request: OperationRequest;
  readonly call: CallContext;
  readonly index: RegistrationSearch | undefined;
  /** Called when nothing more is stored here. */
  readonly end: () => void;
}

async function applyFor(
  elements: readonly Json[],
  { request, call, index, end }: Applying,
  { read, distribution }: BatchWork,
): Promise<readonly ElementResult[]> {
  if (!index || (index.size === 0 && !call.trace)) return applyHere(elements, call, read);
  if (!distribution) return applyHere(elements, call, readingAllowed(read, index));
  const { params } = request;
  const apply = (some: readonly Json[]): Promise<readonly ElementResult[]> => applyHere(some, call, read).finally(end);
  return applyDistributed(elements, call, { distribution, index, params, read, apply });
}

async function applyHere(
  elements: readonly Json[],
  call: CallContext,
  read: ReadElement<Mutation | Write>,
): Promise<readonly ElementResult[]> {
  const results: ElementResult[] = [];
  const limit = createRewriteLimit(call);
  const readWithin: ReadElement<Mutation | Write | Problem> = (element, each) =>
    limit.problemOf(element) ?? read(element, each);
  let before: readonly Json[] = [];
  for (const chunk of chunksOf(elements)) {
    await limit.count(before);
    for (const result of await applyChunk(chunk, call, readWithin)) results.push(result);
    before = chunk;
  }
  return results;
}

/** Reads elements, and refuses those that context sources have for themselves. */
const readingAllowed =
  (read: ReadElement<Mutation | Write>, index: RegistrationSearch): ReadElement<Mutation | Write> =>
  async (element, each) => {
    const asked = await read(element, each);
    await refuseProxied('op' in asked ? asked : asked.mutation, index, each);
    return asked;
  };

function* chunksOf(elements: readonly Json[]): Generator<readonly Json[]> {
  let [start, values] = [0, 0];
  for (const [index, element] of elements.entries()) {
    const own = valuesIn(element);
    if (index > start && (index - start >= chunkSize || values + own > chunkValues)) {
      yield elements.slice(start, index);
      [start, values] = [index, 0];
    }
    values += own;
  }
  yield elements.slice(start);
}

/** Approximate number of values in an element: its members, and the elements of their lists and objects. */
function valuesIn(element: Json): number {
  if (!isObject(element)) return 1;
  let count = 0;
  for (const member of Object.values(element)) {
    count += 1;
    if (isArray(member)) count += member.length;
    else if (isObject(member)) count += Object.keys(member).length;
  }
  return count;
}

/** The elements in the body. Throws BadRequestData when the batch is empty, TooManyResults when it is too long. */
export function elementsOf({ body }: OperationRequest, { services }: CallContext): readonly Json[] {
  if (!isArray(body)) throw badData('The body of a batch must be a JSON array.');
  if (body.length === 0) throw badData('The body of a batch must not be empty.');
  if (body.includes(null)) throw badData(`Element ${body.indexOf(null)} of the batch is null.`);
  if (body.length > services.limits.batchMax)
    throw new Problem('TooManyResults', `A batch may hold ${services.limits.batchMax} elements, not ${body.length}.`);
  return body;
}

async function applyChunk(
  elements: readonly Json[],
  call: CallContext,
  read: ReadElement<Mutation | Write | Problem>,
): Promise<readonly ElementResult[]> {
  const results: (ElementResult | undefined)[] = [];
  const writes: Write[] = [];
  const brokenRules: CallContext['brokenRules'][] = [];
  for (const element of elements) {
    const pause = call.services.yieldToEventLoop();
    if (pause) await pause;
    const own = forElement(call);
    const asked = await readElement(element, own, read);
    if (asked instanceof Problem) results.push(refusalOf(element, asked));
    else {
      writes.push('op' in asked ? { mutation: asked } : asked);
      brokenRules.push(own.brokenRules);
      results.push(undefined);
    }
  }
  const outcomes = await applyWrites(writes, call);
  let next = 0;
  return results.map((result) => {
    if (result) return result;
    const [broken, ended] = [brokenRules[next], resultOf(writes[next], outcomes[next])];
    next += 1;
    return broken ? { ...ended, brokenRules: broken } : ended;
  });
}

/** The outcomes of some writes. If the store refuses them all at present, only these elements fail: earlier chunks are already stored. */
export async function applyWrites(writes: readonly Write[], call: CallContext): Promise<readonly Outcome[]> {
  try {
    return writes.length > 0 ? await call.store.apply(writes, call.now) : [];
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return writes.map(() => ({ status: 'refused', problem: error.report }));
  }
}

/** The ending of a write. Throws an Error when the store returned no outcome for it. */
export function resultOf(write: Write | undefined, outcome: Outcome | undefined): ElementResult {
  if (!write || !outcome) throw new Error('The store answered fewer outcomes than it was given writes.');
  return { id: write.mutation.id, outcome };
}
