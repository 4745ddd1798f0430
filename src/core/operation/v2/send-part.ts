/** Sends the part that a context source of NGSI-LD has of a write of NGSI v2. */
import type { Registration } from '../../federation/registration.ts';
import type { WritePart } from '../../federation/split-write.ts';
import type { EntitySelector } from '../../language/filter.ts';
import type { JsonObject } from '../../model/json.ts';
import { Problem, type ProblemReport } from '../../model/problem.ts';
import { instancesOf } from '../../model/read/instances.ts';
import { createdAttributes } from '../../model/v2/assign.ts';
import { renderEntity } from '../../representation/render.ts';
import { createdEntity, type V2Entity } from '../../v2/read-entity.ts';
import { isInLoop, loopDetected, orProblem } from '../distributed/concerned-sources.ts';
import { type PartResult, resultOfAnswer } from '../distributed/distributed-result.ts';
import { type SourceTarget, targetOf } from '../distributed/source-request.ts';
import { writeRequest } from '../distributed/source-write-request.ts';
import type { CallContext, OperationRequest } from '../operation.ts';
import { typeFor } from './forward-update.ts';
import { type Step, stepsFor, type Way } from './source-steps.ts';

/** What became of a part. The names of attributes are expanded. */
export interface PartSent {
  readonly registration: Registration;
  readonly done: readonly string[];
  readonly failed: readonly string[];
  /** True when the source has the entity, as far as its answer tells. */
  readonly isKnown: boolean;
  readonly problem?: ProblemReport;
}

/** The write that the source has a part in. */
export interface PartOf {
  readonly way: Way;
  readonly entity: V2Entity;
  readonly scope?: string | undefined;
  /** The entity, with its types as far as they are known. */
  readonly selector: EntitySelector;
}

/** Sends the part, but for update operators on values that the source has. */
export async function sendPart(part: WritePart, write: PartOf, call: CallContext): Promise<PartSent> {
  const { registration, attrs } = part;
  const operated = (attrs ?? []).filter((name) => isOperated(name, write));
  if (operated.length === 0) return sendNames(part, write, call);
  const names = attrs?.filter((name) => !operated.includes(name)) ?? [];
  const nothing = { registration, done: [], failed: [], isKnown: false };
  const sent = names.length === 0 ? nothing : await sendNames({ ...part, attrs: names }, write, call);
  return { ...sent, failed: [...sent.failed, ...operated], problem: notOperated };
}

async function sendNames(
  { registration, attrs, isOffered }: WritePart,
  write: PartOf,
  call: CallContext,
): Promise<PartSent> {
  const nothing = { registration, done: [], failed: attrs ?? [], isKnown: false };
  if (isInLoop(call)) return { ...nothing, problem: loopDetected().report };
  if (!isOffered) return { ...nothing, problem: notOffered(registration, write.way) };
  const target = await orProblem(() => targetOf(registration, call));
  if (target instanceof Problem) return { ...nothing, problem: target.report };
  const results = await ask({ target, names: attrs, write, call });
  const isGood = results.every(({ problem }) => problem === undefined);
  call.services.registrations.count(call.tenant, registration.id, { isGood, at: call.now });
  return sentIn(results, target);
}

const notOffered = ({ id }: Registration, way: Way): ProblemReport => ({
  type: 'Conflict',
  detail: `The source of ${id} does not offer ${stepsFor[way].map(({ name }) => name).join(' or ')}.`,
});

const notOperated: ProblemReport = {
  type: 'Conflict',
  detail: 'An update operator is carried out only on values that are at this broker.',
};

/** True for an update operator on a value that may be at the source. */
const isOperated = (name: string, { way, entity }: PartOf): boolean =>
  (way === 'update' || way === 'append' || way === 'upsert') && entity.attrs[name]?.operations !== undefined;

