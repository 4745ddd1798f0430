/** Writes an entity or attributes here and at the context sources that have a part of them (clauses 4.3.6.2, 6.3.17). */
import { isProxied, type Registration } from '../../federation/registration.ts';
import type { SourceConditions } from '../../federation/registration-discovery.ts';
import type { RegistrationIndex, RegistrationSearch } from '../../federation/registration-index.ts';
import { type EntityWrite, splitWrite, type WritePart, type WriteSplit } from '../../federation/split-write.ts';
import { anyOfTypes, type TypeSelection } from '../../language/filter.ts';
import { matchesTypes } from '../../language/matches/matches-types.ts';
import { parseTypeSelection } from '../../language/type-selection.ts';
import { isObject, isStrings, type JsonObject, stringsOf } from '../../model/json.ts';
import { Problem } from '../../model/problem.ts';
import { isEntityMember } from '../../model/read/entity.ts';
import { readAttributeName, readTypeName } from '../../model/read/name.ts';
import { readId } from '../../model/read/id.ts';
import {
  forEachSource,
  isInLoop,
  loopDetected,
  matchingSources,
  orProblem,
  registrationsFor,
} from './concerned-sources.ts';
import type { CallContext, Operation, OperationRequest, OperationResult } from '../operation.ts';
import { combine, type PartResult, resultOfAnswer } from './distributed-result.ts';
import { resourcePath } from '../resource-path.ts';
import { targetOf } from './source-request.ts';
import { withAttributes, writeRequest } from './source-write-request.ts';

/** How an operation is distributed. */
interface Distribution {
  /** Its name in registrations (clause 4.20). */
  readonly name: string;
  /** What its body is: an entity or some attributes of one, a single attribute; or it has none. */
  readonly about: 'entity' | 'attribute' | 'none';
  /** Of an operation on histories: whether this broker has one of the entity. */
  readonly isKnown?: (id: string, call: CallContext) => Promise<boolean>;
}

/** An operation that writes one entity, or attributes of one. */
export interface EntityWriteOperation<Read> extends Omit<Operation, 'run'> {
  readonly distribution: Distribution;
  /** What the request writes. Throws BadRequestData. */
  readonly read: (request: OperationRequest, call: CallContext) => Read;
  /** Writes it at this broker. */
  readonly write: (read: Read, request: OperationRequest, call: CallContext) => Promise<OperationResult>;
}

/** The operation, carried out here and at context sources. Without registrations in the tenant it only writes here. */
export function distributed<Read>({ distribution, read, write, ...head }: EntityWriteOperation<Read>): Operation {
  const local: Operation = { ...head, run: (request, call) => write(read(request, call), request, call) };
  return {
    ...head,
    run(request, call) {
      const index = registrationsFor(request.params, call);
      const running = { operation: local, distribution, read, request, call };
      return index instanceof Promise ? index.then((found) => runCounted(running, found)) : runCounted(running, index);
    },
  };
}

interface Running {
  /** Writes at this broker only. */
  readonly operation: Operation;
  readonly distribution: Distribution;
  readonly read: EntityWriteOperation<unknown>['read'];
  readonly request: OperationRequest;
  readonly call: CallContext;
}

/** A new registration waits until nothing more of the write will be stored here. */
async function runCounted(running: Running, index: RegistrationIndex | undefined): Promise<OperationResult> {
  const { operation, request, call } = running;
  const end = call.services.registrations.beginWrite(call.tenant);
  try {
    return await (index ? runDistributed(running, index.writable, end) : operation.run(request, call));
  } finally {
    end();
  }
}

