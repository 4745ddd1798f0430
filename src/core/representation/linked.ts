/**
 * Provides the entities to write inline where relationships lead to them. Their number is limited, because it multiplies at every level.
 */
import type { Entity } from '../model/entity.ts';
import type { Linked } from './view.ts';

/** Maximum number of entities written within others in one document. */
export const inlineMax = 100_000;

interface Linking {
  readonly level: number;
  /** Ids that are not followed. */
  readonly containedBy?: readonly string[];
  /** Called instead of returning an entity when there are too many. It may throw; otherwise the URI stays. */
  readonly beyond: () => void;
}

/** Links to these entities, for one document. */
export function linkedTo(entities: readonly Entity[], { level, containedBy = [], beyond }: Linking): Linked {
  const known = new Map(entities.map((entity) => [entity.id, entity]));
  let written = 0;
  const entityOf = (id: string): Entity | undefined => {
    const entity = known.get(id);
    if (!entity) return undefined;
    written += 1;
    if (written <= inlineMax) return entity;
    beyond();
    return undefined;
  };
  return { entityOf, containedBy: new Set(containedBy), level };
}
