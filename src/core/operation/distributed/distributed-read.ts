/** Reads entities from this broker and from the context sources that have a part of them (clauses 4.3.6, 5.7.1, 5.7.2). */
import { type EntityMapContent, type EntitySources, here } from '../../federation/entity-map.ts';
import type { Registration } from '../../federation/registration.ts';
import type { SourceConditions } from '../../federation/registration-discovery.ts';
import type { RegistrationIndex } from '../../federation/registration-index.ts';
import type { Demand } from '../../federation/registration-match.ts';
import { warning } from '../../federation/source-warning.ts';
import { anyOfTypes, type EntitySelector, type Filter, type Query } from '../../language/filter.ts';
import { compileFilter } from '../../language/matches/matches.ts';
import type { Projection } from '../../language/projection.ts';
import { parseQ } from '../../language/q/q.ts';
import { badData } from '../../model/problem.ts';
import type { Stored } from '../../port/store.ts';
import { createContentOf } from '../content.ts';
import { askChosen } from './ask-for-entities.ts';
import { entitiesMax, offering, type Question, refuseTooMany, type Reply } from './ask-sources.ts';
import { firstResults } from './first-results.ts';
import { isInLoop, matchingSources, registrationsFor } from './concerned-sources.ts';
import type { CallContext } from '../operation.ts';
import { filterOf, idsHere } from './mapped-page.ts';
import { mergeCopies } from './merge-copies.ts';
import { readBoolean, readDatasetIds } from '../parameters.ts';
import { ownAlias } from './source-request.ts';
import type { MapLifetime } from './source-read-request.ts';

type Params = Readonly<Record<string, string>>;

/** What a request gets from everywhere. */
export interface Merged<Found> {
  readonly found: Found;
  /** Values of NGSILD-Warning. */
  readonly warnings: readonly string[];
}

/**
 * The registrations whose sources a read may ask. Undefined when there are none, when the request is only about this broker, or when the
 * caller may not read everything: grants are about the entities of this broker.
 */
export function registrationsForRead(
  params: Params,
  call: CallContext,
  access: 'read' | 'history' = 'read',
): RegistrationIndex | Promise<RegistrationIndex> | undefined {
  const index = registrationsFor(params, call);
  if (index === undefined || params['type'] === '*' || call.domain) return undefined;
  return call.principal.rights(access, call.tenant).extent === 'full' ? index : undefined;
}

/** The registrations whose sources are asked, and warnings about those that are not. */
export interface Chosen {
  readonly asked: readonly Registration[];
  /** All that match, also those that do not offer the operation. */
  readonly matching: readonly Registration[];
  readonly warnings: readonly string[];
}

/** A source that only retrieves single entities cannot answer a query. */
const queryOperations = ['queryEntity', 'queryBatch'];
/** The operations that read entities (clause 4.20). */
export const readOperations = ['retrieveEntity', ...queryOperations];

/** A request that has passed this broker before is in a loop: it gets what is here (clause 4.3.6.4). */
export function choose(
  index: RegistrationIndex,
  demand: Demand,
  { conditions, call, operations = readOperations, map }: Choosing,
): Chosen {
  const matching = matchingSources(index, { demand, conditions, operations }, call);
  const named = map && new Set([...map.entities.values()].flat());
  const asked = offering(matching, operations).filter(({ id }) => named?.has(id) ?? true);
  if (asked.length === 0 || !isInLoop(call)) return { asked, matching, warnings: [] };
  return { asked: [], matching: [], warnings: [warning(199, ownAlias(call), 'The request is in a loop of brokers.')] };
}

interface Choosing {
  readonly conditions: SourceConditions;
  readonly call: CallContext;
  /** Of which a source must offer one. Absent: those that read entities. */
  readonly operations?: readonly string[];
  /** The part of an entity map that is read: only its sources are asked. */
  readonly map?: EntityMapContent | undefined;
}

/** The names of attributes that a projection and `attrs` ask for. Undefined: all. */
function attributesAsked({ attrs }: Filter, { pick }: Projection): readonly string[] | undefined {
  const picked = pick && [...pick].filter((name) => name.includes(':'));
  if (!attrs && (!picked || picked.length === 0)) return undefined;
  return [...new Set([...(attrs ?? []), ...(picked ?? [])])];
}