async function runDistributed(
  running: Running,
  index: RegistrationSearch,
  endWrite: () => void,
): Promise<OperationResult> {
  const { operation, read, request, call } = running;
  if (index.size === 0 && !call.trace) return operation.run(request, call);
  const write = await readWrite(running, index);
  const isTemporal = running.distribution.isKnown !== undefined;
  const split = splitFor(write, index, { call, access: operation.access, isTemporal });
  if (split.parts.length === 0) return operation.run(request, call);
  // No source gets what this broker refuses.
  read(request, call);
  const isLooped = isInLoop(call);
  const parts = isLooped ? split.parts.filter(({ registration }) => isProxied(registration)) : split.parts;
  const [local, sent] = await Promise.all([
    runLocal(running, split, write).finally(endWrite),
    forEachSource(parts, (part) => sendPart(part, running, isLooped)),
  ]);
  return combine({ id: write.id, isOfAttributes: isOfAttributes(running), ...creationBy(operation, write.id, sent) }, [
    ...local,
    ...sent,
  ]);
}

/** What the answer says is created when this broker did nothing. A history is created or changed, as the source says. */
function creationBy(
  { name, path }: Operation,
  id: string,
  sent: readonly PartResult[],
): { readonly location?: string } {
  const isCreation = name === 'createEntity' || (name === 'upsertTemporal' && sent.some((part) => part.isCreated));
  return isCreation ? { location: resourcePath(path.slice(1), id) } : {};
}

const isOfAttributes = ({ operation }: Running): boolean => operation.path.includes('/attrs');

/** The entity and the attributes that a request writes. */
async function readWrite(running: Running, index: RegistrationSearch): Promise<EntityWrite> {
  const { distribution, request, call } = running;
  const json = isObject(request.body) && distribution.about !== 'attribute' ? request.body : {};
  const id = readId(request.path['id'] ?? json['id'] ?? json['@id'] ?? null);
  const attrs = attributesOf(running, json);
  const types = needsTypes(id, index, call) ? await typesConcerned(id, json, { request, call }) : undefined;
  return {
    id,
    selector: { ids: [id], ...(types ? { types } : undefined) },
    ...(attrs ? { attrs } : undefined),
    operations: [distribution.name],
  };
}

/** Whether the types of the entity decide which registrations have a part in a write. */
export const needsTypes = (id: string, index: RegistrationSearch, { trace }: Pick<CallContext, 'trace'>): boolean =>
  trace !== undefined || index.mayConcern(id);

/**
 * Divides a write. A caller whose grants do not cover the whole tenant writes only here. Throws Forbidden when a source has a part of it for
 * itself.
 */
export function splitFor(write: EntityWrite, index: RegistrationSearch, splitting: Splitting): WriteSplit {
  const { call, access } = splitting;
  const { proxied, inclusive } = registrationsOf(write, index, splitting);
  if (proxied.length + inclusive.length === 0) return splitWrite(write, []);
  const needed = access === 'open' || access === 'public' ? 'write' : access;
  const isWhole = call.principal.rights(needed, call.tenant).extent === 'full';
  if (!isWhole && proxied.length > 0)
    throw new Problem('Forbidden', `The caller may not write what context sources have of ${write.id}.`);
  return splitWrite(write, isWhole ? [...proxied, ...inclusive] : []);
}

function registrationsOf(
  { selector, attrs, operations }: EntityWrite,
  index: RegistrationSearch,
  { call, isTemporal = false }: Splitting,
): { readonly proxied: readonly Registration[]; readonly inclusive: readonly Registration[] } {
  const conditions: SourceConditions = isTemporal ? { temporal: { timeproperty: 'any' } } : {};
  const demand = { selectors: [selector], attrs: attrs && attrs.length > 0 ? attrs : undefined };
  const found = matchingSources(index, { demand, conditions, operations }, call);
  return { proxied: found.filter(isProxied), inclusive: found.filter(({ mode }) => mode === 'inclusive') };
}

/** The types by which sources are found: those of the entity, or those that the request asks for when the entity here has others. */
async function typesConcerned(
  id: string,
  json: JsonObject,
  { request, call }: Pick<Running, 'request' | 'call'>,
): Promise<TypeSelection | undefined> {
  const names = await typeNames(id, json, call);
  const asked = typesAsked(request, call);
  return asked && !matchesTypes(asked, names) ? asked : selectionOf(names);
}

const typesAsked = ({ params }: OperationRequest, { context }: CallContext): TypeSelection | undefined =>
  params['type'] === undefined ? undefined : parseTypeSelection(params['type'], context);

