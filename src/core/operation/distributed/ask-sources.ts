/** Asks context sources for entities, page by page, and reads their answers (clauses 4.3.6, 5.12). */
import { type EntityMapContent, idsAt } from '../../federation/entity-map.ts';
import type { Demand } from '../../federation/registration-match.ts';
import { narrowDemand, withIds } from '../../federation/narrow.ts';
import type { Registration } from '../../federation/registration.ts';
import {
  agentOf,
  cachedWarning,
  isCachedWarning,
  warning,
  warningOf,
  warningsIn,
} from '../../federation/source-warning.ts';
import type { Context } from '../../jsonld/context.ts';
import type { Filter } from '../../language/filter.ts';
import type { Entity } from '../../model/entity.ts';
import { isArray, isObject, type Json } from '../../model/json.ts';
import { Problem } from '../../model/problem.ts';
import type { SourceAnswer, SourceRequest, Sources } from '../../port/sources.ts';
import { forEachSource, orProblem } from './concerned-sources.ts';
import type { CallContext } from '../operation.ts';
import { type Sought, soughtByV2 } from './sought.ts';
import {
  type MapLifetime,
  postQueryRequest,
  queriesWithShortUrls,
  queryRequest,
  retrieveRequest,
  type SourceQuery,
} from './source-read-request.ts';
import { type SourceTarget, targetOf } from './source-request.ts';
import { v2QueryRequest, v2TargetOf } from './v2-source.ts';

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
  /** The part of an entity map that is read: each source is asked for what it has of these entities. */
  readonly map?: EntityMapContent;
  /** Given when an entity map is made: sources that can make one of their part too. */
  readonly makes?: MapLifetime;
  /** How many of its first entities each source is asked for. Absent: all. */
  readonly most?: number;
}

/** What one source has. */
export interface Reply<Found = Entity> {
  readonly registration: Registration;
  readonly entities: readonly Found[];
  readonly warnings: readonly string[];
  /** The header NGSILD-EntityMap of the source. */
  readonly linkedMap?: string | undefined;
  /** True when it was not asked for all that it has. */
  readonly isCut?: boolean;
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
  const query = queryOf(target, question, asking.call);
  const { demand: asked, most = Infinity } = question;
  const source = { ...asking, registration, context: target.context, asked, most };
  if (v2)
    return readFound(
      v2QueryRequest,
      { query, question },
      { ...source, sought: soughtByV2(asking.sought, v2, question) },
    );
  const { operations } = registration;
  if (question.id !== undefined && operations.has(asking.sought.retrieve))
    return readAnswer(retrieveRequest(query, question.id), source);
  return readFound(operations.has(asking.sought.query) ? queryRequest : postQueryRequest, { query, question }, source);
}

/** Reads what a query finds, by an entity map if there is one. A GET is divided into several if it names many ids. */
async function readFound<Found extends { readonly id: string }>(
  write: typeof queryRequest,
  { query, question: { map, makes } }: { readonly query: SourceQuery; readonly question: Question },
  source: Source<Found>,
): Promise<Reply<Found>> {
  const { registration, sought } = source;
  const found = map ? { ...query, demand: withIds(query.demand, idsAt(registration, map)) } : query;
  if (map && found.demand.selectors.length === 0) return { registration, entities: [], warnings: [] };
  const queries = write === queryRequest ? queriesWithShortUrls(found) : [found];
  const canMake = registration.operations.has(sought.createMap) && !registration.info.v2;
  if (makes && canMake && queries.length === 1) {
    const made = await readPages(write, { ...found, makes }, source);
    // A source that refuses to make a map is asked without one.
    if (!made.isRefused) return made;
  }
  return readParts(write, queries, source);
}

/** Reads one query after the other, until the source has a problem with one. */
async function readParts<Found extends { readonly id: string }>(
  write: typeof queryRequest,
  queries: readonly SourceQuery[],
  source: Source<Found>,
): Promise<Reply<Found>> {
  const entities: Found[] = [];
  const warnings = new Set<string>();
  let isCut = false;
  for (const query of queries) {
    const reply = await readPages(write, query, source);
    entities.push(...reply.entities);
    isCut ||= reply.isCut === true;
    for (const one of reply.warnings) warnings.add(one);
    if (reply.warnings.some((one) => !isCachedWarning(one))) return { ...reply, entities, warnings: [...warnings] };
  }
  return { registration: source.registration, entities, warnings: [...warnings], isCut };
}