/** The entity, with the types that the request names, or those of the entity here. */
function selectorOfOne(id: string, { selectors }: Filter, local: Stored | undefined): EntitySelector {
  const types = selectors?.[0]?.types ?? (local && anyOfTypes(local.types()));
  return { ids: [id], ...(types ? { types } : undefined) };
}

/** Merges the entity that is here with what sources have of it. */
export async function retrieveMerged(
  id: string,
  { index, local, filter, projection, params, map }: Reading & { readonly local: Stored | undefined },
  call: CallContext,
): Promise<MergedQuery<Stored | undefined>> {
  const demand: Demand = {
    selectors: [selectorOfOne(id, filter, local)],
    attrs: attributesAsked(filter, projection),
    datasetIds: readDatasetIds(params),
  };
  const chosen = choose(index, demand, { conditions: {}, map, call });
  if (!map && chosen.matching.length === 0 && chosen.warnings.length === 0) return onlyHere(local);
  const replies = await askChosen(chosen, { demand, id, ...mapped({ map }) }, call);
  const own = local && (!map || idsHere(map).includes(id)) ? [local] : [];
  const merged = await mergeCopies(own, { replies, matching: chosen.matching, filter: {}, call });
  const found = merged.find((one) => one.id === id);
  return { found, warnings: warningsOf(chosen, replies, call), ...partsOf(own, replies) };
}

/** The result of a retrieval that no registration concerns. */
const onlyHere = (local: Stored | undefined): MergedQuery<Stored | undefined> => ({
  found: local,
  warnings: [],
  ...partsOf(local ? [local] : [], []),
});

/** The result of all sources. */
export interface MergedQuery<Found> extends Merged<Found> {
  /** Who has which entities. It may name entities that do not match after merging. */
  readonly sources: EntitySources;
  /** The maps that sources have made, by registration. */
  readonly linked: Readonly<Record<string, string>>;
  /** The registrations whose sources gave warnings: they may have more than they sent. */
  readonly failed: ReadonlySet<string>;
}

/** What the parts of a result are, for an entity map. */
export function partsOf(
  local: readonly { readonly id: string }[],
  replies: readonly Reply<{ readonly id: string }>[],
): Pick<MergedQuery<unknown>, 'sources' | 'linked' | 'failed'> {
  const sources = new Map<string, string[]>(local.map(({ id }) => [id, [here]]));
  for (const { registration, entities } of replies)
    for (const { id } of entities) sources.set(id, [...(sources.get(id) ?? []), registration.id]);
  return {
    sources,
    linked: Object.fromEntries(
      replies.flatMap(({ registration, linkedMap }) => (linkedMap === undefined ? [] : [[registration.id, linkedMap]])),
    ),
    failed: new Set(replies.flatMap(({ registration, warnings }) => (warnings.length > 0 ? [registration.id] : []))),
  };
}

/** What a read is about, beside the call. */
export interface Reading {
  readonly index: RegistrationIndex;
  readonly filter: Filter;
  readonly projection: Projection;
  readonly params: Params;
  /** The part of an entity map that is read: only its sources are asked. */
  readonly map?: EntityMapContent | undefined;
  /** Given when an entity map is made. */
  readonly makes?: MapLifetime | undefined;
  /** How many of the first results are wanted, at most `firstMax`. Absent: all. */
  readonly first?: number | undefined;
}

/**
 * All entities that match, here and at sources; those of this broker first; at least the first ones, if only these are wanted. With
 * `splitEntities=true` the conditions are tested after
 * merging, else each source tests what it has (clause 5.7.2.4). Throws TooManyResults beyond `entitiesMax`.
 */
