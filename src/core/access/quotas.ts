/**
 * Limits how much each client may use the broker: requests and bytes a minute, and requests and streams at a time. A caller with credentials
 * is one client at any address. Callers without credentials are distinguished by address. Pure: the clock is an argument.
 */
import { TooManyRequests } from '../model/problem.ts';
import type { Identity } from './identity.ts';
import { type Account, type Accounts, type Allowance, createAccounts, leftAt, minuteMs } from './quota-accounts.ts';

/** 0: no limit. */
export interface QuotaLimits {
  readonly requestsPerMinute: number;
  /** Entities, or other resources, that requests write. */
  readonly writesPerMinute: number;
  /** Bytes that are received and sent. */
  readonly bytesPerMinute: number;
  /** Requests at a time. */
  readonly requestsAtOnce: number;
  readonly streamsAtOnce: number;
  /** Stored subscriptions of one owner in one tenant. */
  readonly subscriptions: number;
}

type QuotaName = 'requests' | 'writes' | 'bytes' | 'concurrency' | 'streams' | 'subscriptions';

/** Who is limited. */
interface Party {
  readonly identity: Identity;
  /** Absent: unknown. */
  readonly address?: string | undefined;
}

export interface Quotas {
  readonly limits: QuotaLimits;
  /** Throws TooManyRequests when a request of the party would be refused. Counts nothing. */
  requireRoom(party: Party): void;
  /** Counts a request with this number of writes. Returns the function that ends it. Throws TooManyRequests. */
  enter(party: Party, writes: number): () => void;
  /** Throws TooManyRequests when the party has as many streams as it may. */
  requireStream(party: Party): void;
  /** Counts a stream. Returns the function that ends it. */
  openStream(party: Party): () => void;
  /** Counts bytes. They are refused at the next request only. */
  countBytes(party: Party, bytes: number): void;
  /** Reports that a quota is used up, and returns the problem. */
  exceeded(name: QuotaName, detail: string, retryAfterSeconds: number): TooManyRequests;
}

interface QuotaOptions {
  readonly limits: QuotaLimits;
  /** Absent: they are in the memory of this thread. */
  readonly accounts?: Accounts;
  /** A clock that nobody sets, in milliseconds. */
  readonly steadyMs: () => number;
  readonly onExceeded: (name: QuotaName) => void;
}

interface State extends QuotaOptions {
  readonly accounts: Accounts;
}

export function createQuotas(options: QuotaOptions): Quotas {
  const { limits, onExceeded } = options;
  const { accounts = createAccounts(options) } = options;
  const state: State = { ...options, accounts };
  const exceeded: Quotas['exceeded'] = (name, detail, seconds) => {
    onExceeded(name);
    return new TooManyRequests(detail, seconds);
  };
  const within = { state, exceeded };
  return {
    limits,
    exceeded,
    requireRoom: (party) => {
      if (isLimited(party)) accounts.alone(() => requireRoom(accounts.of(keyOf(party)), within));
    },
    enter: (party, writes) =>
      isLimited(party) ? accounts.alone(() => enter(accounts.of(keyOf(party)), writes, within)) : nothing,
    requireStream: (party) => {
      if (isLimited(party)) accounts.alone(() => requireStream(accounts.of(keyOf(party)), within));
    },
    openStream: (party) => accounts.alone(() => openStream(accounts.of(keyOf(party)), accounts)),
    countBytes: (party, bytes) => {
      if (limits.bytesPerMinute === 0 || !isLimited(party)) return;
      accounts.alone(() => countBytes(accounts.of(keyOf(party)), bytes, state));
    },
  };
}

function countBytes({ bytes: allowance }: Account, bytes: number, state: State): void {
  const { bytesPerMinute } = state.limits;
  refill(allowance, bytesPerMinute, state);
  // A stream may be counted only when it ends. It is made up for in a minute at most.
  allowance.left = Math.max(allowance.left - bytes, -bytesPerMinute);
}

const nothing = (): void => undefined;

/** The command line on the data folder, and the broker itself, are not limited. */
const isLimited = ({ identity }: Party): boolean => identity.kind !== 'local';

const keyOf = ({ identity, address = '' }: Party): string =>
  identity.kind === 'anonymous' ? networkOf(address) : identity.subject;

function refill(allowance: Allowance, perMinute: number, { steadyMs }: Pick<State, 'steadyMs'>): void {
  const now = steadyMs();
  allowance.left = leftAt(now, allowance, perMinute);
  allowance.atMs = now;
}

interface Within {
  readonly state: State;
  readonly exceeded: Quotas['exceeded'];
}

function requireRoom({ requests, bytes, requestsNow }: Account, { state, exceeded }: Within): void {
  const { requestsPerMinute, bytesPerMinute, requestsAtOnce } = state.limits;
  if (requestsAtOnce > 0 && requestsNow >= requestsAtOnce)
    throw exceeded('concurrency', `You may send ${requestsAtOnce} requests at a time.`, 1);
  requireAllowance(requests, 1, { name: 'requests', perMinute: requestsPerMinute, state, exceeded });
  requireAllowance(bytes, 0, { name: 'bytes', perMinute: bytesPerMinute, state, exceeded });
}

interface Allowing extends Within {
  readonly name: 'requests' | 'writes' | 'bytes';
  readonly perMinute: number;
}

/** A request that needs more than the allowance of a minute is allowed when the allowance is full. Later requests then wait longer. */
function requireAllowance(allowance: Allowance, wanted: number, { name, perMinute, state, exceeded }: Allowing): void {
  if (perMinute === 0) return;
  refill(allowance, perMinute, state);
  const missing = Math.min(wanted, perMinute) - allowance.left;
  if (missing <= 0) return;
  const seconds = Math.max(1, Math.ceil((missing * minuteMs) / perMinute / 1000));
  throw exceeded(name, `You may use ${perMinute} ${name} a minute.`, seconds);
}

function enter(account: Account, writes: number, within: Within): () => void {
  const { state } = within;
  requireRoom(account, within);
  if (writes > 0)
    requireAllowance(account.writes, writes, { name: 'writes', perMinute: state.limits.writesPerMinute, ...within });
  account.requests.left -= 1;
  account.writes.left -= writes;
  account.requestsNow += 1;
  return () =>
    state.accounts.alone(() => {
      account.requestsNow -= 1;
    });
}

function requireStream({ streamsNow }: Account, { state: { limits }, exceeded }: Within): void {
  if (limits.streamsAtOnce > 0 && streamsNow >= limits.streamsAtOnce)
    throw exceeded('streams', `You may have ${limits.streamsAtOnce} streams at a time.`, streamRetrySeconds);
}

function openStream(account: Account, accounts: Accounts): () => void {
  account.streamsNow += 1;
  return () =>
    accounts.alone(() => {
      account.streamsNow -= 1;
    });
}

/** The broker cannot know when a client will close a stream, so this is a guess. */
const streamRetrySeconds = 30;

/** What is counted together: an IPv4 address, or an IPv6 network of 64 bits, which one client has to itself. */
export function networkOf(address: string): string {
  const embedded = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (embedded !== undefined) return embedded;
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const parts = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - parts.length - rest.length }, () => '0');
  return [...parts, ...zeros, ...rest].slice(0, 4).join(':');
}
