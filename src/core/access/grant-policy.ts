/** The policy of stored grants: kept in memory, and renewed when a broker changes them. */
import type { Observe } from '../port/observe.ts';
import type { DocumentCollection } from '../port/store.ts';
import { readEach } from '../port/document-collection.ts';
import { grantDocumentIn, grantOf } from './grant-document.ts';
import type { Grant } from './grant.ts';
import type { Identity } from './identity.ts';
import { type AccessPolicy, everything } from './policy.ts';
import { createPrincipal, type Principal } from './principal.ts';
import { receiversOf } from './receivers.ts';

export interface GrantPolicy extends AccessPolicy {
  close(): void;
}

interface State {
  readonly collection: DocumentCollection;
  readonly observe: Observe;
  readonly listeners: Set<() => void>;
  /** By whom they are given to. */
  grants: ReadonlyMap<string, readonly Grant[]>;
  /** By identity object, and by what it says. */
  known: WeakMap<Identity, Principal>;
  readonly principals: Map<string, Principal>;
  /** The last or running renewal. */
  renewal: Promise<void>;
}

/** Most principals that are kept. */
const principalsMax = 20_000;

/** Roles that are there from the start, in all tenants. */
const roles: Readonly<Record<string, readonly Grant[]>> = {
  administrator: everything,
  writer: [{ operations: ['read', 'write', 'delete', 'subscribe', 'history'] }],
  reader: [{ operations: ['read', 'subscribe', 'history'] }],
};

/** Throws what the store throws when the grants cannot be read. */
export async function openGrantPolicy(collection: DocumentCollection, observe: Observe): Promise<GrantPolicy> {
  const state: State = {
    collection,
    observe,
    listeners: new Set(),
    grants: new Map(),
    known: new WeakMap(),
    principals: new Map(),
    renewal: Promise.resolve(),
  };
  const stop = collection.follow(() => {
    renew(state).catch((cause: unknown) => {
      // Without knowing the present grants, nothing is granted by them.
      put(state, new Map());
      observe({ kind: 'failed', where: 'grants', cause });
    });
  });
  await renew(state);
  return {
    isOpen: false,
    principalOf: (identity) => principalOf(state, identity),
    principalOfOwner: (owner) => principalOf(state, owner),
    follow: (listener) => {
      state.listeners.add(listener);
      return () => state.listeners.delete(listener);
    },
    refresh: () => renew(state),
    close: stop,
  };
}

/** Reads the grants after all earlier renewals, so that the last one to end is the newest. */
function renew(state: State): Promise<void> {
  const done = state.renewal.then(() => read(state));
  state.renewal = done.catch(() => undefined);
  return done;
}

/** A grant that cannot be read grants nothing. */
async function read(state: State): Promise<void> {
  const all = readEach(
    await state.collection.list(),
    ({ document }) => {
      const { id, content } = grantDocumentIn(document);
      return { to: content.to, grant: grantOf(id, content) };
    },
    (about, cause) => state.observe({ kind: 'failed', where: 'grants', about, cause }),
  );
  const grants = new Map<string, Grant[]>();
  for (const { to, grant } of all) {
    const known = grants.get(to);
    if (known) known.push(grant);
    else grants.set(to, [grant]);
  }
  put(state, grants);
}

function put(state: State, grants: State['grants']): void {
  state.grants = grants;
  state.known = new WeakMap();
  state.principals.clear();
  for (const listener of [...state.listeners]) listener();
}

function principalOf(state: State, identity: Identity): Principal {
  const own = state.known.get(identity);
  if (own) return own;
  const key = JSON.stringify([identity.kind, identity.subject, identity.roles]);
  const shared = state.principals.get(key) ?? createPrincipal(identity, grantsOf(state, identity));
  if (state.principals.size >= principalsMax) state.principals.clear();
  state.principals.set(key, shared);
  // Another token or secret of the same holder has the same grants, but its own end.
  const principal = { ...shared, identity };
  state.known.set(identity, principal);
  return principal;
}

const grantsOf = ({ grants }: State, identity: Identity): readonly Grant[] => [
  ...identity.roles.flatMap((role) => (Object.hasOwn(roles, role) ? (roles[role] ?? []) : [])),
  ...receiversOf(identity).flatMap((to) => grants.get(to) ?? []),
];
