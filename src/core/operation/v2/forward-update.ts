/**
 * Forwards updates of NGSI v2 to context sources. Sources that speak NGSI-LD get their attributes as they do by NGSI-LD. Sources that speak
 * NGSI v2, such as IoT agents, get attributes that are not here. Nothing but updates is forwarded, as in Orion.
 */
import { isProxied } from '../../federation/registration-conflict.ts';
import { narrowDemand } from '../../federation/narrow.ts';
import type { Registration } from '../../federation/registration.ts';
import type { RegistrationIndex } from '../../federation/registration-index.ts';
import { typesNamed } from '../../federation/registration-match.ts';
import type { WriteSplit } from '../../federation/split-write.ts';
import { anyOfTypes, type EntitySelector, type Filter } from '../../language/filter.ts';
import { compileFilter } from '../../language/matches/matches.ts';
import { isObject, type Json, type JsonObject } from '../../model/json.ts';
import { Problem } from '../../model/problem.ts';
import { instancesOf } from '../../model/read/instances.ts';
import { createdAttributes } from '../../model/v2/assign.ts';
import type { SourceRequest } from '../../port/sources.ts';
import { renderEntity } from '../../representation/render.ts';
import { attributeIris, attributeName } from '../../v2/names.ts';
import { V2Problem } from '../../v2/problem.ts';
import type { V2Entity } from '../../v2/read-entity.ts';
import type { V2Reading } from '../../v2/reading.ts';
import { isInPaths } from '../../v2/service-path.ts';
import { initialType } from '../../model/v2/initial-type.ts';
import {
  forEachSource,
  isInLoop,
  matchingSources,
  orProblem,
  registrationsFor,
} from '../distributed/concerned-sources.ts';
import { splitFor } from '../distributed/distributed-write.ts';
import { targetOf } from '../distributed/source-request.ts';
import { writeRequest } from '../distributed/source-write-request.ts';
import { v2TargetOf, v2UpdateRequest } from '../distributed/v2-source.ts';
import type { CallContext, OperationRequest, OperationResult } from '../operation.ts';
import { noEntity, pathHeader, sentHeader, typesOf } from './request.ts';
import { applyV2, assignment } from './writing.ts';

/** An update of attributes of one entity. */
export interface Update {
  readonly entity: V2Entity;
  /** The attributes in the body, normalized, by their v2 names. */
  readonly json: JsonObject;
  /** The entities that the request may change. */
  readonly only: Filter | undefined;
}

/** What an update that sources have a part in did. */
export interface Updated {
  /** The v2 names of attributes that are neither here nor at a source that took them. */
  readonly left: readonly string[];
  /** False when neither this broker nor a source that took something has the entity. */
  readonly isKnown: boolean;
}

/** The type that a request on one entity names. */
export const typeIn = ({ params }: OperationRequest): { readonly type?: string } =>
  params['type'] === undefined ? {} : { type: params['type'] };

/** The attributes of an entity that were left undone when sources had a part in an update. */
export interface LeftOver {
  readonly id: string;
  readonly type: string;
  readonly names: readonly string[];
}

/** The error when something was left: with sources, Orion answers 404 in the place of 422. `isAnyDone`: something else was done. */
export function leftByAll(left: readonly LeftOver[], isAnyDone: boolean): V2Problem {
  if (!isAnyDone) return noEntity();
  const texts = left.map(({ id, type, names }) => `${id}-${type} : [${names.join(', ')}]`);
  const text = `Some of the following attributes were not updated: { ${texts.join(', ')} }`;
  return new V2Problem('NotFound', text, 'PartialUpdate');
}

/** What was left of an update; undefined when it was done. */
export function leftOf(
  { entity, json }: Pick<Update, 'entity' | 'json'>,
  { left, isKnown }: Updated,
): LeftOver | undefined {
  const { v2Id: id, type = '' } = entity;
  if (isKnown && left.length === 0) return undefined;
  return { id, type, names: isKnown ? left : Object.keys(json) };
}

/** Throws NotFound when something was left. */
export function answerUpdated(update: Update, updated: Updated): OperationResult {
  const left = leftOf(update, updated);
  if (!left) return { kind: 'done' };
  throw leftByAll([left], left.names.length < Object.keys(update.json).length);
}

interface UpdateContext {
  readonly call: CallContext;
  readonly reading: V2Reading;
}

