/** Identifies the sender of a request by its credentials: an API key or a token, in `Authorization: Bearer` or `X-Auth-Token`. */
import { anonymous, type Authenticate, type Identity, type RequestHead } from '../../core/access/identity.ts';
import { Problem, TooManyRequests } from '../../core/model/problem.ts';
import type { FailureLimit } from './failure-limit.ts';

/** Credentials that were verified. */
export interface Verified {
  /** Their holder. Undefined when they are no longer valid, or have to be verified again. */
  holder(): Identity | undefined;
}

/** Verifies one kind of credentials. */
export interface Verifier {
  /** True when the text has the form of these credentials. */
  accepts(text: string): boolean;
  /** Credentials that were verified before. */
  known(text: string): Verified | undefined;
  /** Calls `start` before slow work. Throws Unauthenticated with the reason, Unavailable, and what `start` throws. */
  verify(text: string, start: () => void): Promise<Identity>;
}

export interface AuthenticatorOptions {
  readonly verifiers: readonly Verifier[];
  readonly failures: FailureLimit;
  /** The address of the client that sent a request. */
  readonly addressOf: (head: RequestHead) => string;
  /** Called for each request with wrong credentials, with the address of the client. */
  readonly refused?: (address: string) => void;
}

/**
 * Requests without credentials are anonymous. Throws Unauthenticated for wrong credentials, InvalidRequest for two different ones, and
 * TooManyRequests for an address that sent too many wrong ones. No other header identifies anybody.
 */
export function createAuthenticator(options: AuthenticatorOptions): Authenticate {
  const authenticate = createUnobserved(options);
  const { refused, addressOf } = options;
  if (!refused) return authenticate;
  const report = (head: RequestHead, error: unknown): never => {
    if (error instanceof Problem && error.type === 'Unauthenticated') refused(addressOf(head));
    throw error;
  };
  return (head) => {
    try {
      const identity = authenticate(head);
      return identity instanceof Promise ? identity.catch((error: unknown) => report(head, error)) : identity;
    } catch (error) {
      return report(head, error);
    }
  };
}

function createUnobserved({ verifiers, failures, addressOf }: AuthenticatorOptions): Authenticate {
  /** Slow checks that are under way, so that the same text is checked once. */
  const pending = new Map<string, Promise<Identity>>();
  const ofConnections = createConnectionMemory();
  return (head) => {
    const same = ofConnections.holder(head);
    if (same) return same;
    const text = credentialsIn(head);
    if (text === undefined) return anonymous;
    const verifier = verifiers.find((one) => one.accepts(text)) ?? nothing;
    const known = verifier.known(text);
    const holder = known?.holder();
    if (holder) {
      ofConnections.remember(head, known);
      return holder;
    }
    const running = pending.get(text);
    if (running) return running;
    const fresh = verify(text, { verifier, failures, address: addressOf(head) }).finally(() => pending.delete(text));
    pending.set(text, fresh);
    return fresh;
  };
}

interface ConnectionMemory {
  /** The holder of the credentials of a request, if they are those of the last request on its connection. */
  holder(head: RequestHead): Identity | undefined;
  remember(head: RequestHead, verified: Verified | undefined): void;
}

/** Remembers the last credentials on each open connection: most clients send the same ones again, which need not be looked up. */
function createConnectionMemory(): ConnectionMemory {
  interface Last {
    readonly authorization: unknown;
    readonly token: unknown;
    readonly verified: Verified;
  }
  const last = new WeakMap<object, Last>();
  return {
    holder: ({ socket, headers }) => {
      const before = socket && last.get(socket);
      const isSame = before?.authorization === headers['authorization'] && before?.token === headers['x-auth-token'];
      return isSame ? before?.verified.holder() : undefined;
    },
    remember: ({ socket, headers }, verified) => {
      if (!socket || !verified) return;
      last.set(socket, { authorization: headers['authorization'], token: headers['x-auth-token'], verified });
    },
  };
}

/** Accepts every text as its own, and refuses it. */
const nothing: Verifier = {
  accepts: () => true,
  known: () => undefined,
  verify: () => Promise.reject(new Problem('Unauthenticated', 'The credentials are neither a key nor a token.')),
};

interface Verifying {
  readonly verifier: Verifier;
  readonly failures: FailureLimit;
  readonly address: string;
}

async function verify(text: string, { verifier, failures, address }: Verifying): Promise<Identity> {
  const refuseBlocked = (): void => {
    const seconds = failures.blockedFor(address);
    if (seconds !== undefined)
      throw new TooManyRequests('Too many wrong credentials came from your address. Try again later.', seconds);
  };
  refuseBlocked();
  try {
    return await verifier.verify(text, refuseBlocked);
  } catch (error) {
    if (error instanceof Problem && error.type === 'Unauthenticated') failures.note(address);
    throw error;
  }
}

/** The credentials of a request. Undefined when it has none. */
function credentialsIn({ headers }: RequestHead): string | undefined {
  const bearer = bearerIn(headers['authorization']);
  const token = oneOf(headers['x-auth-token']);
  if (bearer !== undefined && token !== undefined && bearer !== token)
    throw new Problem(
      'InvalidRequest',
      'Authorization and X-Auth-Token contain different credentials. Send one of them.',
    );
  return bearer ?? token;
}

const oneOf = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' ? value.trim() : value?.join();

function bearerIn(value: string | readonly string[] | undefined): string | undefined {
  const text = oneOf(value);
  if (text === undefined) return undefined;
  const [, token] = /^Bearer +(\S+)$/i.exec(text) ?? [];
  if (token !== undefined) return token;
  throw new Problem('Unauthenticated', 'The header Authorization must be "Bearer", a blank, and a key or token.');
}
