/** Shared code of the write operations: checks against data models, the condition of the `type` parameter, and outcomes as results. */
import type { Filter } from '../language/filter.ts';
import { parseTypeSelection } from '../language/type-selection.ts';
import type { EntityFragment } from '../model/entity.ts';
import { decidedAll } from '../model/ambiguous-fragment.ts';
import type { JsonObject } from '../model/json.ts';
import type { Mutation, Outcome } from '../model/mutation.ts';
import { badData, Problem } from '../model/problem.ts';
import type { Models, ModelViolation } from '../port/models.ts';
import type { OperationResult, OperationRequest, CallContext } from './operation.ts';

type Performed = Exclude<Outcome, { status: 'refused' }>;

/** Applies one mutation. Throws the problem when the store refuses it. The parameter `type` restricts it (clause 6.5.3). */
export async function applyOne(mutation: Mutation, request: OperationRequest, call: CallContext): Promise<Performed> {
  const only = typeCondition(request, call);
  const [outcome] = await call.store.apply([{ mutation, ...(only ? { only } : undefined) }], call.now);
  if (!outcome) throw new Error(`The store answered nothing to ${mutation.op} of ${mutation.id}.`);
  if (outcome.status === 'refused') throw new Problem(outcome.problem.type, outcome.problem.detail);
  return outcome;
}

/** The filter that the parameter `type` of single-entity operations defines; undefined without it. */
function typeCondition({ params }: OperationRequest, { context }: CallContext): Filter | undefined {
  const text = params['type'];
  return text === undefined ? undefined : { selectors: [{ types: parseTypeSelection(text, context) }] };
}

type Named = EntityFragment & { readonly id: string };

/** Throws BadRequestData when the entity breaks a data model in mode `reject`. */
export function checkWhole({ id, types = [], attrs }: Named, call: CallContext): void {
  judge({ id, types, attrs }, { isWhole: true }, call);
}

/** Like `checkWhole`, for a part of an existing entity: its stored types decide which models apply. */
export async function checkPart(id: string, fragment: EntityFragment, call: CallContext): Promise<void> {
  if (!call.services.models.concerns(fragment.attrs)) return;
  const { types = [], attrs = {} } = (await call.store.get(id, call.now))?.entity() ?? {};
  checkFragment({ ...fragment, id, attrs: decidedAll(fragment.attrs, attrs) }, types, call);
}

/** Checks a mutation with a part of an existing entity, and applies it. */
export async function applyPart(
  mutation: Extract<Mutation, { readonly fragment: EntityFragment }>,
  request: OperationRequest,
  call: CallContext,
): Promise<OperationResult> {
  await checkPart(mutation.id, mutation.fragment, call);
  return updateAnswer(await applyOne(mutation, request, call));
}

/** Like `checkPart`, for a part of an entity whose stored types are already known. */
export function checkFragment(fragment: Named, types: readonly string[], call: CallContext): void {
  if (!call.services.models.concerns(fragment.attrs)) return;
  const all = [...new Set([...types, ...(fragment.types ?? [])])];
  judge({ id: fragment.id, types: all, attrs: fragment.attrs }, { isWhole: false }, call);
}

/** Like `checkPart` for an existing entity, like `checkWhole` for a new one. */
export async function checkUpsert(entity: Named, call: CallContext): Promise<void> {
  if (!call.services.models.concerns(entity.attrs, entity.types)) return;
  const stored = await call.store.get(entity.id, call.now);
  const types = [...(stored?.types() ?? []), ...(entity.types ?? [])];
  judge({ id: entity.id, types: [...new Set(types)], attrs: entity.attrs }, { isWhole: stored === undefined }, call);
}

/** Throws BadRequestData for models in mode `reject`. What models in mode `warn` find is observed and noted in the call. */
function judge(
  entity: Parameters<Models['check']>[0],
  { isWhole }: { readonly isWhole: boolean },
  { services, brokenRules }: CallContext,
): void {
  const { refused, warned } = services.models.check(entity, isWhole);
  if (refused.length > 0) throw badData(`The data model is not met. ${refused.map(sentenceOf).join(' ')}`);
  for (const broken of warned) {
    services.observe({ kind: 'modelViolated', broken });
    brokenRules?.push(broken);
  }
}

const sentenceOf = ({ type, attribute, rule, value }: ModelViolation): string =>
  `${type}: ${attribute === undefined ? 'the entity' : `attribute ${attribute}`} ${rule}, but is ${value}.`;

/** 204, or 207 with an UpdateResult when something could not be updated (clause 5.2.18). Names are IRIs. */
export function updateAnswer({ updated = [], notUpdated = [] }: Performed): OperationResult {
  if (notUpdated.length === 0) return { kind: 'done' };
  const body: JsonObject = {
    updated,
    notUpdated: notUpdated.map(({ attributeName, reason }) => ({ attributeName, reason })),
  };
  return { kind: 'partly', body };
}
