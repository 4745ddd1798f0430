/** Reads entities for NGSI v2 from this broker and from the context sources that have a part of them. */
import { narrowDemand } from '../../federation/narrow.ts';
import type { Registration } from '../../federation/registration.ts';
import type { RegistrationIndex } from '../../federation/registration-index.ts';
import type { Demand } from '../../federation/registration-match.ts';
import { anyOfTypes, type EntitySelector, type Filter } from '../../language/filter.ts';
import { compileFilter } from '../../language/matches/matches.ts';
import type { Order } from '../../language/order.ts';
import type { Entity } from '../../model/entity.ts';
import type { Plan, Stored } from '../../port/store.ts';
import { allOfUsers, builtinAttributes } from '../../v2/builtins.ts';
import { attributeIris } from '../../v2/names.ts';
import { isInPaths } from '../../v2/service-path.ts';
import { createContentOf } from '../content.ts';
import { askChosen } from '../distributed/ask-for-entities.ts';
import { choose, type Chosen, registrationsForRead } from '../distributed/distributed-read.ts';
import { mergeCopies } from '../distributed/merge-copies.ts';
import type { CallContext } from '../operation.ts';
import { findOrdered } from '../ordered.ts';
import { readV2Options } from '../../v2/page.ts';
import { type Params, pathHeader, readNames, sentHeader } from './request.ts';

/** The registrations whose sources a read may ask. Undefined: only this broker is asked. */
export function sourcesFor(
  params: Params,
  call: CallContext,
): RegistrationIndex | Promise<RegistrationIndex> | undefined {
  const index = registrationsForRead({}, call);
  return index !== undefined && readV2Options(params).has('skipForwarding') ? undefined : index;
}

/** The sources that are asked. One of NGSI v2 is asked in the service paths of the request. */
function chooseSources(index: RegistrationIndex, demand: Demand, call: CallContext): Chosen {
  const chosen = choose(index, demand, { conditions: {}, call });
  const paths = sentHeader(call, pathHeader);
  const isAsked = ({ info: { v2 } }: Registration): boolean => v2 === undefined || isInPaths(v2.servicePath, paths);
  return { ...chosen, asked: chosen.asked.filter(isAsked) };
}

interface Wanted {
  readonly index: RegistrationIndex;
  /** What is here of the entity. */
  readonly local: Stored | undefined;
  /** Expanded, as the request names them. */
  readonly types: readonly string[] | undefined;
  readonly attrs: readonly string[] | undefined;
}

/** The entity with what sources have of it. A source of NGSI v2 is asked only for what is not here. */
export async function retrieveWithSources(
  id: string,
  { index, local, types, attrs }: Wanted,
  call: CallContext,
): Promise<Stored | undefined> {
  const known = types ?? local?.types();
  const demand: Demand = { selectors: [{ ids: [id], ...(known ? { types: anyOfTypes(known) } : undefined) }], attrs };
  const chosen = chooseSources(index, demand, call);
  const asked = chosen.asked.filter((one) => !one.info.v2 || !hasAll(local, narrowDemand(one, demand).attrs));
  if (asked.length === 0) return local;
  const replies = await askChosen({ ...chosen, asked }, { demand, id }, call);
  const merged = await mergeCopies(local ? [local] : [], { replies, matching: chosen.matching, filter: {}, call });
  return merged.find((one) => one.id === id);
}

/** True when the entity is here with all of these attributes. */
const hasAll = (local: Stored | undefined, attrs: readonly string[] | undefined): boolean =>
  local !== undefined && attrs !== undefined && attrs.every((name) => hasAttribute(local.entity(), name));

const hasAttribute = ({ attrs }: Entity, name: string): boolean => Object.hasOwn(attrs, name);

/** What a list asks sources for. */
export interface ListDemand {
  readonly selectors: readonly EntitySelector[];
  /** True when conditions need attributes that are not shown. */
  readonly isConditional: boolean;
}

