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
  /** Reads the grants again when the last attempt failed. Never rejects. Call it periodically. */
  retry(): Promise<void>;
  close(): void;
}

/** A stored grant, and whom it is given to. */
interface StoredGrant {
  readonly to: string;
  readonly grant: Grant;
}

interface State {
  readonly collection: DocumentCollection;
  readonly observe: Observe;
  readonly listeners: Set<() => void>;
  /** By id. Undefined: they could not be read, and must be read first. */
  stored: Map<string, StoredGrant> | undefined;
  /** By whom they are given to. */
  grants: ReadonlyMap<string, readonly Grant[]>;
  /** To whom grants for own entities are given. */
  ownTo: ReadonlySet<string>;
  /** By identity object, and by whom the grants are given to. */
  known: WeakMap<Identity, Principal>;
  readonly principals: Map<string, Principal>;
  /** The last or running renewal. */
  renewal: Promise<void>;
}

/** Most principals that are kept. */
const principalsMax = 20_000;

/** The grants of the roles that are there from the start, in all tenants, by whom they are given to. */
const builtIn: ReadonlyMap<string, readonly Grant[]> = new Map([
  ['role:administrator', everything.map((grant) => ({ id: 'administrator', ...grant }))],
  ['role:writer', [{ id: 'writer', operations: ['read', 'write', 'delete', 'subscribe', 'history'] }]],
  ['role:reader', [{ id: 'reader', operations: ['read', 'subscribe', 'history'] }]],
]);

/** Throws what the store throws when the grants cannot be read. */
export async function openGrantPolicy(collection: DocumentCollection, observe: Observe): Promise<GrantPolicy> {
  const state: State = {
    collection,
    observe,
    listeners: new Set(),
    stored: undefined,
    grants: new Map(),
    ownTo: new Set(),
    known: new WeakMap(),
    principals: new Map(),
    renewal: Promise.resolve(),
  };
  const stop = collection.follow((id) => {
    renew(state, id).catch((cause: unknown) => observe({ kind: 'failed', where: 'grants', cause }));
  });
  await renew(state);
  return {
    isOpen: false,
    principalOf: (identity) => principalOf(state, identity),
    principalOfOwner: (owner) => principalOf(state, owner),
    endOf: ({ expiresAt }) => expiresAt,
    follow: (listener) => {
      state.listeners.add(listener);
      return () => state.listeners.delete(listener);
    },
    refresh: (id) => renew(state, id),
    retry: async () => {
      await state.renewal;
      // The first failure was observed.
      if (!state.stored) await renew(state).catch(() => undefined);
    },
    close: stop,
  };
}

/** Reads one grant again, or all of them, after all earlier renewals, so that the last one to end is the newest. */
function renew(state: State, id?: string): Promise<void> {
  const done = state.renewal
    .then(() => read(state, id))
    .catch((cause: unknown) => {
      // Without knowing the present grants, nothing is granted by them.
      put(state, undefined);
      throw cause;
    });
  state.renewal = done.catch(() => undefined);
  return done;
}

async function read(state: State, id?: string): Promise<void> {
  const { collection, stored } = state;
  if (id === undefined || !stored) {
    put(state, new Map(grantsIn(await collection.list(), state)));
    return;
  }
  const document = await collection.get(id);
  const [entry] = document === undefined ? [] : grantsIn([{ key: id, document }], state);
  if (entry) stored.set(...entry);
  else stored.delete(id);
  put(state, stored);
}

/** A grant that cannot be read grants nothing. */
const grantsIn = (
  entries: Awaited<ReturnType<DocumentCollection['list']>>,
  { observe }: State,
): readonly [string, StoredGrant][] =>
  readEach(
    entries,
    ({ key, document }) => {
      const { id, content } = grantDocumentIn(document);
      return [key, { to: content.to, grant: grantOf(id, content) }];
    },
    (about, cause) => observe({ kind: 'failed', where: 'grants', about, cause }),
  );

function put(state: State, stored: State['stored']): void {
  const grants = new Map<string, Grant[]>();
  // In the order of ids, so that equal grants make equal keys of decisions.
  for (const [, { to, grant }] of [...(stored ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const known = grants.get(to);
    if (known) known.push(grant);
    else grants.set(to, [grant]);
  }
  state.stored = stored;
  state.grants = grants;
  state.ownTo = new Set([...grants].flatMap(([to, given]) => (given.some(({ own }) => own) ? [to] : [])));
  state.known = new WeakMap();
  state.principals.clear();
  for (const listener of [...state.listeners]) listener();
}

/** Identities with equal grants share a principal, and so its decisions and what is kept of them. */
function principalOf(state: State, identity: Identity): Principal {
  const own = state.known.get(identity);
  if (own) return own;
  const receivers = receiversOf(identity).filter((to) => builtIn.has(to) || state.grants.has(to));
  const owner = receivers.some((to) => state.ownTo.has(to)) ? ownerOf(identity) : undefined;
  const key = JSON.stringify([owner, ...receivers]);
  const shared = state.principals.get(key) ?? createPrincipal(identity, grantsTo(receivers, owner, state));
  if (state.principals.size >= principalsMax) state.principals.clear();
  state.principals.set(key, shared);
  // Another token or secret of the same holder has the same grants, but its own end.
  const principal = { ...shared, identity };
  state.known.set(identity, principal);
  return principal;
}

/** Whoever has no credentials cannot be told from others without them, and owns nothing. */
const ownerOf = ({ kind, subject }: Identity): string | undefined =>
  kind === 'key' || kind === 'token' ? subject : undefined;

const grantsTo = (
  receivers: readonly string[],
  owner: string | undefined,
  { grants }: Pick<State, 'grants'>,
): readonly Grant[] =>
  receivers
    .flatMap((to) => [...(builtIn.get(to) ?? []), ...(grants.get(to) ?? [])])
    .map((grant) => (grant.own && owner !== undefined ? { ...grant, owner } : grant));
