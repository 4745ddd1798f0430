/** Asks context sources for entities, page by page, and reads their answers (clauses 4.3.6, 5.12). */
import type { Demand } from '../../federation/registration-match.ts';
import { narrowDemand, narrowEntity } from '../../federation/narrow.ts';
import { readCopy } from '../../federation/read-copy.ts';
import type { Registration } from '../../federation/registration.ts';
import { agentOf, warning, warningOf, warningsIn } from '../../federation/source-warning.ts';
import type { Context } from '../../jsonld/context.ts';
import type { Filter } from '../../language/filter.ts';
import { compileFilter } from '../../language/matches/matches.ts';
import type { Entity } from '../../model/entity.ts';
import type { Instant } from '../../model/instant.ts';
import { isArray, isObject, type Json } from '../../model/json.ts';
import { Problem } from '../../model/problem.ts';
import type { V2Source } from '../../model/v2/source.ts';
import type { SourceAnswer, SourceRequest, Sources } from '../../port/sources.ts';
import { forEachSource, orProblem } from './concerned-sources.ts';
import type { CallContext } from '../operation.ts';
import {
  postQueryRequest,
  queriesWithShortUrls,
  queryRequest,
  retrieveRequest,
  type SourceQuery,
} from './source-read-request.ts';
import { targetOf } from './source-request.ts';
import { readV2Copy, v2QueryRequest, v2TargetOf } from './v2-source.ts';

/** What sources are asked for, and how it is read: entities or histories. */
export interface Sought<Found> {
  /** The names of the operations of clause 4.20. A source that offers none of them is not asked. */
  readonly retrieve: string;
  readonly query: string;
  readonly post?: string;
  /** Reads an answer. Throws BadRequestData. */
  read(json: Json, terms: Context, now: Instant): Found;
  /** Reads an answer of a source that speaks NGSI v2. Absent: such sources have nothing of the kind. */
  readV2?(json: Json, reading: { readonly terms: Context; readonly source: V2Source; readonly now: Instant }): Found;
  /** Whether it meets the conditions, for a source that does not test them itself. */
  meets?(found: Found, conditions: Pick<Filter, 'q' | 'geo'>): boolean;
  /** What belongs to the registration, which was asked for the demand. Undefined: nothing. */
  narrow(registration: Registration, found: Found, demand: Demand): Found | undefined;
}

export const soughtEntities: Sought<Entity> = {
  retrieve: 'retrieveEntity',
  query: 'queryEntity',
  post: 'queryBatch',
  read: readCopy,
  readV2: readV2Copy,
  meets: (entity, conditions) => compileFilter(conditions)(entity),
  narrow: narrowEntity,
};

/** What a request asks all sources for. */
export interface Question {
  readonly demand: Demand;
  /** Of a retrieval. */
  readonly id?: string;
  /** The parameters and parsed conditions that sources test. Absent: they are tested after merging. */
  readonly conditions?: {
    readonly params: Readonly<Record<string, string>>;
    readonly filter: Pick<Filter, 'q' | 'geo'>;
  };
  /** The parameters of a temporal query, when histories are asked for. */
  readonly temporal?: Readonly<Record<string, string>>;
}

/** What one source has. */
export interface Reply<Found = Entity> {
  readonly registration: Registration;
  readonly entities: readonly Found[];
  readonly warnings: readonly string[];
}

/** Most entities that are read from sources for one request. */
export const entitiesMax = 10_000;

/** Asks all these sources. A source that fails gives a warning and no entities. Throws TooManyResults beyond `entitiesMax`. */
export function askSources<Found extends { readonly id: string }>(
  registrations: readonly Registration[],
  question: Question,
  asking: { readonly call: CallContext; readonly sources: Sources; readonly sought: Sought<Found> },
): Promise<readonly Reply<Found>[]> {
  const ids = new Set<string>();
  return forEachSource(registrations, (one) => askSource(one, question, { ...asking, ids }));
}

interface Asking<Found> {
  readonly call: CallContext;
  readonly sources: Sources;
  readonly sought: Sought<Found>;
  /** The ids of the entities that the sources of this request have sent so far. */
  readonly ids: Set<string>;
}

async function askSource<Found extends { readonly id: string }>(
  registration: Registration,
  question: Question,
  asking: Asking<Found>,
): Promise<Reply<Found>> {
  const { v2 } = registration.info;
  const target = await orProblem(() =>
    v2 ? v2TargetOf(registration, v2, asking.call) : targetOf(registration, asking.call),
  );
  if (target instanceof Problem) return unreachable(registration, target);
  const { context } = target;
  const query: SourceQuery = {
    ...target,
    demand: narrowDemand(registration, question.demand),
    ...(question.conditions
      ? { conditions: { ...question.conditions, asked: asking.call.context, context } }
      : undefined),
    ...(question.temporal ? { temporal: question.temporal } : undefined),
  };
  const source = { ...asking, registration, context, asked: question.demand };
  if (v2) return readPages(v2QueryRequest, query, { ...source, sought: soughtByV2(asking.sought, v2, question) });
  const { operations } = registration;
  if (question.id !== undefined && operations.has(asking.sought.retrieve))
    return readAnswer(retrieveRequest(query, question.id), source);
  if (!operations.has(asking.sought.query)) return readPages(postQueryRequest, query, source);
  return readParts(queriesWithShortUrls(query), source);
}