interface Asking {
  readonly target: SourceTarget;
  /** Absent: the whole entity. */
  readonly names: readonly string[] | undefined;
  readonly write: PartOf;
  readonly call: CallContext;
}

/** One result, or one for each attribute that is deleted. */
async function ask(asking: Asking): Promise<readonly PartResult[]> {
  const { target, names, write } = asking;
  const { operations } = target.registration;
  const steps = stepsFor[write.way].filter(({ name }) => operations.has(name));
  const parts = write.way === 'deleteAttrs' ? (names ?? []).map((name) => [name]) : [names];
  const results: PartResult[] = [];
  for (const part of parts) results.push(...(await askInTurn(steps, { ...asking, names: part })));
  return results;
}

/** The result of the first request that finds the entity at the source, or of the last one. */
async function askInTurn(steps: readonly Step[], asking: Asking): Promise<readonly PartResult[]> {
  const { target, names, call } = asking;
  const about = { registration: target.registration, ...(names ? { attrs: names } : undefined) };
  let result: PartResult | undefined;
  for (const step of steps) {
    if (result && result.problem?.type !== 'ResourceNotFound') break;
    const request = writeRequest(target, { operation: step, request: requestFor(step, asking), asked: call.context });
    const answer = await call.services.sources?.ask({ ...request, group: call });
    if (answer) result = resultOfAnswer(about, answer);
  }
  return result ? [result] : [];
}

function requestFor({ body, params = {} }: Step, asking: Asking): OperationRequest {
  const { names = [], write, call } = asking;
  const [attr = ''] = names;
  const path = { id: write.entity.id, attr: call.context.compact(attr) };
  return body === 'none' ? { path, params } : { path, params, body: bodyFor(body, asking) };
}

/** The entity, or some attributes of it, in NGSI-LD. */
function bodyFor(
  form: 'entity' | 'attributes',
  { target: { registration }, names = [], write, call: { context, now } }: Asking,
): JsonObject {
  const { entity, scope, selector } = write;
  const attrs = Object.fromEntries(Object.entries(entity.attrs).filter(([name]) => names.includes(name)));
  const created = createdEntity({ ...entity, attrs }, scope, { terms: context });
  const type = typeFor(registration, selector);
  const whole = {
    ...created,
    id: entity.id,
    types: type === undefined ? (created.types ?? []) : [type],
    createdAt: now,
    attrs: instancesOf(createdAttributes(attrs)),
  };
  const view = { terms: context, format: 'normalized', sysAttrs: false, projection: {} } as const;
  const shown = renderEntity(whole, view) ?? {};
  if (form === 'entity') return shown;
  const { id: _id, type: _type, scope: _scope, expiresAt: _expiresAt, ...attributes } = shown;
  return attributes;
}

/** What became of the attributes. A source may write some of them and refuse others. */
function sentIn(results: readonly PartResult[], target: SourceTarget): PartSent {
  const failed = results.flatMap((result) => failedIn(result, target));
  const done = results.flatMap(({ attrs = [] }) => attrs).filter((name) => !failed.includes(name));
  const [problem] = results.flatMap((one) => (hasRefused(one) ? [] : (problemOf(one) ?? [])));
  const isKnown = results.some((one) => one.problem === undefined || hasRefused(one));
  return { registration: target.registration, done, failed, isKnown, ...(problem ? { problem } : undefined) };
}

const problemOf = ({ problem, details }: PartResult): ProblemReport | undefined =>
  problem && details?.['status'] === 409 ? { ...problem, type: 'AlreadyExists' } : problem;

function failedIn(result: PartResult, { context }: SourceTarget): readonly string[] {
  const { attrs = [], problem, refused = new Map<string, string>() } = result;
  if (!hasRefused(result)) return problem ? attrs : [];
  const left = new Set([...refused.keys()].map((name) => context.expand(name)));
  return attrs.filter((name) => left.has(name));
}

const hasRefused = ({ refused }: PartResult): boolean => (refused?.size ?? 0) > 0;
