/** Restricts a request to a part of a tenant: one scope and the scopes beneath it, as the FIWARE service path names it. */
import type { ScopePattern } from '../language/filter.ts';
import { compileFilter } from '../language/matches/matches.ts';
import type { Write } from '../language/write.ts';
import type { EntityFragment } from '../model/entity.ts';
import type { Instant } from '../model/instant.ts';
import type { Plan, Store, Stored } from '../port/store.ts';
import type { Action } from './principal.ts';

export interface Domain {
  /** Entities that are read have one of these scopes. */
  readonly reads: readonly ScopePattern[];
  /** Entities that are created without a scope get this one. Absent in requests that only read. */
  readonly creates?: string;
}

/**
 * The store as a request of the domain sees it. Writes reach existing entities by id wherever they are. The summary of types and attributes
 * covers the whole tenant.
 */
export function restrictToDomain(store: Store, { reads, creates }: Domain, action: Action): Store {
  const filter = { scopeQ: { anyOf: reads.map((scope) => ({ allOf: [scope] })) } };
  const isWithin = compileFilter(filter);
  const within = <T extends Plan>(plan: T): T => ({
    ...plan,
    filter: { ...plan.filter, also: [...(plan.filter.also ?? []), filter] },
  });
  const read = async (id: string, now: Instant): Promise<Stored | undefined> => {
    const stored = await store.get(id, now);
    return stored && isWithin(stored.entity()) ? stored : undefined;
  };
  return {
    ...store,
    get: action === 'read' ? read : (id, now) => store.get(id, now),
    find: (plan) => store.find(within(plan)),
    count: (plan) => store.count(within(plan)),
    history: (plan) => store.history(action === 'read' ? within(plan) : plan),
    apply: async (writes, at) =>
      store.apply(
        creates === undefined
          ? writes
          : await Promise.all(writes.map((write) => withDefaultScope(write, creates, { store, at }))),
        at,
      ),
  };
}

/** Adds the scope to the entity that the write creates, unless the write names a scope itself. */
async function withDefaultScope(
  write: Write,
  scope: string,
  { store, at }: { store: Store; at: Instant },
): Promise<Write> {
  const { mutation } = write;
  switch (mutation.op) {
    case 'create':
    case 'replace':
      return { ...write, mutation: { ...mutation, entity: withScope(mutation.entity, scope) } };
    case 'upsert': {
      const isMade = mutation.mode === 'replace' || (await store.get(mutation.id, at)) === undefined;
      return isMade ? { ...write, mutation: { ...mutation, entity: withScope(mutation.entity, scope) } } : write;
    }
    default:
      return write;
  }
}

const withScope = (entity: EntityFragment, scope: string): EntityFragment => ({ scope, ...entity });