function attributesOf({ distribution, request, call }: Running, json: JsonObject): readonly string[] | undefined {
  const { attr } = request.path;
  if (attr !== undefined) return [attr === 'scope' ? attr : readAttributeName(attr, call.context)];
  return distribution.about === 'none' ? undefined : attributesIn(json, call);
}

/** The expanded names of the attributes of an entity, or of a part of one. Throws BadRequestData for a name that is none. */
export const attributesIn = (json: JsonObject, { context }: Pick<CallContext, 'context'>): readonly string[] =>
  Object.keys(json)
    .filter((name) => !isEntityMember(name))
    .map((name) => readAttributeName(name, context));

interface Splitting {
  readonly call: CallContext;
  readonly access: Operation['access'];
  /** Whether the write is one of a history. */
  readonly isTemporal?: boolean;
}

/** The types in the body, else those of the entity here. Undefined when they are not known. */
export const typesOf = async (id: string, json: JsonObject, call: CallContext): Promise<TypeSelection | undefined> =>
  selectionOf(await typeNames(id, json, call));

const selectionOf = (types: readonly string[]): TypeSelection | undefined =>
  types.length === 0 ? undefined : anyOfTypes(types);

async function typeNames(
  id: string,
  json: JsonObject,
  { context, store, now }: CallContext,
): Promise<readonly string[]> {
  const given = json['type'] ?? json['@type'];
  const names = typeof given === 'string' || isStrings(given) ? stringsOf(given) : undefined;
  return names?.map((name) => readTypeName(name, context)) ?? (await store.get(id, now))?.types() ?? [];
}

async function sendPart(
  part: WritePart,
  { operation, request, call }: Running,
  isLooped: boolean,
): Promise<PartResult> {
  const { registration, attrs } = part;
  const about = { registration, ...(attrs ? { attrs } : undefined) };
  const { sources, registrations } = call.services;
  if (isLooped) return failed(about, loopDetected());
  if (!part.isOffered || !sources)
    return failed(about, new Problem('Conflict', `The source of ${registration.id} does not offer ${operation.name}.`));
  const target = await orProblem(() => targetOf(registration, call));
  if (target instanceof Problem) return failed(about, target);
  const asking = writeRequest(target, { operation, request, attrs, asked: call.context });
  const answer = await sources.ask({ ...asking, group: call });
  const result = resultOfAnswer(about, answer);
  registrations.count(call.tenant, registration.id, { isGood: result.problem === undefined, at: call.now });
  return result;
}

const failed = (about: Omit<PartResult, 'problem'>, { report }: Problem): PartResult => ({ ...about, problem: report });

/** The part that is left to this broker. */
async function runLocal(running: Running, split: WriteSplit, write: EntityWrite): Promise<readonly PartResult[]> {
  const { operation, call } = running;
  const { isKnown } = running.distribution;
  if (!split.isLocal || (await isNothingHere(split, write, { ...call, ...(isKnown ? { isKnown } : undefined) })))
    return [];
  const part = split.rest ? { attrs: split.rest } : {};
  const result = await orProblem(() => operation.run(localRequest(running, split.rest), call));
  return [result instanceof Problem ? failed(part, result) : { ...part, result }];
}

/** A deletion may find nothing here when only sources are concerned that have the entity for themselves. */
export async function isNothingHere(
  { parts }: WriteSplit,
  { id, attrs }: Pick<EntityWrite, 'id' | 'attrs'>,
  call: CallContext & Pick<Distribution, 'isKnown'>,
): Promise<boolean> {
  const isOptional = attrs === undefined && parts.every(({ registration }) => isProxied(registration));
  if (!isOptional) return false;
  return call.isKnown ? !(await call.isKnown(id, call)) : (await call.store.get(id, call.now)) === undefined;
}

function localRequest({ distribution, request, call }: Running, rest: readonly string[] | undefined): OperationRequest {
  return rest && distribution.about === 'entity'
    ? { ...request, body: withAttributes(request.body, rest, call.context) ?? null }
    : request;
}
