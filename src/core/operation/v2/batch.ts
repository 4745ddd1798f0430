/** Operations of NGSI v2 that write several entities in one request. They are written one by one, and nothing is undone. */
import type { RegistrationSearch } from '../../federation/registration-index.ts';
import { isArray, isObject, type Json, type JsonObject } from '../../model/json.ts';
import { restIfDue } from '../../model/interruptible.ts';
import type { Mutation, Outcome } from '../../model/mutation.ts';
import type { AssignRule } from '../../model/v2/assignment.ts';
import type { Write } from '../../language/write.ts';
import { badRequest, V2Problem } from '../../v2/problem.ts';
import { readV2Entity, type V2Entity } from '../../v2/read-entity.ts';
import type { V2Reading } from '../../v2/reading.ts';
import type { WritePath } from '../../v2/service-path.ts';
import { badData } from '../../model/problem.ts';
import type { CallContext, Operation, OperationResult } from '../operation.ts';
import { v2CreateHead } from './heads.ts';
import { readV2Options } from '../../v2/page.ts';
import { carryOut, planWrite, sourcesForWrite, type V2Write, withAttributes, type WritePlan } from './forward-write.ts';
import { attributesIn, leftByAll, leftOf, type Written } from './left-over.ts';
import { conditionOf, readingOf, sentHeader, writePathOf } from './request.ts';
import type { Way } from './source-steps.ts';
import { removal } from './write-attributes.ts';
import { assignment, failureOf, isDone, leftNames, listed, named, type Performed } from './writing.ts';

export const updateV2Batch: Operation = {
  ...v2CreateHead,
  name: 'updateV2Batch',
  method: 'POST',
  path: '/v2/op/update',
  elementsIn: 'entities',
  parameters: ['options'],
  async run({ params, body }, call) {
    if (!isObject(body) || Object.keys(body).length === 0) throw badRequest('empty payload');
    requireMembers(body, ['entities', 'actionType']);
    const action = readAction(body['actionType']);
    const reading = readingOf(readV2Options(params), call);
    const elements = await readElements(body['entities'], reading, call);
    return writeEach(elements, { action, reading, path: writePathOf(call) }, call);
  },
};

/** Stores the entities of a notification, like the action `append`. */
export const receiveV2Notification: Operation = {
  ...v2CreateHead,
  name: 'receiveV2Notification',
  method: 'POST',
  path: '/v2/op/notify',
  elementsIn: 'data',
  parameters: ['options'],
  async run({ params, body }, call) {
    if (!isObject(body) || Object.keys(body).length === 0) throw badRequest('empty payload');
    if (body['subscriptionId'] === undefined)
      throw badRequest('invalid JSON payload, mandatory field /subscriptionId/ not found');
    requireMembers(body, ['data', 'subscriptionId']);
    if (typeof body['subscriptionId'] !== 'string') throw badRequest('/subscriptionId/ must be a JSON string');
    if (!isArray(body['data'])) throw badRequest('notification field /data/ must be a JSON array');
    refuseFormat(sentHeader(call, 'ngsiv2-attrsformat') ?? '');
    const reading = { ...readingOf(readV2Options(params), call), isKeyValues: false };
    const elements = await readElements(body['data'], reading, call);
    await writeEach(elements, { action: 'append', reading, path: writePathOf(call) }, call);
    return { kind: 'plain', text: '' };
  },
};

/** Throws BadRequest unless the body has these members and no others. */
function requireMembers(body: JsonObject, names: readonly string[]): void {
  const missing = names.find((name) => body[name] === undefined);
  if (missing !== undefined) throw badRequest(`Invalid JSON payload, mandatory field /${missing}/ not found`);
  const unknown = Object.keys(body).find((name) => !names.includes(name));
  if (unknown !== undefined) throw badRequest(`Unrecognized field in JSON payload: /${unknown}/`);
}

/** Only a notification in normalized form can be stored. */
function refuseFormat(format: string): void {
  if (format === '' || format === 'normalized') return;
  const isKnown = ['keyValues', 'uniqueValues', 'custom'].includes(format);
  throw badRequest(
    isKnown
      ? `attribute render format /${format}/ not supported for notifications`
      : 'invalid render format for notifications',
  );
}