/** The registrations of the tenant; undefined when there are none. */
export const sourcesForUpdate = (call: CallContext): RegistrationIndex | Promise<RegistrationIndex> | undefined =>
  registrationsFor({}, call);

/** Updates here and at sources. Undefined when no source has a part of it: then nothing is done. */
export async function updateWithSources(
  update: Update,
  index: RegistrationIndex,
  context: UpdateContext,
): Promise<Updated | undefined> {
  const { call } = context;
  const { entity } = update;
  const names = Object.keys(entity.attrs);
  if (names.length === 0) return undefined;
  const mayMatch = index.matching({ selectors: [{ ids: [entity.id] }], attrs: names }, call.now);
  if (mayMatch.length === 0) return undefined;
  const selector = await selectorOf(update, call);
  const write = { id: entity.id, selector, attrs: names, operations: ['updateEntity'] };
  const split = splitFor(write, index, { call, access: 'write' });
  const v2Sources = sourcesOfV2(index, selector, { names, call });
  if (split.parts.length + v2Sources.length === 0) return undefined;
  const sent = await sendToSources(split, update, call);
  const here = await updateHere(split.rest ?? [], update, context);
  const missing = here.left.filter((name) => !sent.copied.has(name));
  const forwarded = await forwardToV2(missing, { v2Sources, selector, update }, call);
  const left = [...sent.failed, ...missing.filter((name) => !forwarded.has(name))];
  const isTaken =
    forwarded.size + sent.copied.size > 0 || sent.failed.length < names.length - (split.rest ?? []).length;
  return { left: namesOf(left, call), isKnown: here.isKnown || isTaken };
}

const namesOf = (iris: readonly string[], { context }: CallContext): readonly string[] => [
  ...new Set(iris.map((iri) => attributeName(iri, context))),
];

/** The entity, with the types that the request names, or those of the entity here. */
async function selectorOf({ entity, only }: Update, call: CallContext): Promise<EntitySelector> {
  const { id, type } = entity;
  const given = type === undefined ? undefined : typesOf({ type }, call.context);
  const stored = given ? undefined : await call.store.get(id, call.now);
  const isHere = stored !== undefined && (!only || compileFilter(only)(stored.entity()));
  const types = given ?? (isHere ? stored.entity().types : undefined);
  return { ids: [id], ...(types ? { types: anyOfTypes(types) } : undefined) };
}

interface AtSources {
  /** Attributes that sources have for themselves, and did not take. */
  readonly failed: readonly string[];
  /** Attributes that sources got a copy of. */
  readonly copied: ReadonlySet<string>;
}

/** Sends their parts to the sources that speak NGSI-LD. */
async function sendToSources({ parts }: WriteSplit, update: Update, call: CallContext): Promise<AtSources> {
  const isLooped = isInLoop(call);
  const failed: string[] = [];
  const copied = new Set<string>();
  await forEachSource(parts, async ({ registration, attrs = [], isOffered }) => {
    const isDone = isOffered && !isLooped && (await sendPart(registration, { update, attrs }, call));
    if (isProxied(registration) && !isDone) failed.push(...attrs);
    if (!isProxied(registration) && isDone) for (const name of attrs) copied.add(name);
  });
  return { failed, copied };
}

const operation = { method: 'PATCH', path: '/entities/{id}/attrs' } as const;

async function sendPart(
  registration: Registration,
  { update, attrs }: { readonly update: Update; readonly attrs: readonly string[] },
  call: CallContext,
): Promise<boolean> {
  const { entity } = update;
  const target = await orProblem(() => targetOf(registration, call));
  if (target instanceof Problem) return false;
  const body = bodyFor(entity, attrs, call);
  const request = { path: { id: entity.id }, params: {}, body };
  return ask(registration, writeRequest(target, { operation, request, asked: call.context }), call);
}

/** The attributes in NGSI-LD. An update operator is carried out only where the value is. */
function bodyFor({ id, attrs }: V2Entity, names: readonly string[], { context, now }: CallContext): JsonObject {
  const wanted = Object.entries(attrs).filter(([name, { operations }]) => names.includes(name) && !operations);
  const created = instancesOf(createdAttributes(Object.fromEntries(wanted)));
  const view = { terms: context, format: 'normalized', sysAttrs: false, projection: {} } as const;
  const shown = renderEntity({ id, types: [], createdAt: now, attrs: created }, view);
  const { id: _id, type: _type, ...body } = shown ?? {};
  return body;
}

