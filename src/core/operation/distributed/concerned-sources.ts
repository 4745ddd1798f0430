/** Finds the context sources that a request concerns, and asks them side by side (clauses 4.3.6, 5.12). */
import type { Registration } from '../../federation/registration.ts';
import { compileConditions } from '../../federation/registration-discovery.ts';
import type { RegistrationIndex, RegistrationSearch } from '../../federation/registration-index.ts';
import { aliasesIn } from '../../federation/via.ts';
import { Problem } from '../../model/problem.ts';
import type { CallContext, OperationRequest } from '../operation.ts';
import { readBoolean } from '../parameters.ts';
import { headerOf, ownAlias } from './source-request.ts';
import type { SourceSearch } from './source-trace.ts';

/** The registrations of the tenant. Undefined when there are none, or when the request is only about this broker. */
export function registrationsFor(
  params: OperationRequest['params'],
  { services: { sources, registrations }, tenant }: CallContext,
): RegistrationIndex | Promise<RegistrationIndex> | undefined {
  if (!sources) return undefined;
  const index = registrations.of(tenant);
  if ('size' in index && index.size === 0) return undefined;
  return readBoolean(params, 'local') === true ? undefined : index;
}

/** The registrations that match, without those whose source the request has passed already. */
export function matchingSources(
  index: RegistrationSearch,
  search: SourceSearch,
  call: CallContext,
): readonly Registration[] {
  call.trace?.note(search);
  const { demand, conditions = {} } = search;
  const found = index.matching(demand, call.now);
  if (found.length === 0) return found;
  const via = aliasesIn(headerOf(call, 'via'));
  const isGood = compileConditions(conditions, { isAbsentGood: true });
  return found.filter((one) => isGood(one) && (one.alias === undefined || !via.includes(one.alias)));
}

/** True when the request has passed this broker before (clause 4.3.6.4). */
export const isInLoop = (call: CallContext): boolean => aliasesIn(headerOf(call, 'via')).includes(ownAlias(call));

/** The problem of what is not sent because of that. */
export const loopDetected = (): Problem => new Problem('LoopDetected', 'The request has passed this broker already.');

/** Most sources that are asked at the same time for one request. */
const atOnce = 32;

/** Does the work for every element, for some of them at the same time. After a failure, no other is begun. */
export async function forEachSource<Element, Result>(
  elements: readonly Element[],
  work: (element: Element) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const waiting = [...elements.entries()];
  const workInTurn = async (): Promise<void> => {
    try {
      for (let next = waiting.shift(); next; next = waiting.shift()) results[next[0]] = await work(next[1]);
    } finally {
      waiting.length = 0;
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, elements.length) }, workInTurn));
  return results;
}

/** The problem is returned instead of thrown: it is that of one part. */
export async function orProblem<Result>(work: () => Promise<Result>): Promise<Result | Problem> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}
