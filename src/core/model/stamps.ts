/** Resolves the time stamps that an instance inherits from its owner (see `Instance` in attribute.ts). */
import type { Instance } from './attribute.ts';
import type { Entity } from './entity.ts';
import { type Instant, stampText } from './instant.ts';

/** The times of creation and last modification (clause 4.8). */
export interface Stamps {
  readonly createdAt: Instant;
  readonly modifiedAt: Instant;
}

export const entityStamps = ({ createdAt, modifiedAt = createdAt }: Entity): Stamps => shown(createdAt, modifiedAt);

/** Data of earlier versions can have time stamps with fewer digits. */
const shown = (createdAt: Instant, modifiedAt: Instant): Stamps => ({
  createdAt: stampText(createdAt),
  modifiedAt: stampText(modifiedAt),
});

/**
 * The stamps of an instance. `ownerCreatedAt` is the creation time of its owner: the entity, or the instance that holds the sub-attribute.
 */
export function instanceStamps(instance: Instance, ownerCreatedAt: Instant): Stamps {
  const createdAt = instance.createdAt ?? ownerCreatedAt;
  return shown(createdAt, instance.modifiedAt ?? createdAt);
}
