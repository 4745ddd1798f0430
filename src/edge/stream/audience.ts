/** Determines what a principal may see of a tenant: a filtered view of the store and of each change. */
import { visiblePart } from '../../core/access/decision.ts';
import { grantsGiving, guardStore } from '../../core/access/guard.ts';
import type { Change } from '../../core/model/change.ts';
import type { Entity } from '../../core/model/entity.ts';
import { Problem } from '../../core/model/problem.ts';
import type { Caller } from '../../core/operation/operation.ts';
import type { Store } from '../../core/port/store.ts';
import { visibleChange } from '../../core/subscription/visible-change.ts';

export interface Audience {
  /** Audiences with the same key see the same. */
  readonly key: string;
  /** The store, restricted to what the audience may see. */
  readonly store: Store;
  /** Returns the visible part of a change; undefined when nothing is visible. */
  see<Seen extends Change>(change: Seen): Seen | undefined;
  /** Ids of the grants that give an entity which the audience has seen. */
  grantsOf(entity: Entity): readonly string[];
}

/** Whole entities by their visible parts in changes: a grant may have a condition on a hidden attribute. */
const wholes = new WeakMap<Entity, Entity>();

/** Throws Forbidden when the principal may see nothing. */
export function audienceOf({ principal, tenant }: Pick<Caller, 'principal' | 'tenant'>, store: Store): Audience {
  const decision = principal.rights('subscribe', tenant);
  const grantsOf = (entity: Entity): readonly string[] => grantsGiving({ whole: store, decision }, entity);
  switch (decision.extent) {
    case 'none':
      throw new Problem('Forbidden', `${principal.identity.subject} has no grant to subscribe here.`);
    case 'full':
      return { key: '', store, see: (change) => change, grantsOf };
    case 'part':
      return {
        key: decision.key,
        store: guardStore(store, decision),
        see: (change) => {
          const seen = visibleChange(change, (entity) => visiblePart(entity, decision));
          if (seen) wholes.set(seen.entity, change.entity);
          return seen;
        },
        grantsOf: (entity) => grantsOf(wholes.get(entity) ?? entity),
      };
  }
}
