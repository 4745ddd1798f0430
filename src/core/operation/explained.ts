/**
 * Runs operations with `explain=true`: the answer says how the store found entities, and of each registration whether its source was asked,
 * why not, and what it answered. The operation is carried out as without it.
 */
import type { Registration } from '../federation/registration.ts';
import type { JsonObject } from '../model/json.ts';
import { badData, Problem, type ProblemReport } from '../model/problem.ts';
import { maskUri } from '../model/secret.ts';
import type { Plan, Store } from '../port/store.ts';
import { createSourceTrace, reasonAgainst, type SourceTrace } from './distributed/source-trace.ts';
import { isInLoop } from './distributed/concerned-sources.ts';
import { headerOf } from './distributed/source-request.ts';
import type { Text } from './long-text.ts';
import type { CallContext, Operation, OperationRequest, OperationResult } from './operation.ts';
import { readBoolean } from './parameters.ts';

/** True when the request asks for an explanation. Throws Forbidden unless the caller is an administrator of the tenant. */
export function isExplained({ params }: OperationRequest, { principal, tenant, services }: CallContext): boolean {
  if (params['explain'] === undefined || readBoolean(params, 'explain') !== true) return false;
  if (services.access.isOpen || principal.rights('administer', tenant).extent === 'full') return true;
  throw new Problem('Forbidden', 'Only administrators of the tenant get explanations.');
}

/** Throws BadRequestData for an answer that is not JSON. */
export async function runExplained(
  operation: Operation,
  request: OperationRequest,
  call: CallContext,
): Promise<OperationResult> {
  if (call.media === 'csv') throw badData('explain=true has an answer in JSON only.');
  const { explain: _explain, ...params } = request.params;
  const trace = createSourceTrace(call.services.clock);
  const { sources } = call.services;
  const services = sources ? { ...call.services, sources: trace.traced(sources) } : call.services;
  const reports: JsonObject[] = [];
  const store = reportingStore(call.store, (report) => {
    if (reports.length < reportsMax) reports.push(report);
  });
  const traced: CallContext = { ...call, store, media: 'json', services, trace };
  const plain = { ...request, params };
  const result = await operation.run(plain, traced).catch((error: unknown) => problemIn(error));
  const explanation = JSON.stringify({ reads: reports, ...(await explanationOf(plain, trace, traced)) }).slice(1);
  if ('kind' in result && result.kind === 'found')
    return { ...result, media: 'json', text: joined('{"result":', result.text, `,${explanation}`) };
  const content = `${JSON.stringify('kind' in result ? shortOf(result) : { problem: { ...result } }).slice(0, -1)},${explanation}`;
  return { kind: 'document', status: 200, headers: { 'Content-Type': 'application/json' }, content };
}

/** Most reads of the store that are explained. */
const reportsMax = 100;

/** Tells how the store carries out each search. */
function reportingStore(store: Store, tell: (report: JsonObject) => void): Store {
  const told = (plan: Plan, does: 'find' | 'count'): Plan => ({
    ...plan,
    onDone: ({ access, index, read }) =>
      tell({ does, access, ...(index === undefined ? undefined : { index }), entitiesRead: read }),
  });
  return {
    ...store,
    find: (plan) => store.find(told(plan, 'find')),
    count: (plan) => store.count(told(plan, 'count')),
  };
}

function problemIn(error: unknown): ProblemReport {
  if (error instanceof Problem) return error.report;
  throw error;
}

function joined(before: string, text: Text, after: string): Text {
  if (typeof text === 'string') return `${before}${text}${after}`;
  return { begin: `${before}${text.begin}`, rest: followedBy(text.rest, after) };
}

async function* followedBy(texts: AsyncIterable<string>, last: string): AsyncGenerator<string> {
  yield* texts;
  yield last;
}

/** What an operation without a text did. */
function shortOf(result: OperationResult): JsonObject {
  switch (result.kind) {
    case 'created':
      return { did: 'created', location: result.location };
    case 'createdMany':
      return { did: 'created', result: result.ids };
    case 'partly':
    case 'warned':
      return { did: result.kind, result: result.body };
    default:
      return { did: result.kind };
  }
}

/** Most registrations that are explained: first those whose sources were asked. */
const explainedMax = 1000;

async function explanationOf({ params }: OperationRequest, trace: SourceTrace, call: CallContext): Promise<JsonObject> {
  const all = (await call.services.registrations.of(call.tenant)).all();
  const byAsked = [
    ...all.filter(({ id }) => trace.requestsOf(id).length > 0),
    ...all.filter(({ id }) => trace.requestsOf(id).length === 0),
  ];
  const general = generalReason(params, trace, call);
  return {
    registrations: byAsked.slice(0, explainedMax).map((one) => entryOf(one, { general, trace, call })),
    registrationsLeftOut: Math.max(0, byAsked.length - explainedMax),
  };
}

interface Explaining {
  readonly general: string | undefined;
  readonly trace: SourceTrace;
  readonly call: CallContext;
}

function entryOf(one: Registration, { general, trace, call }: Explaining): JsonObject {
  const { id, mode, endpoint } = one;
  const requests = trace.requestsOf(id);
  const head = { registration: id, mode, endpoint: maskUri(endpoint), isAsked: requests.length > 0 };
  if (requests.length > 0) return { ...head, requests };
  const [search] = trace.searches;
  const at = { now: call.now, via: headerOf(call, 'via') };
  return { ...head, reason: general ?? (search ? reasonAgainst(one, search, at) : 'The operation asks no sources.') };
}

/** Why no source at all is asked. */
function generalReason(
  params: OperationRequest['params'],
  { searches }: SourceTrace,
  call: CallContext,
): string | undefined {
  if (!call.services.sources) return 'This broker asks no sources.';
  if (call.snapshot !== undefined) return 'The request is about a snapshot.';
  if (readBoolean(params, 'local') === true) return 'The request is about this broker only (local=true).';
  if (isInLoop(call)) return 'The request has passed this broker already (Via).';
  if (searches.length > 0) return undefined;
  if (params['type'] === '*') return 'The request asks for all types (type=*).';
  if (call.domain) return 'The request is limited to a service path.';
  return 'The operation asks no sources, or the caller may read only a part of the tenant.';
}
