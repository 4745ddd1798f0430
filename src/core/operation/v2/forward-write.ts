/**
 * Writes an entity by NGSI v2 here and at the context sources that speak NGSI-LD and have a part of it, by the modes of their registrations
 * (clause 4.3.6). Sources that speak NGSI v2 get updates only.
 */
import { isProxied, type Registration } from '../../federation/registration.ts';
import type { RegistrationSearch } from '../../federation/registration-index.ts';
import type { WritePart, WriteSplit } from '../../federation/split-write.ts';
import { anyOfTypes, type EntitySelector, type Filter } from '../../language/filter.ts';
import { compileFilter } from '../../language/matches/matches.ts';
import { isObject, type Json, type JsonObject } from '../../model/json.ts';
import type { Mutation } from '../../model/mutation.ts';
import type { ProblemReport } from '../../model/problem.ts';
import { attributeName, typeIri } from '../../v2/names.ts';
import { V2Problem } from '../../v2/problem.ts';
import { initialType as initialEntityType, type V2Entity } from '../../v2/read-entity.ts';
import type { V2Reading } from '../../v2/reading.ts';
import { initialType } from '../../model/v2/initial-type.ts';
import { forEachSource, registrationsFor } from '../distributed/concerned-sources.ts';
import { splitFor } from '../distributed/distributed-write.ts';
import type { CallContext, OperationRequest } from '../operation.ts';
import { forwardToV2, sourcesOfV2 } from './forward-update.ts';
import { refuseLeftOver, type Written } from './left-over.ts';
import { typesOf } from './request.ts';
import { type PartSent, sendPart } from './send-part.ts';
import { isCreating, isKeeping, stepsFor, type Way } from './source-steps.ts';
import { applyV2, type Performed } from './writing.ts';

/** A write of one entity. */
export interface V2Write {
  readonly way: Way;
  readonly entity: V2Entity;
  /** The expanded names of the attributes that are written. Absent: the whole entity is deleted. */
  readonly names?: readonly string[];
  /** The attributes by their v2 names, as the request gives them, perhaps with id and type. */
  readonly body: JsonObject;
  readonly reading: Pick<V2Reading, 'isKeyValues'>;
  /** The entities that the request may change. */
  readonly only: Filter | undefined;
  /** True when the request is on one attribute. */
  readonly isOfAttribute?: boolean;
  /** The scope of an entity that is created. */
  readonly scope?: string | undefined;
  /** The mutation that writes this broker's part: these attributes. Undefined: all. */
  readonly here: (names: readonly string[] | undefined) => Promise<Mutation> | Mutation;
}

/** The entity with these of its attributes. Undefined: all. */
export const withAttributes = (entity: V2Entity, names: readonly string[] | undefined): V2Entity =>
  names
    ? { ...entity, attrs: Object.fromEntries(Object.entries(entity.attrs).filter(([name]) => names.includes(name))) }
    : entity;

/** The type that a request on one entity names. */
export const typeIn = ({ params }: Pick<OperationRequest, 'params'>): { readonly type?: string } =>
  params['type'] === undefined ? {} : { type: params['type'] };

/** The registrations of the tenant that can have a part in a write; undefined when there are no registrations. */
export function sourcesForWrite(call: CallContext): RegistrationSearch | Promise<RegistrationSearch> | undefined {
  const index = registrationsFor({}, call);
  return index instanceof Promise ? index.then(({ writable }) => writable) : index?.writable;
}

/**
 * Writes here and at sources. Returns what was done here when no source has a part of it. Throws the error of v2 when sources have one and
 * something was left.
 */
export async function writeEverywhere(write: V2Write, call: CallContext): Promise<Performed | undefined> {
  const index = await sourcesForWrite(call);
  // A new registration waits until nothing more will be stored here.
  const end = call.services.registrations.beginWrite(call.tenant);
  try {
    const plan = index && (await planWrite(write, index, call));
    if (!plan) return await applyV2(await write.here(undefined), write.only, call);
    refuseLeftOver(write, await carryOut(plan, call, end));
    return undefined;
  } finally {
    end();
  }
}

/** A write that sources have a part in. */
export interface WritePlan {
  readonly write: V2Write;
  readonly selector: EntitySelector;
  readonly split: WriteSplit;
  readonly v2Sources: readonly Registration[];
}

/** What goes where. Undefined when all of it stays here. Throws Forbidden when the caller may not write what a source has for itself. */
export async function planWrite(
  write: V2Write,
  index: RegistrationSearch,
  call: CallContext,
): Promise<WritePlan | undefined> {
  const { way, entity, names } = write;
  if (!mayConcern(write, index, call)) return undefined;
  const selector = await selectorOf(write, index, call);
  const operations = stepsFor[way].map(({ name }) => name);
  const about = { id: entity.id, selector, ...(names ? { attrs: names } : undefined), operations };
  const split = splitFor(about, index, { call, access: isDeletion(way) ? 'delete' : 'write' });
  const v2Sources = way === 'update' && names ? sourcesOfV2(index, selector, { names, call }) : [];
  return split.parts.length + v2Sources.length === 0 ? undefined : { write, selector, split, v2Sources };
}

const isDeletion = (way: Way): boolean => way === 'delete' || way === 'deleteAttrs';

