/** The access control of an HTTP thread: its own view of grants and keys. Who sends a request, the main thread decides and the thread remembers. */
import { grantCollection } from '../../core/access/grant-document.ts';
import { openGrantPolicy } from '../../core/access/grant-policy.ts';
import { anonymous, type Authenticate, type Identity } from '../../core/access/identity.ts';
import { type AccessPolicy, openPolicy } from '../../core/access/policy.ts';
import { createBoundedCache } from '../../core/jsonld/bounded-cache.ts';
import { Problem } from '../../core/model/problem.ts';
import type { Clock } from '../../core/port/clock.ts';
import type { Observe } from '../../core/port/observe.ts';
import type { Stores } from '../../core/port/store.ts';
import { createCredentialPolicy } from '../../edge/auth/credential-policy.ts';
import { openKeyRing } from '../../edge/auth/key-ring.ts';
import type { TrustedProxies } from '../../edge/trusted-proxies.ts';
import { accessModeOf } from '../access-mode.ts';
import type { Config } from '../config/options.ts';
import type { Authenticating } from './messages.ts';

export interface ThreadAccess {
  readonly policy: AccessPolicy;
  /** Absent: everybody is anonymous. */
  readonly authenticate?: Authenticate;
  /** Call it after a key or a grant was changed: waits until that is in force. */
  readonly renewed: () => Promise<void>;
}

interface ThreadAccessOptions {
  readonly stores: Stores;
  readonly clock: Clock;
  readonly observe: Observe;
  readonly proxies: TrustedProxies;
  /** Asks the main thread who sends a request with these credentials. */
  readonly ask: (credentials: Authenticating['argument']) => Promise<Identity>;
}

export async function openThreadAccess(config: Config, options: ThreadAccessOptions): Promise<ThreadAccess> {
  if (accessModeOf(config) === 'open') return { policy: openPolicy, renewed: () => Promise.resolve() };
  const { stores, clock, observe } = options;
  const store = await stores.open('', true);
  if (!store) throw new Problem('Unavailable', 'The store of the keys and grants cannot be opened.');
  const grants = await openGrantPolicy(store.collection(grantCollection), observe);
  const keys = await openKeyRing({ store, clock, observe });
  const remembered = createRemembered(options);
  return {
    policy: createCredentialPolicy(grants, { keys, clock }),
    authenticate: remembered.authenticate,
    renewed: async () => {
      remembered.forget();
      await Promise.all([grants.retry(), keys.retry()]);
    },
  };
}

/** How long an answer of the main thread is remembered, in milliseconds: it notes when keys are used. */
const rememberedMs = 10_000;
const rememberedMax = 10_000;
/** The length of the headers with the credentials that are remembered. The same key can be written with any number of blanks. */
const rememberedLength = 4 * 2 ** 20;

function createRemembered({ ask, proxies }: Pick<ThreadAccessOptions, 'ask' | 'proxies'>): {
  readonly authenticate: Authenticate;
  readonly forget: () => void;
} {
  const bounds = { entriesMax: rememberedMax, weightMax: rememberedLength };
  let known = createBoundedCache<{ readonly identity: Identity; readonly untilMs: number }>(bounds);
  return {
    authenticate(head) {
      const { authorization, 'x-auth-token': token } = head.headers;
      if (authorization === undefined && token === undefined) return anonymous;
      const name = JSON.stringify([authorization, token]);
      const one = known.get(name);
      if (one && performance.now() < one.untilMs) return one.identity;
      const asked = known;
      return ask({ headers: { authorization, 'x-auth-token': token }, address: proxies.clientAddress(head) }).then(
        (identity) => {
          const untilMs = performance.now() + rememberedMs;
          // What was answered before something changed may be wrong by now.
          if (asked === known) known.set(name, { identity, untilMs }, name.length);
          return identity;
        },
      );
    },
    forget: () => {
      known = createBoundedCache(bounds);
    },
  };
}
