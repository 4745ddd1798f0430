/** Reads entities from this broker and from the context sources that have a part of them (clauses 4.3.6, 5.7.1, 5.7.2). */
import { mergeEntities, type EntityCopy } from '../../federation/merge-entities.ts';
import { type Owners, ownersIn, withoutForeign } from '../../federation/narrow.ts';
import type { Registration } from '../../federation/registration.ts';
import type { SourceConditions } from '../../federation/registration-discovery.ts';
import type { RegistrationIndex } from '../../federation/registration-index.ts';
import type { Demand } from '../../federation/registration-match.ts';
import { warning } from '../../federation/source-warning.ts';
import { anyOfTypes, type Filter, type Query } from '../../language/filter.ts';
import { compileFilter } from '../../language/matches/matches.ts';
import type { Projection } from '../../language/projection.ts';
import { parseQ } from '../../language/q/q.ts';
import type { Entity } from '../../model/entity.ts';
import { badData, Problem } from '../../model/problem.ts';
import type { Stored } from '../../port/store.ts';
import { createContentOf } from '../content.ts';
import { askSources, entitiesMax, offering, type Question, type Reply, soughtEntities } from './ask-sources.ts';
import { isInLoop, matchingSources, registrationsFor } from './concerned-sources.ts';
import type { CallContext } from '../operation.ts';
import { readBoolean, readDatasetIds } from '../parameters.ts';
import { ownAlias } from './source-request.ts';

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
const readOperations = ['retrieveEntity', ...queryOperations];

/** A request that has passed this broker before is in a loop: it gets what is here (clause 4.3.6.4). */
export function choose(
  index: RegistrationIndex,
  demand: Demand,
  { conditions, call, operations = readOperations }: Choosing,
): Chosen {
  const matching = matchingSources(index, { demand, conditions }, call);
  const asked = offering(matching, operations);
  if (asked.length === 0 || !isInLoop(call)) return { asked, matching, warnings: [] };
  return { asked: [], matching: [], warnings: [warning(199, ownAlias(call), 'The request is in a loop of brokers.')] };
}

interface Choosing {
  readonly conditions: SourceConditions;
  readonly call: CallContext;
  /** Of which a source must offer one. Absent: those that read entities. */
  readonly operations?: readonly string[];
}

/** The names of attributes that a projection and `attrs` ask for. Undefined: all. */
function attributesAsked({ attrs }: Filter, { pick }: Projection): readonly string[] | undefined {
  const picked = pick && [...pick].filter((name) => name.includes(':'));
  if (!attrs && (!picked || picked.length === 0)) return undefined;
  return [...new Set([...(attrs ?? []), ...(picked ?? [])])];
}

/** Merges the entity that is here with what sources have of it. */
export async function retrieveMerged(
  id: string,
  { index, local, filter, projection, params }: Reading & { readonly local: Stored | undefined },
  call: CallContext,
): Promise<Merged<Stored | undefined>> {
  const asked = filter.selectors?.[0]?.types ?? (local && anyOfTypes(local.entity().types));
  const demand: Demand = {
    selectors: [{ ids: [id], ...(asked ? { types: asked } : undefined) }],
    attrs: attributesAsked(filter, projection),
    datasetIds: readDatasetIds(params),
  };
  const chosen = choose(index, demand, { conditions: {}, call });
  const replies = await askChosen(chosen, { demand, id }, call);
  const merged = await mergeAll(local ? [local] : [], { replies, chosen, filter: {}, call });
  const found = merged.find((one) => one.id === id);
  return { found, warnings: warningsOf(chosen, replies, call) };
}

/** What a read is about, beside the call. */
export interface Reading {
  readonly index: RegistrationIndex;
  readonly filter: Filter;
  readonly projection: Projection;
  readonly params: Params;
}

/**
 * All entities that match, here and at sources; those of this broker first. With `splitEntities=true` the conditions are tested after
 * merging, else each source tests what it has (clause 5.7.2.4). Throws TooManyResults beyond `entitiesMax`.
 */
