/** Builds the access control: authentication by keys and tokens, the policy of grants, and the key of the first administrator. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { grantCollection } from '../core/access/grant-document.ts';
import { type GrantPolicy, openGrantPolicy } from '../core/access/grant-policy.ts';
import type { Authenticate } from '../core/access/identity.ts';
import { type AccessPolicy, openPolicy } from '../core/access/policy.ts';
import { createKeyOperations } from '../core/operation/access/keys.ts';
import type { CompatibilityRoute } from '../core/operation/compatibility-route.ts';
import type { Operation } from '../core/operation/operation.ts';
import { Problem } from '../core/model/problem.ts';
import type { Clock } from '../core/port/clock.ts';
import type { Observe } from '../core/port/observe.ts';
import type { Store, Stores } from '../core/port/store.ts';
import { createAuthenticator } from '../edge/auth/authenticator.ts';
import { createFailureLimit } from '../edge/auth/failure-limit.ts';
import { type KeyRing, openKeyRing } from '../edge/auth/key-ring.ts';
import { createOwnTokens } from '../edge/auth/own-tokens.ts';
import { createTokenRoute } from '../edge/auth/token-route.ts';
import { createTokenVerifier } from '../edge/auth/token-verifier.ts';
import { createCredentialPolicy } from '../edge/auth/credential-policy.ts';
import type { TrustedProxies } from '../edge/trusted-proxies.ts';
import { accessModeOf } from './access-mode.ts';
import type { Config } from './config/options.ts';
import { every } from '../city/job/every.ts';
import { readTokenIssuers } from './config/read-issuers.ts';

export interface Access {
  readonly policy: AccessPolicy;
  /** Absent while access is open: everybody is anonymous. */
  readonly authenticate?: Authenticate;
  readonly operations: readonly Operation[];
  /** The token endpoint. */
  readonly routes?: readonly CompatibilityRoute[];
  close(): Promise<void>;
}

export interface AccessOptions {
  readonly stores: Stores;
  readonly clock: Clock;
  readonly observe: Observe;
  /** Shows the key of the first administrator to the operator. Absent: it is written to a file. */
  readonly showKey?: (key: string) => void;
  /** Tells the address of a client. */
  readonly proxies: TrustedProxies;
  /** Called for each request with wrong credentials, with the address of the client. */
  readonly refused?: (address: string) => void;
}

/** Throws what the store throws when keys are needed and cannot be read. */
export async function openAccess(config: Config, options: AccessOptions): Promise<Access> {
  const keys = createLazyKeyRing(options);
  const operations = createKeyOperations(keys.open);
  if (accessModeOf(config) === 'open') {
    options.observe({ kind: 'accessOpen', where: `${config.host}:${config.port}` });
    return { policy: openPolicy, operations, close: keys.close };
  }
  const issuers = readTokenIssuers(config);
  const ring = await keys.open();
  if (!ring.hasAdministrator()) await createAdministrator(ring, config, options);
  const grants = await openGrants(options);
  const stopRetries = every(retryMs, async () => {
    await Promise.all([grants.retry(), ring.retry()]);
  });
  const tokens = createTokenVerifier({
    issuers,
    clock: options.clock,
    failed: (about, cause) => options.observe({ kind: 'failed', where: 'token issuer', about, cause }),
  });
  const ownTokens = createOwnTokens({ keys: ring, clock: options.clock });
  const failures = createFailureLimit(failureLimit);
  const { clientAddress: addressOf } = options.proxies;
  const authenticate = createAuthenticator({
    ...{ verifiers: [ring, ownTokens, tokens], failures, addressOf },
    ...(options.refused ? { refused: options.refused } : undefined),
  });
  return {
    policy: createCredentialPolicy(grants, { keys: ring, clock: options.clock }),
    authenticate,
    routes: [createTokenRoute({ authenticate, tokens: ownTokens })],
    operations,
    close: async () => {
      await stopRetries();
      tokens.close();
      grants.close();
      await keys.close();
    },
  };
}

/** How often grants and keys that could not be read are read again, in milliseconds. */
const retryMs = 1000;

const openGrants = async ({ stores, observe }: AccessOptions): Promise<GrantPolicy> =>
  openGrantPolicy((await defaultStore(stores)).collection(grantCollection), observe);

/** The store of the default tenant, which has the keys and grants. */
async function defaultStore(stores: Stores): Promise<Store> {
  const store = await stores.open('', true);
  if (!store) throw new Problem('Unavailable', 'The store of the keys and grants cannot be opened.');
  return store;
}

/** Enough for a person who mistypes a key. Too few for a program that guesses keys, or that wants to overload the broker with slow checks. */
const failureLimit = { failuresMax: 20, windowMs: 60_000, steadyMs: () => performance.now() };

/** How often the last use of keys is stored, in milliseconds. */
const usesMs = 60_000;

/** Opens the keys on first use. */
function createLazyKeyRing({ stores, clock, observe }: AccessOptions): {
  readonly open: () => Promise<KeyRing>;
  readonly close: () => Promise<void>;
} {
  let opened: Promise<KeyRing> | undefined;
  const failed = (cause: unknown): void => observe({ kind: 'failed', where: 'access keys', cause });
  const timer = setInterval(() => void opened?.then((ring) => ring.noteUses()).catch(failed), usesMs);
  timer.unref();
  const openRing = async (): Promise<KeyRing> => openKeyRing({ store: await defaultStore(stores), clock, observe });
  return {
    open: () => {
      opened ??= openRing();
      // Keys that could not be read are tried again at the next use.
      opened.catch(() => (opened = undefined));
      return opened;
    },
    close: async () => {
      clearInterval(timer);
      const ring = await opened?.catch(() => undefined);
      await ring?.noteUses().catch(failed);
      ring?.close();
    },
  };
}

/** Creates the key of the first administrator. When several brokers start at the same time on one database, only one of them creates it. */
async function createAdministrator(
  ring: KeyRing,
  { data }: Config,
  { observe, showKey }: AccessOptions,
): Promise<void> {
  const name = 'administrator';
  try {
    const key = await ring.create({ name, roles: [name] });
    if (showKey) showKey(key);
    else observe({ kind: 'administratorKeyWritten', path: writeKey(data, key) });
  } catch (error) {
    if (!(error instanceof Problem && error.type === 'AlreadyExists')) throw error;
  }
}

/** Writes a key to a file that only the owner of the process may read. Returns the path. */
function writeKey(folder: string, key: string): string {
  const path = join(folder, 'administrator.key');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // An existing file would keep its permissions.
  rmSync(path, { force: true });
  writeFileSync(path, `${key}\n`, { mode: 0o600, flag: 'wx' });
  return path;
}
