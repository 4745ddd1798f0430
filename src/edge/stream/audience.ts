/** Determines what a principal may see of a tenant: a filtered view of the store and of each change. */
import { visiblePart } from '../../core/access/decision.ts';
import { guardStore } from '../../core/access/guard.ts';
import type { Change } from '../../core/model/change.ts';
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
}

/** Throws Forbidden when the principal may see nothing. */
export function audienceOf({ principal, tenant }: Pick<Caller, 'principal' | 'tenant'>, store: Store): Audience {
  const decision = principal.rights('subscribe', tenant);
  switch (decision.extent) {
    case 'none':
      throw new Problem('Forbidden', `${principal.identity.subject} has no grant to subscribe here.`);
    case 'full':
      return { key: '', store, see: (change) => change };
    case 'part':
      return {
        key: decision.key,
        store: guardStore(store, decision),
        see: (change) => visibleChange(change, (entity) => visiblePart(entity, decision)),
      };
  }
}
