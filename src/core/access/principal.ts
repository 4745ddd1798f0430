/** The caller of a request, its grants, and the decisions that follow from them. */
import { type Decision, decide } from './decision.ts';
import type { Grant, OperationClass } from './grant.ts';
import type { Identity } from './identity.ts';

/** Whether an operation changes data. */
export type Action = 'read' | 'write';

/** A caller with its present grants. */
export interface Principal {
  readonly identity: Identity;
  readonly grants: readonly Grant[];
  /** The owner of the entities that it creates. Absent: none, because no grant of it depends on an owner. */
  readonly ownerName?: string;
  /** What the principal may access by this class of operation in a tenant. Compiled once. */
  rights(operation: OperationClass, tenant: string): Decision;
}

export function createPrincipal(identity: Identity, grants: readonly Grant[]): Principal {
  const decisions = new Map<string, Decision>();
  const { owner } = grants.find((grant) => grant.owner !== undefined) ?? {};
  return {
    identity,
    grants,
    ...(owner === undefined ? undefined : { ownerName: owner }),
    rights: (operation, tenant) => {
      const key = `${operation} ${tenant}`;
      let decision = decisions.get(key);
      if (decision === undefined) {
        decision = decide(grants, operation, tenant);
        // The names of tenants come from clients.
        if (decisions.size < decisionsMax) decisions.set(key, decision);
      }
      return decision;
    },
  };
}

/** Most decisions that a principal keeps. */
const decisionsMax = 1000;
