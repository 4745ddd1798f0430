/** Merges what several sources have of one entity (clauses 4.5.5.2, 4.5.5.3). Pure. */
import type { Attributes, Instance } from '../model/attribute.ts';
import type { Entity } from '../model/entity.ts';
import { compareInstants, type Instant } from '../model/instant.ts';
import { stringsOf } from '../model/json.ts';

/** What one source has of an entity. */
export interface EntityCopy {
  readonly entity: Entity;
  /** True for an auxiliary source: it only adds instances that no other source has (clause 4.3.6.3). */
  readonly isAuxiliary: boolean;
}

/** The entity of all copies, which have the same id. Undefined when all of them have expired. The first copy counts where nothing decides. */
export function mergeEntities(copies: readonly EntityCopy[], now: Instant): Entity | undefined {
  const present = copies.filter(({ entity }) => !hasPassed(entity.expiresAt, now));
  const sorted = [...present.filter((one) => !one.isAuxiliary), ...present.filter((one) => one.isAuxiliary)];
  const [first] = sorted;
  if (!first) return undefined;
  if (sorted.length === 1) return first.entity;
  const entities = sorted.map(({ entity }) => entity);
  return {
    id: first.entity.id,
    types: [...new Set(entities.flatMap(({ types }) => types))],
    ...scopeOf(entities),
    ...stampsOf(entities),
    ...expiryOf(entities),
    attrs: mergeAttributes(sorted, now),
  };
}

const hasPassed = (expiresAt: Instant | undefined, now: Instant): boolean =>
  expiresAt !== undefined && compareInstants(expiresAt, now) <= 0;

function scopeOf(entities: readonly Entity[]): Pick<Entity, 'scope'> {
  const given = entities.flatMap(({ scope }) => (scope === undefined ? [] : [scope]));
  const scopes = [...new Set(given.flatMap(stringsOf))];
  const [only] = scopes;
  if (only === undefined) return {};
  return { scope: scopes.length === 1 && given.every((scope) => typeof scope === 'string') ? only : scopes };
}

/** The earliest creation and the latest modification. */
function stampsOf(entities: readonly Entity[]): Pick<Entity, 'createdAt' | 'modifiedAt'> {
  const created = entities.map(({ createdAt }) => createdAt).sort(compareInstants);
  const modified = entities.map(({ createdAt, modifiedAt = createdAt }) => modifiedAt).sort(compareInstants);
  return { createdAt: created[0] ?? '', modifiedAt: modified.at(-1) ?? '' };
}

/** An entity that one source keeps for good does not expire. Else the latest expiry counts. */
function expiryOf(entities: readonly Entity[]): Pick<Entity, 'expiresAt'> {
  const given = entities.flatMap(({ expiresAt }) => expiresAt ?? []).sort(compareInstants);
  const last = given.at(-1);
  return last === undefined || given.length < entities.length ? {} : { expiresAt: last };
}

/** Instances by datasetId, by attribute. */
type Merged = Map<string, Map<string, Instance>>;

function mergeAttributes(copies: readonly EntityCopy[], now: Instant): Attributes {
  const merged: Merged = new Map();
  for (const { entity, isAuxiliary } of copies)
    for (const [name, instances] of Object.entries(entity.attrs))
      for (const one of instances) add(merged, { name, instance: alone(one, entity), isAuxiliary, now });
  return Object.fromEntries([...merged].map(([name, instances]) => [name, [...instances.values()]]));
}

interface Addition {
  readonly name: string;
  readonly instance: Instance;
  readonly isAuxiliary: boolean;
  readonly now: Instant;
}

function add(merged: Merged, { name, instance, isAuxiliary, now }: Addition): void {
  if (hasPassed(instance.expiresAt, now)) return;
  const known = merged.get(name) ?? new Map<string, Instance>();
  const dataset = instance.datasetId ?? '';
  const other = known.get(dataset);
  if (other === undefined || (!isAuxiliary && isNewer(instance, other))) known.set(dataset, instance);
  merged.set(name, known);
}

/** The instance with the times that it inherits from its entity. */
function alone(instance: Instance, { createdAt, expiresAt }: Entity): Instance {
  const own = instance.expiresAt;
  const isSooner = expiresAt !== undefined && (own === undefined || compareInstants(expiresAt, own) < 0);
  return {
    ...instance,
    createdAt: instance.createdAt ?? createdAt,
    ...(isSooner ? { expiresAt } : undefined),
  };
}

/** By the time of observation, then by that of modification. An instance with a time of observation is newer than one without. */
function isNewer(one: Instance, other: Instance): boolean {
  if (one.observedAt !== undefined || other.observedAt !== undefined) {
    if (other.observedAt === undefined) return true;
    if (one.observedAt === undefined) return false;
    const order = compareInstants(one.observedAt, other.observedAt);
    if (order !== 0) return order > 0;
  }
  const modified = ({ modifiedAt, createdAt = '' }: Instance): Instant => modifiedAt ?? createdAt;
  return compareInstants(modified(one), modified(other)) > 0;
}