/** The attributes of users that the answer shows. Undefined: all. */
export function attributesShown(params: Params, { context }: CallContext): readonly string[] | undefined {
  const names = readNames(params, 'attrs');
  if (!names || names.includes(allOfUsers)) return undefined;
  const builtin: ReadonlySet<string> = new Set(['id', 'type', ...builtinAttributes]);
  const own = names.filter((name) => !builtin.has(name));
  return own.length === 0 ? undefined : own.flatMap((name) => attributeIris(name, context));
}

export interface ListPlan {
  readonly plan: Plan & { readonly filter: Filter };
  readonly order: Order | undefined;
  readonly isCounted: boolean;
  readonly params: Params;
  readonly demand: ListDemand;
}

/** A page of entities, and the number of all of them when it is asked for. */
export interface FoundPage {
  readonly found: readonly Stored[];
  readonly count?: number;
}

/** A page of the entities of this broker. */
export async function pageHere({ plan, order, isCounted }: ListPlan, call: CallContext): Promise<FoundPage> {
  const found = plan.limit === 0 ? [] : await (order ? findOrdered(plan, order, call) : call.store.find(plan));
  return isCounted ? { found, count: await call.store.count(plan) } : { found };
}

/**
 * A page of the entities of this broker and of sources. First come those that match as they are here, with what sources have of them; then
 * those that match together with what sources have, ordered by id.
 */
export async function pageEverywhere(list: ListPlan, index: RegistrationIndex, call: CallContext): Promise<FoundPage> {
  const { plan, isCounted, params } = list;
  const { selectors, isConditional } = list.demand;
  const attrs = isConditional ? undefined : attributesShown(params, call);
  const demand: Demand = { ...(selectors.length > 0 ? { selectors } : undefined), attrs };
  const chosen = chooseSources(index, demand, call);
  const replies = chosen.asked.length === 0 ? [] : await askChosen(chosen, { demand }, call);
  const ids = new Set(replies.flatMap(({ entities }) => entities.map(({ id }) => id)));
  const here = await pageHere(list, call);
  if (ids.size === 0) return here;
  const local = await findHere([...ids], call);
  const merged = await mergeCopies(local, { replies, matching: chosen.matching, filter: {}, call });
  const byId = new Map(merged.map((one) => [one.id, one]));
  const others = await othersIn(merged, local, { filter: plan.filter, call });
  const found = here.found.map((one) => byId.get(one.id) ?? one);
  const { offset = 0, limit } = plan;
  const countHere = found.length < limit || isCounted ? (here.count ?? (await call.store.count(plan))) : 0;
  const from = Math.max(0, offset - countHere);
  return {
    found: [...found, ...others.slice(from, from + Math.max(0, limit - found.length))],
    ...(isCounted ? { count: countHere + others.length } : undefined),
  };
}

/** Ids that are asked for at once. */
const chunkSize = 500;

async function findHere(ids: readonly string[], { store, now }: CallContext): Promise<readonly Stored[]> {
  const found: Stored[] = [];
  for (let start = 0; start < ids.length; start += chunkSize) {
    const chunk = ids.slice(start, start + chunkSize);
    found.push(
      ...(await store.find({ filter: { selectors: [{ ids: chunk }] }, limit: chunk.length, now, isLazy: true })),
    );
  }
  return found;
}

/** Those of the merged entities that match, and of which what is here does not match. */
async function othersIn(
  merged: readonly Stored[],
  local: readonly Stored[],
  { filter, call }: { readonly filter: Filter; readonly call: CallContext },
): Promise<readonly Stored[]> {
  const test = compileFilter(filter);
  const content = createContentOf({}, call);
  const matching = async (all: readonly Stored[]): Promise<readonly Stored[]> => {
    const kept: Stored[] = [];
    for (const one of all) {
      const pause = call.services.yieldToEventLoop();
      if (pause) await pause;
      const whole = await content(one);
      if (whole && test(whole.entity())) kept.push(one);
    }
    return kept;
  };
  const shown = new Set((await matching(local)).map(({ id }) => id));
  return (await matching(merged)).filter(({ id }) => !shown.has(id)).toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
