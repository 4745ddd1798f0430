/** Applies the writes of NGSI v2 and tells their failures with the texts of Orion. */
import type { Filter } from '../../language/filter.ts';
import type { AssignRule } from '../../model/v2/assignment.ts';
import { restIfDue } from '../../model/interruptible.ts';
import { createdAttributes } from '../../model/v2/assign.ts';
import type { Mutation, Outcome } from '../../model/mutation.ts';
import { Problem } from '../../model/problem.ts';
import { attributeName } from '../../v2/names.ts';
import { V2Problem } from '../../v2/problem.ts';
import { createdEntity, type V2Entity } from '../../v2/read-entity.ts';
import type { V2Reading } from '../../v2/reading.ts';
import type { CallContext } from '../operation.ts';
import { checkPart, checkUpsert, checkWhole } from '../writing.ts';
import { noEntity } from './request.ts';

export type Performed = Exclude<Outcome, { readonly status: 'refused' }>;

/** Applies one mutation where the condition holds. Throws what `failureOf` makes of a refusal. */
export async function applyV2(mutation: Mutation, only: Filter | undefined, call: CallContext): Promise<Performed> {
  await restIfDue(call.services.yieldToEventLoop);
  const [outcome] = await call.store.apply([{ mutation, ...(only ? { only } : undefined) }], call.now);
  if (!outcome) throw new Error(`The store answered nothing to ${mutation.op} of ${mutation.id}.`);
  if (outcome.status === 'refused') throw failureOf(outcome.problem);
  return outcome;
}

/** The error of v2 for a refusal of the store. */
export function failureOf({ type, detail }: { readonly type: Problem['type']; readonly detail: string }): Problem {
  if (type === 'ResourceNotFound') return noEntity();
  if (type === 'AlreadyExists') return new V2Problem('Unprocessable', 'Already Exists');
  return type === 'Conflict' ? new V2Problem('Unprocessable', detail) : new Problem(type, detail);
}

export interface Writing {
  readonly rule: AssignRule;
  /** The scope of an entity that is created. */
  readonly scope?: string | undefined;
  /** True: the entity is created when it does not exist. */
  readonly creates: boolean;
}

/** The mutation that writes an entity, after the data models have been checked. Throws BadRequestData when one is not met. */
export async function assignment(
  entity: V2Entity,
  { rule, scope, creates }: Writing,
  { call, reading }: { readonly call: CallContext; readonly reading: V2Reading },
): Promise<Extract<Mutation, { readonly op: 'assign' }>> {
  const { id, attrs, expiresAt } = entity;
  // Reading a large entity takes a time, and so do checking and writing it.
  await restIfDue(call.services.yieldToEventLoop);
  const made = creates ? createdEntity(entity, scope, reading) : undefined;
  if (made) await checkUpsert({ id, ...made }, call);
  else await checkPart(id, { attrs: createdAttributes(attrs) }, call);
  return {
    op: 'assign',
    id,
    rule,
    attrs,
    ...(expiresAt === undefined ? undefined : { expiresAt }),
    ...(made ? { creates: made } : undefined),
    ...(reading.isForced === true ? { isForced: true } : undefined),
  };
}

/** The mutation that creates an entity, after the data models have been checked. */
export function creation(
  entity: V2Entity,
  scope: string | undefined,
  { call, reading }: { readonly call: CallContext; readonly reading: V2Reading },
): Mutation {
  const made = createdEntity(entity, scope, reading);
  checkWhole({ id: entity.id, ...made }, call);
  return { op: 'create', id: entity.id, entity: made };
}

/** The v2 names of the attributes that could not be written. */
export const leftNames = ({ notUpdated = [] }: Performed, { context }: CallContext): readonly string[] =>
  notUpdated.map(({ attributeName: iri }) => attributeName(iri, context));

/** True when at least one attribute was written. */
export const isDone = ({ updated = [], status }: Performed): boolean => status === 'created' || updated.length > 0;

/** How an entity is named in an error message: with the type that the request gives. */
export const named = (id: string, type: string | undefined): string => (type === undefined ? id : `${id}/${type}`);

export const listed = (names: readonly string[]): string => `[ ${names.join(', ')} ]`;

/** Throws Unprocessable or PartialUpdate when attributes could not be written. */
export function refuseLeft(
  performed: Performed,
  { rule, name }: { rule: AssignRule; name: string },
  call: CallContext,
): void {
  const left = leftNames(performed, call);
  if (left.length === 0) return;
  const why = rule === 'appendMissing' ? 'one or more of the attributes in the request already exist' : 'do not exist';
  throw new V2Problem(isDone(performed) ? 'PartialUpdate' : 'Unprocessable', `${why}: ${name} - ${listed(left)}`);
}
