/** Handles transient entities and attributes: after `expiresAt` they do not exist any more (CIM 009 clause 4.22). */
import type { Attributes, Instance } from './attribute.ts';
import type { Entity } from './entity.ts';
import { type Instant, type Micros, microsOfInstant } from './instant.ts';

/** The earliest moment at which a part of the entity expires; undefined when nothing in it expires. */
export function firstExpiry({ expiresAt, attrs }: Entity): Micros | undefined {
  const first = Math.min(momentOf(expiresAt), firstIn(attrs));
  return first === never ? undefined : first;
}

const never = Number.POSITIVE_INFINITY;
const momentOf = (expiresAt: Instant | undefined): Micros =>
  expiresAt === undefined ? never : microsOfInstant(expiresAt);

/** Every read and write of an entity calls this. A loop avoids allocations. */
function firstIn(attrs: Attributes): Micros {
  let first = never;
  for (const name in attrs) {
    for (const { expiresAt, attrs: inner } of attrs[name] ?? []) {
      if (expiresAt !== undefined) first = Math.min(first, microsOfInstant(expiresAt));
      if (inner) first = Math.min(first, firstIn(inner));
    }
  }
  return first;
}

/** The entity without its expired parts; undefined when the entity itself is expired. Returns the same object when nothing is expired. */
export function presentAt(entity: Entity, now: Instant): Entity | undefined {
  const first = firstExpiry(entity);
  if (first === undefined) return entity;
  const moment = microsOfInstant(now);
  if (first > moment) return entity;
  if (entity.expiresAt !== undefined && microsOfInstant(entity.expiresAt) <= moment) return undefined;
  return { ...entity, attrs: attributesAt(entity.attrs, moment) };
}

function attributesAt(attrs: Attributes, moment: Micros): Attributes {
  const present = Object.entries(attrs).map(
    ([name, instances]) => [name, instances.flatMap((instance) => instanceAt(instance, moment))] as const,
  );
  return Object.fromEntries(present.filter(([, instances]) => instances.length > 0));
}

function instanceAt(instance: Instance, moment: Micros): readonly Instance[] {
  if (instance.expiresAt !== undefined && microsOfInstant(instance.expiresAt) <= moment) return [];
  if (!instance.attrs) return [instance];
  const { attrs, ...rest } = instance;
  const inner = attributesAt(attrs, moment);
  return [Object.keys(inner).length > 0 ? { ...rest, attrs: inner } : rest];
}