/** Sends a request. True when the source took all of it. */
async function ask(registration: Registration, request: SourceRequest, call: CallContext): Promise<boolean> {
  const { services, tenant, now } = call;
  const answer = await services.sources?.ask({ ...request, group: call });
  const isGood = answer?.kind === 'answered' && answer.status >= 200 && answer.status < 300 && answer.status !== 207;
  services.registrations.count(tenant, registration.id, { isGood, at: now });
  return isGood;
}

interface Here {
  /** Expanded names of the attributes that are not here. */
  readonly left: readonly string[];
  readonly isKnown: boolean;
}

/** Updates those of the attributes that are left to this broker. */
async function updateHere(
  rest: readonly string[],
  { entity, only }: Update,
  { call, reading }: UpdateContext,
): Promise<Here> {
  const attrs = Object.fromEntries(Object.entries(entity.attrs).filter(([name]) => rest.includes(name)));
  const mutation = await assignment({ ...entity, attrs }, { rule: 'update', creates: false }, { call, reading });
  try {
    const { notUpdated = [] } = await applyV2(mutation, only, call);
    return { left: notUpdated.map(({ attributeName: iri }) => iri), isKnown: true };
  } catch (error) {
    if (error instanceof V2Problem && error.code === 'NotFound') return { left: rest, isKnown: false };
    throw error;
  }
}

/** The sources of NGSI v2 that take updates of these attributes. */
function sourcesOfV2(
  index: RegistrationIndex,
  selector: EntitySelector,
  { names, call }: { readonly names: readonly string[]; readonly call: CallContext },
): readonly Registration[] {
  if (isInLoop(call) || call.principal.rights('write', call.tenant).extent !== 'full') return [];
  const path = sentHeader(call, pathHeader) ?? '/';
  return matchingSources(index, { demand: { selectors: [selector], attrs: names } }, call).filter(
    ({ info: { v2 } }) =>
      v2?.isActive === true &&
      (v2.forwarding === 'all' || v2.forwarding === 'update') &&
      isInPaths(v2.servicePath, path),
  );
}

interface Forwarding {
  readonly v2Sources: readonly Registration[];
  readonly selector: EntitySelector;
  readonly update: Update;
}

/** Offers attributes to the sources one after another. Returns those that were taken. */
async function forwardToV2(
  missing: readonly string[],
  { v2Sources, selector, update }: Forwarding,
  call: CallContext,
): Promise<ReadonlySet<string>> {
  const taken = new Set<string>();
  for (const registration of v2Sources) {
    const open = missing.filter((name) => !taken.has(name));
    const { attrs = open } = narrowDemand(registration, { selectors: [selector], attrs: open });
    const { v2 } = registration.info;
    if (attrs.length === 0 || !v2) continue;
    const target = await orProblem(() => v2TargetOf(registration, v2, call));
    if (target instanceof Problem) continue;
    const body = {
      id: update.entity.id,
      type: typeFor(registration, selector),
      attrs: partOf(update.json, attrs, call),
    };
    if (await ask(registration, v2UpdateRequest(target, body), call)) for (const name of attrs) taken.add(name);
  }
  return taken;
}

/** The type that the request, the entity here or the registration says. */
function typeFor({ information }: Registration, { types }: EntitySelector): string | undefined {
  const [known] = types ? (typesNamed(types) ?? []) : [];
  return known ?? information.flatMap(({ entities = [] }) => entities.flatMap((one) => one.types))[0];
}

const partOf = (json: JsonObject, attrs: readonly string[], { context }: CallContext): JsonObject =>
  Object.fromEntries(
    Object.entries(json).filter(([name]) => attributeIris(name, context).some((iri) => attrs.includes(iri))),
  );

/** The attributes of a body, normalized: each with its type. */
export const normalizedAttributes = (body: JsonObject, { isKeyValues }: Pick<V2Reading, 'isKeyValues'>): JsonObject =>
  Object.fromEntries(
    Object.entries(body)
      .filter(([name]) => name !== 'id' && name !== 'type')
      .map(([name, json]): [string, Json] => {
        if (isKeyValues || !isObject(json)) return [name, { type: initialType(json), value: json }];
        return [name, { type: initialType(json['value'] ?? null), value: null, ...json }];
      }),
  );
