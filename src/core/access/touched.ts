/** Tells what a mutation touches of an entity. Grants must give access to all of it. */
import type { AssignMutation } from '../model/v2/assignment.ts';
import type { Entity, EntityFragment } from '../model/entity.ts';
import { sameJson } from '../model/json.ts';
import type { Mutation } from '../model/mutation.ts';

/** Stands for what belongs to the whole entity: its existence, types, scope and expiry. No attribute has this name. */
const theEntity = '';

/**
 * Expanded names of the attributes that the mutation writes or removes, whether they exist or not. It includes `theEntity` when the
 * mutation changes what only a grant for all attributes may change.
 */
export function touchedBy(mutation: Mutation, current: Entity | undefined): readonly string[] {
  const present = Object.keys(current?.attrs ?? {});
  switch (mutation.op) {
    case 'delete':
      return [theEntity, ...present];
    case 'removeAttrs':
      return mutation.which === 'these' ? mutation.attrs : [theEntity];
    case 'replace':
      return [
        ...touchedByFragment(mutation.entity, current),
        ...present,
        ...(hasLoss(mutation.entity, current) ? [theEntity] : []),
      ];
    case 'upsert':
      return mutation.mode === 'replace'
        ? touchedBy({ ...mutation, op: 'replace' }, current)
        : touchedByFragment(mutation.entity, current);
    case 'create':
    case 'copy':
    case 'observe':
      return touchedByFragment(mutation.entity, current);
    case 'append':
    case 'update':
    case 'merge':
      return touchedByFragment(mutation.fragment, current);
    case 'partialUpdate':
    case 'replaceAttr':
    case 'setValue':
    case 'deleteAttr':
      return [mutation.attr === 'scope' ? theEntity : mutation.attr];
    case 'assign':
      return touchedByAssignment(mutation, current);
    case 'unassign':
      return [...mutation.attrs, ...(mutation.removesExpiry ? [theEntity] : [])];
  }
}

/**
 * What a mutation touches of any entity, when that does not depend on the entity, and the mutation neither creates the entity nor changes
 * its types, scope or expiry. Undefined for all other mutations.
 */
export function touchedOfAny(mutation: Mutation): readonly string[] | undefined {
  switch (mutation.op) {
    case 'append':
    case 'update':
    case 'merge': {
      const { attrs, types, scope, expiresAt } = mutation.fragment;
      return types === undefined && scope === undefined && expiresAt === undefined ? Object.keys(attrs) : undefined;
    }
    case 'partialUpdate':
    case 'replaceAttr':
    case 'setValue':
    case 'deleteAttr':
      return mutation.attr === 'scope' ? undefined : [mutation.attr];
    default:
      return undefined;
  }
}

function touchedByAssignment(
  { rule, attrs, expiresAt }: AssignMutation,
  current: Entity | undefined,
): readonly string[] {
  const given = Object.entries(attrs).flatMap(([name, { alias }]) => (alias === undefined ? [name] : [name, alias]));
  const others = rule === 'replace' ? Object.keys(current?.attrs ?? {}) : [];
  const expiry = expiresAt ?? (rule === 'replace' ? undefined : current?.expiresAt);
  return [...given, ...others, ...(current && expiry !== current.expiresAt ? [theEntity] : [])];
}

function touchedByFragment(
  { attrs, types, scope, expiresAt }: EntityFragment,
  current: Entity | undefined,
): readonly string[] {
  const isMore =
    current !== undefined &&
    (types?.some((type) => !current.types.includes(type)) ||
      (scope !== undefined && !sameJson(scope, current.scope)) ||
      (expiresAt !== undefined && expiresAt !== current.expiresAt));
  return [...Object.keys(attrs), ...(isMore ? [theEntity] : [])];
}

/** True when a replacement takes a type, the scope or the expiry away. */
const hasLoss = ({ types, scope, expiresAt }: EntityFragment, current: Entity | undefined): boolean =>
  current !== undefined &&
  (current.types.some((type) => !types?.includes(type)) ||
    (current.scope !== undefined && scope === undefined) ||
    (current.expiresAt !== undefined && expiresAt === undefined));