export async function queryMerged(
  { index, filter, projection, params }: Reading,
  call: CallContext,
): Promise<Merged<readonly Stored[]> | undefined> {
  const isSplit = readBoolean(params, 'splitEntities') ?? false;
  const { selectors, attrs, q, geo, scopeQ } = filter;
  const wanted = isSplit ? undefined : attributesAsked(filter, projection);
  const demand: Demand = { selectors, attrs: wanted, datasetIds: readDatasetIds(params) };
  const limits = isSplit ? {} : { geo, scopeQ };
  const chosen = choose(index, demand, {
    conditions: { ...limits, csf: readSourceFilter(params, call) },
    call,
    operations: queryOperations,
  });
  if (chosen.asked.length === 0 && chosen.warnings.length === 0) return undefined;
  refuseOrder(params);
  const plain: Filter = isSplit ? given({ selectors }) : filter;
  const conditions = { params, filter: given({ q, geo }) };
  const [local, replies] = await Promise.all([
    call.store.find({ filter: plain, now: call.now, limit: entitiesMax + 1, isLazy: true }),
    askChosen(chosen, { demand, ...(isSplit ? undefined : { conditions }) }, call),
  ]);
  const merged = await mergeAll(local, { replies, chosen, filter: plain, call });
  if (merged.length > entitiesMax)
    throw new Problem(
      'TooManyResults',
      `More than ${entitiesMax} entities of several sources match; narrow the query.`,
    );
  const found = isSplit
    ? await matchingOf(merged, given({ selectors, attrs, q, geo, scopeQ }), call)
    : selectedOf(merged, given({ selectors }));
  return { found, warnings: warningsOf(chosen, replies, call) };
}

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

/** What the chosen sources have. */
export const askChosen = async (
  { asked }: Chosen,
  question: Question,
  call: CallContext,
): Promise<readonly Reply[]> => {
  const { sources } = call.services;
  return sources && asked.length > 0 ? askSources(asked, question, { call, sources, sought: soughtEntities }) : [];
};

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

interface Merging {
  readonly replies: readonly Reply[];
  readonly chosen: Chosen;
  /** With which the local entities were found. */
  readonly filter: Filter;
  readonly call: CallContext;
}

/** All entities, those of this broker first. Entities of this broker that no source has stay as they were found. */
export async function mergeAll(
  local: readonly Stored[],
  { replies, chosen, filter, call }: Merging,
): Promise<readonly Stored[]> {
  const remote = copiesById(replies);
  const content = createContentOf(filter, call);
  const owners = ownersIn(chosen.matching);
  const merged: Stored[] = [];
  for (const stored of local) {
    const pause = call.services.yieldToEventLoop();
    if (pause) await pause;
    const others = remote.get(stored.id) ?? [];
    remote.delete(stored.id);
    if (others.length === 0 && !owners.has(stored.id)) {
      merged.push(stored);
    } else {
      const whole = await content(stored);
      merged.push(...mergedStored([...(whole ? [{ entity: whole.entity() }] : []), ...others], owners, call));
    }
  }
  for (const copies of remote.values()) {
    const pause = call.services.yieldToEventLoop();
    if (pause) await pause;
    merged.push(...mergedStored(copies, owners, call));
  }
  return merged;
}

function copiesById(replies: readonly Reply[]): Map<string, Copy[]> {
  const remote = new Map<string, Copy[]>();
  for (const { registration, entities } of replies)
    for (const entity of entities) {
      const copies = remote.get(entity.id);
      if (copies) copies.push({ registration, entity });
      else remote.set(entity.id, [{ registration, entity }]);
    }
  return remote;
}

interface Copy {
  readonly entity: Entity;
  /** Absent: the entity of this broker. */
  readonly registration?: Registration;
}

/** Only the source of an exclusive registration counts for its attributes. */
function mergedStored(copies: readonly Copy[], owners: Owners, { now }: CallContext): readonly Stored[] {
  const id = copies[0]?.entity.id ?? '';
  const kept = copies.map(
    ({ entity, registration }): EntityCopy => ({
      entity: withoutForeign(entity, owners, registration),
      isAuxiliary: registration?.mode === 'auxiliary',
    }),
  );
  const entity = mergeEntities(kept, now);
  return entity ? [{ id, version: 0, cursor: 0, isPart: true, entity: () => entity }] : [];
}