/** False when no source can have a part of it, whatever the types of the entity are. */
function mayConcern({ way, entity, names }: V2Write, index: RegistrationSearch, call: CallContext): boolean {
  const isEmpty = names?.length === 0;
  if (!index.mayConcern(entity.id) || (isEmpty && !isCreating(way))) return false;
  const demand = { selectors: [{ ids: [entity.id] }], ...(names && !isEmpty ? { attrs: names } : undefined) };
  return index.matching(demand, call.now).length > 0;
}

/** The entity, with the types that the request names, those of the entity here, or those of one that is created. */
async function selectorOf(
  { way, entity, only }: V2Write,
  index: RegistrationSearch,
  call: CallContext,
): Promise<EntitySelector> {
  const { id, type } = entity;
  const known = type === undefined ? await typesHere(id, only, call) : typesOf({ type }, call.context);
  const types = known ?? (isCreating(way) ? createdTypes(id, index, call) : undefined);
  return { ids: [id], ...(types ? { types: anyOfTypes(types) } : undefined) };
}

/** The types that an entity may get without one in the request: those that registrations name with its id, or else the type of v2. */
function createdTypes(id: string, index: RegistrationSearch, { now, context }: CallContext): readonly string[] {
  const registered = index
    .matching({ selectors: [{ ids: [id] }] }, now)
    .flatMap(({ information }) => information.flatMap(({ entities = [] }) => entities))
    .filter((one) => one.id === id);
  return [...registered.flatMap((one) => one.types), typeIri(initialEntityType, context)];
}

/** The types of the entity here. Undefined when it is not, or when the request is not about it. */
async function typesHere(
  id: string,
  only: Filter | undefined,
  call: CallContext,
): Promise<readonly string[] | undefined> {
  const stored = await call.store.get(id, call.now);
  return stored && (!only || compileFilter(only)(stored.entity())) ? stored.types() : undefined;
}

/** Writes here first: what this broker refuses goes to no source. `onWrittenHere` is called before the sources are asked. */
export async function carryOut(
  plan: WritePlan,
  call: CallContext,
  onWrittenHere: () => void = () => undefined,
): Promise<Written> {
  const { write, selector, split, v2Sources } = plan;
  const { way, entity } = write;
  const here = await writeHere(plan, call);
  onWrittenHere();
  const sent = await forEachSource(split.parts, (part: WritePart) => sendPart(part, { ...write, selector }, call));
  const done = new Set(sent.flatMap((one) => one.done));
  const missing = here.isKnown && isKeeping(way) ? here.left : here.left.filter((name) => !done.has(name));
  const json = v2Sources.length === 0 ? {} : normalizedAttributes(write.body, write.reading);
  const forwarded = await forwardToV2(missing, { v2Sources, selector, id: entity.id, json }, call);
  const proxied = sent.filter(({ registration }) => isProxied(registration));
  const left = [...proxied.flatMap(({ failed }) => failed), ...missing.filter((name) => !forwarded.has(name))];
  return {
    left: namesLeft(left, plan, call),
    isKnown: here.isKnown || forwarded.size > 0 || sent.some(({ isKnown }) => isKnown),
    ...problemIn(proxied),
  };
}

function problemIn(proxied: readonly PartSent[]): { readonly problem?: ProblemReport } {
  const [problem] = proxied.flatMap((one) => one.problem ?? []);
  return problem ? { problem } : {};
}

/** The v2 names of attributes that are left. The deletion of a name with two IRIs is done when one of them is deleted. */
function namesLeft(
  left: readonly string[],
  { write: { way, names = [] } }: WritePlan,
  call: CallContext,
): readonly string[] {
  const nameOf = (iri: string): string => attributeName(iri, call.context);
  const gone = way === 'deleteAttrs' ? names.filter((iri) => !left.includes(iri)).map(nameOf) : [];
  return [...new Set(left.map(nameOf))].filter((name) => !gone.includes(name));
}

interface Here {
  /** Expanded names of the attributes that could not be written here. */
  readonly left: readonly string[];
  readonly isKnown: boolean;
}

/** Writes what is left to this broker. */
async function writeHere({ write, split }: WritePlan, call: CallContext): Promise<Here> {
  const { rest } = split;
  if (!split.isLocal && isCreating(write.way)) return { left: [], isKnown: false };
  try {
    const { notUpdated = [] } = await applyV2(await write.here(rest), write.only, call);
    return { left: notUpdated.map(({ attributeName: iri }) => iri), isKnown: true };
  } catch (error) {
    if (error instanceof V2Problem && error.code === 'NotFound') return { left: rest ?? [], isKnown: false };
    throw error;
  }
}

/** The attributes of a body, normalized: each with its type. */
const normalizedAttributes = (body: JsonObject, { isKeyValues }: Pick<V2Reading, 'isKeyValues'>): JsonObject =>
  Object.fromEntries(
    Object.entries(body)
      .filter(([name]) => name !== 'id' && name !== 'type')
      .map(([name, json]): [string, Json] => {
        if (isKeyValues || !isObject(json)) return [name, { type: initialType(json), value: json }];
        return [name, { type: initialType(json['value'] ?? null), value: null, ...json }];
      }),
  );