export async function queryMerged(
  reading: Reading,
  call: CallContext,
): Promise<MergedQuery<readonly Stored[]> | undefined> {
  const { index, filter, params, map } = reading;
  const { isSplit, plain, question } = askedBy(reading);
  const { selectors, attrs, q, geo, scopeQ } = filter;
  const chosen = choose(index, question.demand, {
    conditions: { ...(isSplit ? undefined : { geo, scopeQ }), csf: readSourceFilter(params, call) },
    map,
    call,
    operations: queryOperations,
  });
  if (chosen.asked.length === 0 && chosen.warnings.length === 0) return undefined;
  refuseOrder(params);
  const { most } = question;
  const read = await Promise.all([
    findHere(map ? filterOf(plain, idsHere(map)) : plain, most ?? entitiesMax + 1, call),
    askChosen(chosen, question, call),
  ]);
  const { local, replies, isAll } = await firstResults(
    { local: read[0], replies: read[1] },
    { question, chosen },
    call,
  );
  const merged = await mergeCopies(local, { replies, matching: chosen.matching, filter: plain, call });
  refuseTooMany(merged.length);
  const found = isSplit
    ? await matchingOf(merged, given({ selectors, attrs, q, geo, scopeQ }), call)
    : selectedOf(merged, given({ selectors }));
  // Some of the first may come to nothing when they are merged.
  if (!isAll && found.length < (most ?? 0)) return queryMerged({ ...reading, first: undefined }, call);
  return { found, warnings: warningsOf(chosen, replies, call), ...partsOf(local, replies) };
}

/** What a query asks: `plain` of this broker, before merging. */
function askedBy({ filter, projection, params, map, makes, first }: Reading): {
  readonly isSplit: boolean;
  readonly plain: Filter;
  readonly question: Question;
} {
  const isSplit = readBoolean(params, 'splitEntities') ?? false;
  const { selectors, q, geo } = filter;
  const attrs = isSplit ? undefined : attributesAsked(filter, projection);
  const most = isSplit || map || makes ? undefined : first;
  const question: Question = {
    demand: { selectors, attrs, datasetIds: readDatasetIds(params) },
    ...(isSplit ? undefined : { conditions: { params, filter: given({ q, geo }) } }),
    ...mapped({ map, makes }),
    ...(most ? { most } : undefined),
  };
  return { isSplit, plain: isSplit ? given({ selectors }) : filter, question };
}

/** The first entities of this broker. Without a filter, none. */
const findHere = async (
  filter: Filter | undefined,
  limit: number,
  { store, now }: CallContext,
): Promise<readonly Stored[]> => (filter ? store.find({ filter, now, limit, isLazy: true }) : []);

/** What a question says about entity maps. */
export const mapped = ({ map, makes }: Pick<Reading, 'map' | 'makes'>): Pick<Question, 'map' | 'makes'> => ({
  ...(map ? { map } : undefined),
  ...(makes ? { makes } : undefined),
});

function refuseOrder({ orderBy }: Params): void {
  if (orderBy === undefined) return;
  throw badData('Entities of several context sources cannot be ordered: orderBy needs local=true.');
}

/** The condition on Context Source Properties (clause 4.9). */
export const readSourceFilter = ({ csf }: Params, { context }: CallContext): Query | undefined =>
  csf === undefined ? undefined : parseQ(csf, context, { expandValues: [], jsonKeys: [], name: 'csf' });

/** Without the entities that sources sent although they were asked for others. */
function selectedOf(merged: readonly Stored[], filter: Filter): readonly Stored[] {
  const test = compileFilter(filter);
  return merged.filter((one) => one.isPart !== true || one.size !== undefined || test(one.entity()));
}

/** Those of the entities that match. Large ones of this broker are read for that. */
async function matchingOf(merged: readonly Stored[], filter: Filter, call: CallContext): Promise<readonly Stored[]> {
  const test = compileFilter(filter);
  const content = createContentOf({}, call);
  const found: Stored[] = [];
  for (const stored of merged) {
    const pause = call.services.yieldToEventLoop();
    if (pause) await pause;
    const whole = await content(stored);
    if (whole && test(whole.entity())) found.push(stored);
  }
  return found;
}

/** The parts of a filter that are there. */
const given = (parts: { readonly [Name in keyof Filter]: Filter[Name] | undefined }): Filter =>
  Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));

/** Most warnings of an answer: a client must be able to take all of them in one header. */
const warningsMax = 20;

/** Each warning once. When there are too many, the last one says how many are left out. */
export function warningsOf(
  { warnings }: Chosen,
  replies: readonly Pick<Reply, 'warnings'>[],
  call: CallContext,
): readonly string[] {
  const all = [...new Set([...warnings, ...replies.flatMap((reply) => reply.warnings)])];
  if (all.length <= warningsMax) return all;
  const rest = all.length - warningsMax + 1;
  return [...all.slice(0, warningsMax - 1), warning(199, ownAlias(call), `${rest} more warnings are left out.`)];
}
