/** The operation that explains why somebody may do something or not: for oneself, and for administrators about others. */
import {
  decidingGrants,
  type ExplainedGrant,
  explainGrants,
  grantsOfDecision,
  visibilityBy,
} from '../../access/explain-decision.ts';
import { decisionOn } from '../../access/change-of-rules.ts';
import type { Decision } from '../../access/decision.ts';
import { type OperationClass, operationClasses } from '../../access/grant.ts';
import { anonymous } from '../../access/identity.ts';
import type { Principal } from '../../access/principal.ts';
import type { Entity } from '../../model/entity.ts';
import type { JsonObject } from '../../model/json.ts';
import { badData, Problem } from '../../model/problem.ts';
import { quoted, readId } from '../../model/read/id.ts';
import { readAttributeName } from '../../model/read/name.ts';
import { readHead } from '../heads.ts';
import type { CallContext, Operation, OperationRequest } from '../operation.ts';
import { readList } from '../parameters.ts';
import { withContext } from '../view.ts';

export const explainAccess: Operation = {
  ...readHead,
  name: 'explainAccess',
  clause: '5.15',
  access: 'open',
  unknownTenant: 'ignore',
  path: '/access/explain',
  parameters: ['operation', 'entity', 'attribute', 'principal', 'roles'],
  async run(request, call) {
    const question = readQuestion(request, call);
    const { principal, operation, id, attribute } = question;
    const known = await knownEntity(question, call);
    const answer = id === undefined ? explainTenant(question, call) : explainEntity(question, known, call);
    const body = {
      type: 'AccessExplanation',
      principal: principal.identity.subject,
      roles: [...principal.identity.roles],
      operation,
      ...(id === undefined ? undefined : { entity: id }),
      ...(attribute === undefined ? undefined : { attribute: call.context.compact(attribute) }),
      ...ownerText(question, known),
      ...answer,
    };
    return { kind: 'found', text: withContext(JSON.stringify(body), call) };
  },
};

/** Who created the entity, for administrators who may read all of it. */
const ownerText = ({ isAdministered }: Question, known: KnownEntity | undefined): { readonly owner?: string } => {
  const owner = isAdministered && known?.isWhole === true ? known.entity.owner : undefined;
  return owner === undefined ? {} : { owner };
};

interface Question {
  /** Who it is about. */
  readonly principal: Principal;
  /** True when the caller administers the tenant, and so may see all grants. */
  readonly isAdministered: boolean;
  readonly operation: OperationClass;
  readonly decision: Decision;
  readonly id: string | undefined;
  /** Expanded. */
  readonly attribute: string | undefined;
}

function readQuestion({ params }: OperationRequest, call: CallContext): Question {
  const { tenant, context } = call;
  const { entity, attribute } = params;
  const operation = operationClasses.find((one) => one === params['operation']);
  if (operation === undefined)
    throw badData(
      `The parameter operation must be one of ${operationClasses.join(', ')}, not ${quoted(params['operation'])}.`,
    );
  if (attribute !== undefined && entity === undefined)
    throw badData('The parameter attribute needs the parameter entity.');
  const isAdministered = call.principal.rights('administer', tenant).extent === 'full';
  const principal = readPrincipal(params, { call, isAdministered });
  return {
    principal,
    isAdministered,
    operation,
    decision: decisionOn(principal.rights(operation, tenant), operation),
    id: entity === undefined ? undefined : readId(entity, 'the parameter entity'),
    attribute: attribute === undefined ? undefined : readAttributeName(attribute, context),
  };
}

/** Throws Forbidden for a question about another one by somebody who does not administer the tenant. */
function readPrincipal(
  params: OperationRequest['params'],
  { call, isAdministered }: { readonly call: CallContext; readonly isAdministered: boolean },
): Principal {
  const { principal: subject } = params;
  const roles = readList(params, 'roles') ?? [];
  const isOwn = subject === undefined || subject === call.principal.identity.subject;
  if (isOwn && roles.length === 0) return call.principal;
  if (!isAdministered) throw new Problem('Forbidden', 'Only administrators may ask about others.');
  return principalNamed(subject, roles, call);
}

function principalNamed(
  subject: string | undefined,
  roles: readonly string[],
  { services: { access } }: CallContext,
): Principal {
  if (subject === 'anonymous') return access.principalOf(anonymous);
  // A key has the roles that it has now.
  if (subject?.startsWith('key:') === true) return access.principalOfOwner({ kind: 'key', subject, roles });
  if (subject?.startsWith('token:') === true) return access.principalOf({ kind: 'token', subject, roles });
  throw badData(`The parameter principal must be anonymous, key:NAME or token:ISSUER#SUBJECT, not ${quoted(subject)}.`);
}