/** Reads one query after the other, until the source has a problem with one. */
async function readParts<Found extends { readonly id: string }>(
  queries: readonly SourceQuery[],
  source: Source<Found>,
): Promise<Reply<Found>> {
  const entities: Found[] = [];
  for (const query of queries) {
    const reply = await readPages(queryRequest, query, source);
    entities.push(...reply.entities);
    if (reply.warnings.length > 0) return { ...reply, entities };
  }
  return { registration: source.registration, entities, warnings: [] };
}

/** What is sought, read from a source that speaks NGSI v2 and does not test conditions. */
function soughtByV2<Found>(sought: Sought<Found>, source: V2Source, { conditions }: Question): Sought<Found> {
  return {
    ...sought,
    read: (json, terms, now) => sought.readV2?.(json, { terms, source, now }) ?? sought.read(json, terms, now),
    narrow(registration, found, demand) {
      const narrowed = sought.narrow(registration, found, demand);
      const isMet = narrowed === undefined || !conditions || sought.meets?.(narrowed, conditions.filter) !== false;
      return isMet ? narrowed : undefined;
    },
  };
}

/** A source whose @context cannot be loaded is not asked. */
function unreachable(registration: Registration, { report }: Problem): Reply<never> {
  const own = warningOf(registration, { kind: 'unanswered', isLate: false, reason: report.detail }, false);
  return { registration, entities: [], warnings: own === undefined ? [] : [own] };
}

interface Source<Found> extends Asking<Found> {
  readonly registration: Registration;
  readonly asked: Demand;
  readonly context: Context;
}

/** Reads pages until one is not full. A source that repeats itself is not asked again, also if nothing belongs to its registration. */
async function readPages<Found extends { readonly id: string }>(
  write: typeof queryRequest,
  query: SourceQuery,
  source: Source<Found>,
): Promise<Reply<Found>> {
  const limit = Math.min(source.call.services.limits.pageMax, 1000);
  const found = new Map<string, Found>();
  const sent = new Set<string>();
  const warnings: string[] = [];
  for (let offset = 0; ; offset += limit) {
    const page = await readAnswer(write(query, { limit, offset }), source);
    const before = sent.size;
    for (const id of page.ids) sent.add(id);
    for (const entity of page.entities) found.set(entity.id, entity);
    for (const { id } of page.entities) source.ids.add(id);
    warnings.push(...page.warnings);
    // What a source sends is counted too: it may send entities without end of which none belongs to its registration.
    if (source.ids.size > entitiesMax || offset > entitiesMax)
      throw new Problem(
        'TooManyResults',
        `Context sources have more than ${entitiesMax} entities that match; narrow the query.`,
      );
    if (page.count < limit || sent.size === before) break;
  }
  return { registration: source.registration, entities: [...found.values()], warnings };
}

/** The entities of one answer. `count` and `ids`: of all that the source sent, with those that do not belong to the registration. */
async function readAnswer<Found extends { readonly id: string }>(
  request: SourceRequest,
  source: Source<Found>,
): Promise<Reply<Found> & { readonly count: number; readonly ids: readonly string[] }> {
  const { registration, call, sources, sought, asked } = source;
  const answer = await sources.ask(request);
  const list = await entitiesIn(answer, source);
  const own = warningOf(registration, answer, list !== undefined);
  call.services.registrations.count(call.tenant, registration.id, { isGood: own === undefined, at: call.now });
  const passed = answer.kind === 'answered' ? warningsIn(answer.headers['ngsild-warning']) : [];
  return {
    registration,
    count: list?.length ?? 0,
    ids: (list ?? []).map(({ id }) => id),
    entities: (list ?? []).flatMap((entity) => sought.narrow(registration, entity, asked) ?? []),
    warnings: [...(own === undefined ? [] : [own]), ...partWarning(registration, answer), ...passed],
  };
}

/** A source that sends long histories in parts sends the first one. */
const partWarning = (registration: Registration, answer: SourceAnswer): readonly string[] =>
  answer.kind === 'answered' && answer.status === 206
    ? [warning(299, agentOf(registration), 'The source sent only a part of the history.')]
    : [];

/** Undefined when the answer is no success, or holds anything but entities. */
async function entitiesIn<Found>(
  answer: SourceAnswer,
  { context, call, sought }: Source<Found>,
): Promise<readonly Found[] | undefined> {
  if (answer.kind === 'unanswered' || answer.status < 200 || answer.status >= 300 || answer.body === undefined)
    return undefined;
  const list = isArray(answer.body) ? answer.body : [answer.body];
  const entities: Found[] = [];
  try {
    for (const json of list) {
      const pause = call.services.yieldToEventLoop();
      if (pause) await pause;
      entities.push(sought.read(withoutContext(json), await termsOf(json, context, call), call.now));
    }
    return entities;
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

/** An answer in JSON-LD has its own @context. */
const termsOf = (json: Json, context: Context, call: CallContext): Context | Promise<Context> =>
  isObject(json) && json['@context'] !== undefined
    ? call.services.contexts.resolve(json['@context'], call.tenant)
    : context;

function withoutContext(json: Json): Json {
  if (!isObject(json)) return json;
  const { '@context': _context, ...members } = json;
  return members;
}

/** The registrations of which the source offers one of the operations. */
export const offering = (
  registrations: readonly Registration[],
  operations: readonly string[],
): readonly Registration[] => registrations.filter((one) => operations.some((name) => one.operations.has(name)));
