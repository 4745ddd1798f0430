/** Time stamps that an instance leaves to its owner, said in full (see `Instance` in attribute.ts). */
import type { Instance } from './attribute.ts';
import type { Entity } from './entity.ts';
import { type Instant, stampText } from './instant.ts';

/** When something was created and last modified (clause 4.8). */
export interface Stamps {
  readonly createdAt: Instant;
  readonly modifiedAt: Instant;
}

export const entityStamps = ({ createdAt, modifiedAt = createdAt }: Entity): Stamps => shown(createdAt, modifiedAt);

/** Stamps kept by an earlier version may have fewer digits. */
const shown = (createdAt: Instant, modifiedAt: Instant): Stamps => ({
  createdAt: stampText(createdAt),
  modifiedAt: stampText(modifiedAt),
});

/** The stamps of an instance whose owner (entity, or instance around a sub-attribute) was created then. */
export function instanceStamps(instance: Instance, ownerCreatedAt: Instant): Stamps {
  const createdAt = instance.createdAt ?? ownerCreatedAt;
  return shown(createdAt, instance.modifiedAt ?? createdAt);
}
