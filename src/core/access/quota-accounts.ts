/** The accounts of the quotas: what each client has left. */

/** An allowance for a minute. It fills evenly, up to the whole of it. */
export interface Allowance {
  left: number;
  atMs: number;
}

export interface Account {
  readonly requests: Allowance;
  readonly writes: Allowance;
  readonly bytes: Allowance;
  requestsNow: number;
  streamsNow: number;
}

export interface Accounts {
  /** The account of a client. Only within `alone`. It stays that of the client while requests or streams are counted in it. */
  of(key: string): Account;
  /** Runs work while no other thread reads or changes accounts. */
  alone<T>(work: () => T): T;
}

/** What fills the allowances: their whole sizes, where 0 is no limit, and a clock that nobody sets, in milliseconds. */
export interface AccountOptions {
  readonly limits: {
    readonly requestsPerMinute: number;
    readonly writesPerMinute: number;
    readonly bytesPerMinute: number;
  };
  readonly steadyMs: () => number;
}

/** Most accounts. Clients for which there is no place share one, until others have their whole allowances again. */
export const accountsMax = 20_000;

export const minuteMs = 60_000;

const sweepMs = 1000;

/** Accounts in the memory of this thread. */
export function createAccounts(options: AccountOptions): Accounts {
  const accounts = new Map<string, Account>();
  const shared = newAccount(options);
  let sweptAtMs = Number.NEGATIVE_INFINITY;
  /** Removes accounts from which nothing is taken at present. */
  const sweep = (): void => {
    const now = options.steadyMs();
    if (now - sweptAtMs < sweepMs) return;
    sweptAtMs = now;
    for (const [key, account] of accounts) if (isUntouched(account, options)) accounts.delete(key);
  };
  return {
    of(key) {
      const known = accounts.get(key);
      if (known) return known;
      if (accounts.size >= accountsMax) sweep();
      if (accounts.size >= accountsMax) return shared;
      const account = newAccount(options);
      accounts.set(key, account);
      return account;
    },
    alone: (work) => work(),
  };
}

function newAccount({ limits, steadyMs }: AccountOptions): Account {
  const atMs = steadyMs();
  return {
    requests: { left: limits.requestsPerMinute, atMs },
    writes: { left: limits.writesPerMinute, atMs },
    bytes: { left: limits.bytesPerMinute, atMs },
    requestsNow: 0,
    streamsNow: 0,
  };
}

/** True when nothing is taken from an account. */
export function isUntouched(
  { requests, writes, bytes, requestsNow, streamsNow }: Account,
  { limits, steadyMs }: AccountOptions,
): boolean {
  const now = steadyMs();
  return (
    requestsNow === 0 &&
    streamsNow === 0 &&
    isFull(now, requests, limits.requestsPerMinute) &&
    isFull(now, writes, limits.writesPerMinute) &&
    isFull(now, bytes, limits.bytesPerMinute)
  );
}

const isFull = (now: number, allowance: Allowance, perMinute: number): boolean =>
  perMinute === 0 || leftAt(now, allowance, perMinute) >= perMinute;

/** What is left at this time, after what was filled in since. */
export const leftAt = (now: number, { left, atMs }: Allowance, perMinute: number): number =>
  Math.min(perMinute, left + ((now - atMs) * perMinute) / minuteMs);
