/** The only place that decides which entities and attributes an operation may access under grants. */
import { compileFilter } from '../language/matches/matches.ts';
import type { Entity } from '../model/entity.ts';
import { compareInstants, type Instant } from '../model/instant.ts';
import type { Grant, OperationClass } from './grant.ts';
import { filterOf, type GrantedFilter, grantedFilter } from './granted-filter.ts';

/** What is visible of an entity. `part` names the visible attributes; equal keys have equal names. */
export type Visibility = 'whole' | 'hidden' | { readonly names: ReadonlySet<string>; readonly key: string };

/** Access to some entities, or to some attributes of them. */
export interface PartialDecision extends GrantedFilter {
  readonly extent: 'part';
  /** Decisions with equal keys decide alike. */
  readonly key: string;
  readonly visibilityOf: (entity: Entity) => Visibility;
  /** The grants that cover the entity. */
  readonly covering: (entity: Entity) => readonly Grant[];
}

/** `full`: no restriction, by the grant with the id `by`, which is absent while access is open. `none`: no access. */
export type Decision =
  | { readonly extent: 'full'; readonly by?: string }
  | { readonly extent: 'none' }
  | PartialDecision;

/** Decisions with equal keys decide alike. */
export const decisionKey = (decision: Decision): string =>
  decision.extent === 'part' ? decision.key : decision.extent;

const full: Decision = { extent: 'full' };
const none: Decision = { extent: 'none' };

/** Decides on access. Pure: the same arguments give the same decision. */
export function decide(grants: readonly Grant[], operation: OperationClass, tenant: string): Decision {
  const given = grants.filter(
    ({ operations, tenants }) => operations.includes(operation) && (tenants?.includes(tenant) ?? true),
  );
  if (given.length === 0) return none;
  const whole = given.find(isUnrestricted);
  return whole ? fullBy(whole) : decidePart(given);
}

const fullBy = ({ id }: Grant): Decision => (id === undefined ? full : { extent: 'full', by: id });

/** True when a grant covers every entity, with all of it. */
export const isUnrestricted = ({ types, idPattern, scopes, attrs, own, q }: Grant): boolean =>
  [types, idPattern, scopes, attrs, own, q].every((restriction) => restriction === undefined);

function decidePart(grants: readonly Grant[]): PartialDecision {
  const covering = createCovering(grants);
  return {
    extent: 'part',
    key: JSON.stringify(grants),
    ...grantedFilter(grants),
    visibilityOf: (entity) => visibilityUnder(covering(entity)),
    covering,
  };
}

/** The entity with its visible attributes. Undefined when it is hidden. */
export function visiblePart(entity: Entity, { visibilityOf }: PartialDecision): Entity | undefined {
  const visibility = visibilityOf(entity);
  if (visibility === 'hidden') return undefined;
  return visibility === 'whole' ? entity : withOnly(entity, visibility.names);
}

/** The entity with these attributes only. Its `modifiedAt` is that of the attributes, because a change of the others is hidden too. */
export function withOnly({ modifiedAt: _hidden, ...entity }: Entity, names: ReadonlySet<string>): Entity {
  const attrs = Object.fromEntries(Object.entries(entity.attrs).filter(([name]) => names.has(name)));
  const times = Object.values(attrs).flatMap((instances) => instances.flatMap(({ modifiedAt = [] }) => modifiedAt));
  const last = times.reduce<Instant | undefined>(
    (latest, time) => (latest === undefined || compareInstants(time, latest) > 0 ? time : latest),
    undefined,
  );
  return { ...entity, attrs, ...(last === undefined ? undefined : { modifiedAt: last }) };
}

interface Rule {
  readonly grant: Grant;
  readonly covers: (entity: Entity) => boolean;
}

/** Finds the grants that cover an entity. Grants with types are looked up by the types of the entity. */
function createCovering(grants: readonly Grant[]): (entity: Entity) => readonly Grant[] {
  const untyped: Rule[] = [];
  const byType = new Map<string, Rule[]>();
  for (const grant of grants) {
    const rule = { grant, covers: compileFilter(filterOf({ ...grant, types: undefined })) };
    if (grant.types === undefined) untyped.push(rule);
    for (const type of grant.types ?? []) {
      const known = byType.get(type);
      if (known) known.push(rule);
      else byType.set(type, [rule]);
    }
  }
  return (entity) => {
    const rules = new Set(untyped);
    for (const type of entity.types) for (const rule of byType.get(type) ?? []) rules.add(rule);
    return [...rules].filter(({ covers }) => covers(entity)).map(({ grant }) => grant);
  };
}

/** What is visible of an entity that these grants cover. */
export function visibilityUnder(grants: readonly Grant[]): Visibility {
  if (grants.length === 0) return 'hidden';
  if (grants.some(({ attrs }) => attrs === undefined)) return 'whole';
  const names = new Set(grants.flatMap(({ attrs = [] }) => attrs));
  return { names, key: [...names].sort().join(' ') };
}