type Action = 'append' | 'appendstrict' | 'update' | 'delete' | 'replace';

interface ActionWay {
  readonly way: Way;
  readonly rule: AssignRule;
  readonly creates: boolean;
}

const ways: Readonly<Record<Exclude<Action, 'delete'>, ActionWay>> = {
  append: { way: 'upsert', rule: 'append', creates: true },
  appendstrict: { way: 'upsertMissing', rule: 'appendMissing', creates: true },
  update: { way: 'update', rule: 'update', creates: false },
  replace: { way: 'replace', rule: 'replace', creates: false },
};

const isAction = (text: string): text is Action => text === 'delete' || Object.hasOwn(ways, text);

/** The action in any case, with or without an underscore, as old clients write it. */
function readAction(json: Json | undefined): Action {
  const text = typeof json === 'string' ? json.toLowerCase().replaceAll('_', '') : '';
  if (isAction(text)) return text;
  throw badRequest('invalid update action type: right ones are: append, appendStric, delete, replace, update');
}

/** An entity with its v2 names of attributes, and as the request gives it. */
interface Element {
  readonly entity: V2Entity;
  readonly json: JsonObject;
  readonly names: readonly string[];
}

async function readElements(
  json: Json | undefined,
  reading: V2Reading,
  { services }: CallContext,
): Promise<readonly Element[]> {
  if (!isArray(json)) throw badRequest('not a JSON array');
  if (json.length === 0) throw badRequest('empty entities vector');
  const { batchMax } = services.limits;
  if (json.length > batchMax) throw badData(`A batch may hold at most ${batchMax} elements, not ${json.length}.`);
  const elements: Element[] = [];
  for (const element of json) {
    await restIfDue(services.yieldToEventLoop);
    elements.push(readElement(element, reading));
  }
  return elements;
}

function readElement(json: Json, reading: V2Reading): Element {
  if (!isObject(json)) throw badRequest('entity is not a JSON object');
  refusePatterns(json);
  const names = Object.keys(json).filter((name) => name !== 'id' && name !== 'type');
  return { entity: readV2Entity(json, reading), json, names };
}

function refusePatterns(element: JsonObject): void {
  if (element['id'] !== undefined && element['idPattern'] !== undefined)
    throw badRequest('both /id/ and /idPattern/ present');
  if (element['id'] === undefined && element['idPattern'] === undefined)
    throw badRequest('nor /id/ nor /idPattern/ present');
  if (element['id'] === '') throw badRequest('id and idPattern cannot be both empty at the same time');
  const pattern = ['idPattern', 'typePattern'].find((name) => Object.hasOwn(element, name));
  if (pattern !== undefined) throw new V2Problem('NotImplemented', 'NotImplemented');
}

interface Batch {
  readonly action: Action;
  readonly reading: V2Reading;
  readonly path: WritePath;
}

async function writeEach(elements: readonly Element[], batch: Batch, call: CallContext): Promise<OperationResult> {
  const about = elements.map((element) => writeOf(element, batch, call));
  const index = await sourcesForWrite(call);
  // A new registration waits until nothing more will be stored here.
  const end = call.services.registrations.beginWrite(call.tenant);
  try {
    const planned = await planAll(about, index, call);
    refuseFailures(await applyAll(planned, call), batch, call);
  } finally {
    end();
  }
  return { kind: 'done' };
}

async function planAll(
  writes: readonly V2Write[],
  index: RegistrationSearch | undefined,
  call: CallContext,
): Promise<readonly Planned[]> {
  const planned: Planned[] = [];
  for (const write of writes) {
    const mutation = await write.here(undefined);
    planned.push({ write, mutation, plan: index && (await planWrite(write, index, call)) });
  }
  return planned;
}

/** The write of an element, and what goes where when sources have a part of it. */
interface Planned {
  readonly write: V2Write;
  readonly mutation: Mutation;
  readonly plan: WritePlan | undefined;
}