function queryOf(target: SourceTarget, question: Question, call: CallContext): SourceQuery {
  const { registration, context } = target;
  const { demand, conditions, temporal, map } = question;
  return {
    ...target,
    demand: narrowDemand(registration, demand),
    ...(conditions ? { conditions: { ...conditions, asked: call.context, context } } : undefined),
    ...(temporal ? { temporal } : undefined),
    linkedMap: map?.linked[registration.id],
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
  readonly most: number;
}

/**
 * Reads pages until one is not full, or until there are as many entities as are wanted. A source that repeats itself is not asked again, also
 * if nothing belongs to its registration.
 */
async function readPages<Found extends { readonly id: string }>(
  write: typeof queryRequest,
  query: SourceQuery,
  source: Source<Found>,
): Promise<Reply<Found> & { readonly isRefused: boolean }> {
  const { registration, most } = source;
  const longest = Math.min(source.call.services.limits.pageMax, 1000);
  const found = new Map<string, Found>();
  const sent = new Set<string>();
  const warnings: string[] = [];
  let { linkedMap } = query;
  let isRefused = false;
  // Later pages are long ones: what a source sends may not belong to its registration.
  for (let [offset, limit] = [0, Math.min(longest, most)]; ; [offset, limit] = [offset + limit, longest]) {
    const page = await readAnswer(write(inMap(query, linkedMap), { limit, offset }), source);
    linkedMap ??= page.linkedMap;
    isRefused ||= page.isRefused;
    const before = sent.size;
    for (const id of page.ids) sent.add(id);
    for (const entity of page.entities) found.set(entity.id, entity);
    for (const { id } of page.entities) source.ids.add(id);
    warnings.push(...page.warnings);
    // What a source sends is counted too: it may send entities without end of which none belongs to its registration.
    refuseTooMany(Math.max(source.ids.size, offset));
    const isEnd = page.count < limit || sent.size === before;
    if (isEnd || found.size >= most)
      return { registration, entities: [...found.values()], warnings, linkedMap, isRefused, isCut: !isEnd };
  }
}

/** Throws TooManyResults beyond `entitiesMax` entities. */
export function refuseTooMany(count: number): void {
  if (count <= entitiesMax) return;
  throw new Problem('TooManyResults', `More than ${entitiesMax} entities of context sources match; narrow the query.`);
}

/** The query about the entities of a map of the source. */
function inMap(query: SourceQuery, linkedMap: string | undefined): SourceQuery {
  const { makes: _makes, ...others } = query;
  return linkedMap === undefined ? query : { ...others, linkedMap };
}

/** Statuses by which a source says that it does not know what it is asked for. */
const refusals: ReadonlySet<number> = new Set([400, 405, 422, 501]);

/** The entities of one answer. `count` and `ids`: of all that the source sent, with those that do not belong to the registration. */
async function readAnswer<Found extends { readonly id: string }>(
  request: SourceRequest,
  source: Source<Found>,
): Promise<Reply<Found> & { readonly count: number; readonly ids: readonly string[]; readonly isRefused: boolean }> {
  const { registration, call, sources, sought, asked } = source;
  const answer = await sources.ask({ ...request, group: call });
  const list = await entitiesIn(answer, source);
  const own = ownWarning(answer, list !== undefined, source);
  const { status = 0, headers = {} } = answer.kind === 'answered' ? answer : {};
  return {
    registration,
    count: list?.length ?? 0,
    ids: (list ?? []).map(({ id }) => id),
    entities: (list ?? []).flatMap((entity) => sought.narrow(registration, entity, asked) ?? []),
    warnings: [
      ...(own === undefined ? [] : [own]),
      ...partWarning(registration, answer),
      ...warningsIn(headers['ngsild-warning']),
    ],
    linkedMap: headers['ngsild-entitymap']?.slice(0, referenceMax),
    isRefused: refusals.has(status),
  };
}

/** Longest URL of the map of a source. */
const referenceMax = 2000;

/** The warning of this broker about an answer. Counts that the source was asked, unless an earlier answer is used. */
function ownWarning(
  answer: SourceAnswer,
  isGood: boolean,
  { registration, call }: Pick<Source<unknown>, 'registration' | 'call'>,
): string | undefined {
  const own = warningOf(registration, answer, isGood);
  if (answer.kind === 'answered' && answer.isCached === true) return own ?? cachedWarning(registration);
  call.services.registrations.count(call.tenant, registration.id, { isGood: own === undefined, at: call.now });
  return own;
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
