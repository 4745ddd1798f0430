/** Provides the entities that are written where relationships lead to them, but not without end: from level to level they become many times more. */
import type { Entity } from '../model/entity.ts';
import type { Linked } from './view.ts';

/** Most entities that are written within others in one document. */
export const inlineMax = 100_000;

interface Linking {
  readonly level: number;
  /** Ids that are not followed. */
  readonly containedBy?: readonly string[];
  /** Called in place of looking an entity up when there are too many. It may throw; otherwise URIs stay what they are. */
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