/** Applies the writes in their order: those together that no source has a part of. */
async function applyAll(planned: readonly Planned[], call: CallContext): Promise<readonly Result[]> {
  const results: Result[] = [];
  let waiting: Planned[] = [];
  const applyWaiting = async (): Promise<void> => {
    const own = waiting;
    waiting = [];
    if (own.length === 0) return;
    const writes = own.map(({ write: { only }, mutation }): Write => ({ mutation, ...(only ? { only } : undefined) }));
    const outcomes = await call.store.apply(writes, call.now);
    results.push(...own.map(({ write }, index) => ({ write, outcome: outcomes[index] })));
  };
  for (const one of planned) {
    if (!one.plan) {
      waiting.push(one);
      continue;
    }
    await applyWaiting();
    results.push({ write: one.write, outcome: undefined, written: await carryOut(one.plan, call) });
  }
  await applyWaiting();
  return results;
}

function writeOf({ entity, json, names }: Element, { action, reading, path }: Batch, call: CallContext): V2Write {
  const only = conditionOf(entity.type === undefined ? {} : { type: entity.type }, path.filter, call);
  const about = { entity, body: json, reading, only };
  if (action === 'delete' && names.length === 0)
    return { ...about, way: 'delete', here: () => ({ op: 'delete', id: entity.id }) };
  if (action === 'delete') {
    const { attrs, ...mutation } = removal(entity.id, names, call);
    return { ...about, way: 'deleteAttrs', names: attrs, here: (rest = attrs) => ({ ...mutation, attrs: rest }) };
  }
  const { way, rule, creates } = ways[action];
  const writing = { rule, scope: path.scope, creates };
  const here: V2Write['here'] = (rest) => assignment(withAttributes(entity, rest), writing, { call, reading });
  return { ...about, way, names: Object.keys(entity.attrs), scope: path.scope, here };
}

interface Result {
  readonly write: V2Write;
  /** What became of it when sources have a part of it. */
  readonly written?: Written;
  readonly outcome: Outcome | undefined;
}

/** What was left undone of one entity. */
interface Failure {
  readonly name: string;
  /** The attributes. Absent: the entity itself does not exist. */
  readonly attrs?: readonly string[];
}

/** Throws the error of v2 when not everything could be written. */
function refuseFailures(results: readonly Result[], { action }: Batch, call: CallContext): void {
  const failures = results.flatMap((result) => failureIn(result, call) ?? []);
  if (failures.length === 0) return;
  const why = action === 'appendstrict' ? 'one or more of the attributes in the request already exist' : 'do not exist';
  const text = `${why}: ${failures.map(failureText).join(', ')}`;
  const missing = failures.filter(({ attrs }) => attrs === undefined);
  if (results.some(({ written }) => written)) throw leftWithSources(results, call);
  if (missing.length === results.length) throw new V2Problem('NotFound', text);
  const isAnyDone = results.some(
    ({ outcome }) => outcome !== undefined && outcome.status !== 'refused' && isWritten(outcome),
  );
  throw new V2Problem(isAnyDone ? 'PartialUpdate' : 'Unprocessable', text);
}

/** The error of a batch in which sources had a part. */
function leftWithSources(results: readonly Result[], call: CallContext): Error {
  const left = results.flatMap(({ write, outcome, written }) => {
    const isKnown = outcome !== undefined && outcome.status !== 'refused';
    const here = { isKnown, left: isKnown ? leftNames(outcome, call) : [] };
    return leftOf(write, written ?? here) ?? [];
  });
  const all = results.reduce((sum, { write }) => sum + attributesIn(write.body).length, 0);
  const undone = left.reduce((sum, { names }) => sum + names.length, 0);
  return leftByAll(left, left.length < results.length || undone < all);
}

const isWritten = (outcome: Performed): boolean => outcome.status === 'deleted' || isDone(outcome);

function failureIn({ write, outcome, written }: Result, call: CallContext): Failure | undefined {
  const name = named(write.entity.v2Id, write.entity.type);
  if (written) return leftOf(write, written) ? { name } : undefined;
  if (outcome?.status === 'refused') {
    if (outcome.problem.type === 'ResourceNotFound') return { name };
    throw failureOf(outcome.problem);
  }
  const attrs = outcome ? leftNames(outcome, call) : [];
  return attrs.length > 0 ? { name, attrs } : undefined;
}

/** The entity itself has a dash before it only in the first place. */
function failureText({ name, attrs }: Failure, index: number): string {
  if (attrs) return `${name} - ${listed(attrs)}`;
  return index === 0 ? `${name} - [entity itself]` : `${name} [entity itself]`;
}
