/** Finds which types and attributes there are, here and at context sources (clauses 4.3.6, 5.7.5 to 5.7.10). */
import { addAnswer, addDeclared, type Discovered, discoveredIn } from '../../federation/discovered.ts';
import type { Registration } from '../../federation/registration.ts';
import type { Demand } from '../../federation/registration-match.ts';
import { warningOf, warningsIn } from '../../federation/source-warning.ts';
import { anyOfTypes } from '../../language/filter.ts';
import type { Json } from '../../model/json.ts';
import { Problem } from '../../model/problem.ts';
import type { SourceAnswer } from '../../port/sources.ts';
import { forEachSource, orProblem } from '../distributed/concerned-sources.ts';
import { choose, readOperations, registrationsForRead, warningsOf } from '../distributed/distributed-read.ts';
import { requestOf, targetOf } from '../distributed/source-request.ts';
import type { CallContext } from '../operation.ts';

/** What a discovery asks sources for. */
export interface DiscoveryAsked {
  /** The name of the operation of clause 4.20. */
  readonly operation: string;
  /** The path at the source. `compact` gives names as the source is asked for them. */
  readonly path: (compact: (name: string) => string) => string;
  readonly isDetailed: boolean;
  /** Expanded. Absent: all. */
  readonly type?: string;
  readonly attr?: string;
}

/** What is known, and what went wrong at sources. */
interface Found {
  readonly known: Discovered;
  readonly warnings: readonly string[];
}

/** A source that offers the operation is asked. Of one that only offers reads of entities, what it has registered counts. */
export async function discover(
  asked: DiscoveryAsked,
  params: Readonly<Record<string, string>>,
  call: CallContext,
): Promise<Found> {
  const known = discoveredIn((await call.store.summary()).types);
  const index = await registrationsForRead(params, call);
  if (!index) return { known, warnings: [] };
  const demand: Demand = {
    ...(asked.type === undefined ? undefined : { selectors: [{ types: anyOfTypes([asked.type]) }] }),
    ...(asked.attr === undefined ? undefined : { attrs: [asked.attr] }),
  };
  const operations = [asked.operation, ...readOperations];
  const chosen = choose(index, demand, { conditions: {}, call, operations });
  const canAnswer = ({ operations, info }: Registration): boolean => operations.has(asked.operation) && !info.v2;
  for (const one of chosen.asked) if (!canAnswer(one)) addDeclared(known, one);
  const replies = await forEachSource(chosen.asked.filter(canAnswer), (one) => askSource(one, asked, { known, call }));
  return { known, warnings: warningsOf(chosen, replies, call) };
}

interface Asking {
  readonly known: Discovered;
  readonly call: CallContext;
}

async function askSource(
  registration: Registration,
  { path, isDetailed }: DiscoveryAsked,
  { known, call }: Asking,
): Promise<{ readonly warnings: readonly string[] }> {
  const { sources, registrations } = call.services;
  const target = await orProblem(() => targetOf(registration, call));
  if (!sources) return { warnings: [] };
  if (target instanceof Problem) return unasked(registration, target);
  const { context: terms } = target;
  const params = {
    ...(isDetailed ? { details: 'true' } : undefined),
    ...(registration.handling.isLocalOnly ? { local: 'true' } : undefined),
  };
  const request = requestOf(target, { method: 'GET', path: path((name) => terms.compact(name)), params });
  const answer = await sources.ask({ ...request, group: call });
  const body = bodyOf(answer);
  if (body !== undefined) addAnswer(known, body, { registration, terms });
  const own = warningOf(registration, answer, body !== undefined);
  registrations.count(call.tenant, registration.id, { isGood: own === undefined, at: call.now });
  const passed = answer.kind === 'answered' ? warningsIn(answer.headers['ngsild-warning']) : [];
  return { warnings: [...(own === undefined ? [] : [own]), ...passed] };
}

const bodyOf = (answer: SourceAnswer): Json | undefined =>
  answer.kind === 'answered' && answer.status >= 200 && answer.status < 300 ? answer.body : undefined;

/** A source whose @context cannot be loaded is not asked. */
function unasked(registration: Registration, { report }: Problem): { readonly warnings: readonly string[] } {
  const own = warningOf(registration, { kind: 'unanswered', isLate: false, reason: report.detail }, false);
  return { warnings: own === undefined ? [] : [own] };
}
