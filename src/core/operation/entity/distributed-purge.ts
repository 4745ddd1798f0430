/** Purges at context sources what they have of the entities that a purge selects (clauses 4.3.6.2, 5.6.21). */
import { narrowDemand } from '../../federation/narrow.ts';
import { isProxied, type Registration } from '../../federation/registration.ts';
import type { RegistrationIndex } from '../../federation/registration-index.ts';
import type { Demand } from '../../federation/registration-match.ts';
import type { Filter } from '../../language/filter.ts';
import { isArray, isObject, type JsonObject } from '../../model/json.ts';
import { Problem } from '../../model/problem.ts';
import type { SourceAnswer } from '../../port/sources.ts';
import { forEachSource, isInLoop, loopDetected, matchingSources, orProblem } from '../distributed/concerned-sources.ts';
import { errorOf, type PartResult, resultOfAnswer } from '../distributed/distributed-result.ts';
import { readSourceFilter } from '../distributed/distributed-read.ts';
import type { CallContext, OperationRequest, OperationResult } from '../operation.ts';
import { purgeRequest, queriesWithShortUrls } from '../distributed/source-read-request.ts';
import { type SourceTarget, targetOf } from '../distributed/source-request.ts';

/** What a purge removes. */
export interface Purge {
  readonly filter: Filter;
  /** Expanded. Absent: see `drop`; without both, whole entities are removed. */
  readonly keep?: readonly string[] | undefined;
  readonly drop?: readonly string[] | undefined;
}

/** Purges here with `purgeHere` and at the sources, at the same time. */
export async function purgeEverywhere(
  purge: Purge,
  { index, request, purgeHere }: Purging,
  call: CallContext,
): Promise<OperationResult> {
  const { selectors, attrs, geo, scopeQ } = purge.filter;
  const demand: Demand = { selectors, attrs: purge.drop ?? attrs };
  const conditions = { geo, scopeQ, csf: readSourceFilter(request.params, call) };
  const isLooped = isInLoop(call);
  const matching = matchingSources(index, { demand, conditions, operations: ['purgeEntity'] }, call).filter(
    (one) => isProxied(one) || (one.mode === 'inclusive' && one.operations.has('purgeEntity') && !isLooped),
  );
  const isWhole = call.principal.rights('delete', call.tenant).extent === 'full';
  if (!isWhole && matching.some(isProxied))
    throw new Problem('Forbidden', 'The caller may not delete what context sources have.');
  const sending: Sending = { purge, demand, params: request.params, call, isLooped };
  const [, parts] = await Promise.all([
    purgeHere(),
    forEachSource(isWhole ? matching : [], (one) => purgeAt(one, sending)),
  ]);
  const errors = parts.flatMap(errorsIn);
  return errors.length === 0 ? { kind: 'done' } : { kind: 'partly', body: { success: [], errors } };
}

interface Purging {
  readonly index: RegistrationIndex;
  readonly request: OperationRequest;
  readonly purgeHere: () => Promise<void>;
}

interface Sending {
  readonly purge: Purge;
  readonly demand: Demand;
  readonly params: OperationRequest['params'];
  readonly call: CallContext;
  readonly isLooped: boolean;
}

/** What a source answered of single entities. */
type PurgedPart = PartResult & { readonly errors?: readonly JsonObject[] };

async function purgeAt(registration: Registration, sending: Sending): Promise<PurgedPart> {
  const { call, isLooped } = sending;
  const failed = ({ report }: Problem): PurgedPart => ({ registration, problem: report });
  if (isLooped) return failed(loopDetected());
  if (!registration.operations.has('purgeEntity'))
    return failed(new Problem('Conflict', `The source of ${registration.id} does not offer purgeEntity.`));
  const target = await orProblem(() => targetOf(registration, call));
  return target instanceof Problem ? failed(target) : send(target, sending);
}

async function send(target: SourceTarget, { purge, demand, params, call }: Sending): Promise<PurgedPart> {
  const { registration } = target;
  const { sources, registrations } = call.services;
  const narrow = narrowDemand(registration, demand);
  const removed = removedNames(purge, narrow.attrs);
  if (!sources || removed.drop?.length === 0) return { registration };
  const query = {
    ...target,
    demand: purge.drop ? { selectors: narrow.selectors } : narrow,
    conditions: { params, filter: purge.filter, asked: call.context, context: target.context },
  };
  const isByAttribute = purge.filter.attrs !== undefined;
  for (const part of queriesWithShortUrls(query)) {
    const answer = await sources.ask({ ...purgeRequest(part, { ...removed, isByAttribute }), group: call });
    const result = resultOfAnswer({ registration }, answer);
    // A source without any of them has nothing to purge.
    const isGood = result.problem === undefined || result.problem.type === 'ResourceNotFound';
    registrations.count(call.tenant, registration.id, { isGood, at: call.now });
    if (!isGood) return { ...result, ...errorsOf(answer) };
  }
  return { registration };
}

function errorsOf(answer: SourceAnswer): Pick<PurgedPart, 'errors'> {
  const { errors } = answer.kind === 'answered' && isObject(answer.body) ? answer.body : {};
  return isArray(errors) ? { errors: errors.filter(isObject) } : {};
}

/** Of a source that has registered attributes, only these are removed. */
function removedNames({ keep, drop }: Purge, registered: readonly string[] | undefined): Omit<Purge, 'filter'> {
  if (!registered) return { keep, drop };
  if (keep) return { drop: registered.filter((name) => !keep.includes(name)) };
  return { drop: drop ? registered.filter((name) => drop.includes(name)) : registered };
}

/** The errors of a source about single entities, or one about all (`*`). */
function errorsIn({ errors, ...part }: PurgedPart): readonly JsonObject[] {
  const { registration } = part;
  if (errors && registration) return errors.map((error) => ({ ...error, registrationId: registration.id }));
  const error = errorOf('*', part);
  return error ? [error] : [];
}