/** An entity that the answer may depend on. */
interface KnownEntity {
  readonly entity: Entity;
  /** True when the caller may read all of it. */
  readonly isWhole: boolean;
}

/**
 * The entity, if the answer may depend on it. For oneself: when one may read it, or do with it what the question is about. About others: when
 * the administrator may read all of it. A hidden entity is as one that does not exist.
 */
async function knownEntity({ id, principal, decision }: Question, call: CallContext): Promise<KnownEntity | undefined> {
  if (id === undefined) return undefined;
  const store = await call.services.stores.open(call.tenant, false);
  const entity = (await store?.get(id, call.now))?.entity();
  if (!entity) return undefined;
  const seen = visibilityBy(call.principal.rights('read', call.tenant), entity);
  const isOwn = principal === call.principal;
  const isKnown = isOwn ? seen !== 'hidden' || visibilityBy(decision, entity) !== 'hidden' : seen === 'whole';
  return isKnown ? { entity, isWhole: seen === 'whole' } : undefined;
}

interface Answer extends JsonObject {
  readonly allowed: 'yes' | 'part' | 'no';
  readonly reason: string;
}

function explainTenant(question: Question, { tenant }: CallContext): Answer {
  const { decision, operation, principal, isAdministered } = question;
  const grants = isAdministered
    ? explainGrants(principal.grants, { operation, tenant, entity: undefined })
    : grantsOfDecision(decision);
  switch (decision.extent) {
    case 'full':
      return { allowed: 'yes', reason: `The whole tenant is granted for ${operation}.`, ...listed(grants) };
    case 'none':
      return { allowed: 'no', reason: `Nothing in this tenant is granted for ${operation}.`, ...listed(grants) };
    case 'part':
      return { allowed: 'part', reason: `A part of the tenant is granted for ${operation}.`, ...listed(grants) };
  }
}

function explainEntity(question: Question, known: KnownEntity | undefined, call: CallContext): Answer {
  const { decision, operation, attribute } = question;
  if (decision.extent !== 'part') return explainTenant(question, call);
  if (!known) {
    const reason = `No entity with this id that exists and may be known is granted for ${operation}.`;
    return { allowed: 'no', reason, ...listed(grantsAbout(question, known, call)) };
  }
  const visibility = visibilityBy(decision, known.entity);
  const grants = listed(grantsAbout(question, known, call));
  if (visibility === 'hidden')
    return { allowed: 'no', reason: `No grant for ${operation} covers the entity as it is now.`, ...grants };
  if (visibility === 'whole')
    return { allowed: 'yes', reason: `The whole entity is granted for ${operation}.`, ...grants };
  if (attribute !== undefined)
    return visibility.names.has(attribute)
      ? { allowed: 'yes', reason: `This attribute is granted for ${operation}.`, ...grants }
      : { allowed: 'no', reason: `Of the entity, other attributes only are granted for ${operation}.`, ...grants };
  const names = [...visibility.names].map((name) => call.context.compact(name));
  return {
    allowed: 'part',
    reason: `Some attributes of the entity are granted for ${operation}.`,
    attributes: names.sort(),
    ...grants,
  };
}

/** Reasons that depend on hidden attributes are for those only who may read them. */
function grantsAbout(
  { isAdministered, principal, operation, decision }: Question,
  known: KnownEntity | undefined,
  { tenant }: CallContext,
): readonly ExplainedGrant[] {
  if (!isAdministered) return known ? decidingGrants(decision, known.entity) : [];
  if (known?.isWhole === true) return explainGrants(principal.grants, { operation, tenant, entity: known.entity });
  if (known) return decidingGrants(decision, known.entity);
  const grants = explainGrants(principal.grants, { operation, tenant, entity: undefined });
  const reason = 'There is no entity with this id that may be known.';
  return grants.map((grant) => (grant.covers ? { ...grant, covers: false, reason } : grant));
}

/** Most grants that are listed. Those that cover come first. */
const listedMax = 200;

const listed = (grants: readonly ExplainedGrant[]): { readonly grants: readonly JsonObject[] } => ({
  grants: grants.slice(0, listedMax).map((grant) => ({ ...grant })),
});
