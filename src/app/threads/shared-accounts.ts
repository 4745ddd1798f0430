/** The accounts of the quotas in memory that all threads share. */
import { createHash } from 'node:crypto';
import {
  type Account,
  type AccountOptions,
  type Accounts,
  type Allowance,
  accountsMax,
  isUntouched,
} from '../../core/access/quota-accounts.ts';
import { createMutex } from './mutex.ts';

/** An account is this many numbers: a tag of its client, three allowances of two numbers each, and two counts. */
const width = 9;
/** A client has its account at one of this many places. */
const placesMax = 8;
/** Twice as many places as accounts, so that hardly ever all places of a client are taken. One more is shared by the clients without one. */
const groups = Math.ceil((accountsMax * 2) / placesMax);
const mutexBytes = 8;

/** The memory of the accounts, for `createSharedAccounts` of each thread. */
export const newAccountMemory = (): SharedArrayBuffer =>
  new SharedArrayBuffer(mutexBytes + (groups * placesMax + 1) * width * Float64Array.BYTES_PER_ELEMENT);

/** Clients whose places a thread remembers. */
const clientsMax = 20_000;

interface Client {
  readonly tag: number;
  /** Where it had its account at last. The place may belong to another client since. */
  readonly start: number;
  readonly account: Account;
}

/** All threads need a clock with the same beginning. */
export function createSharedAccounts(memory: SharedArrayBuffer, options: AccountOptions): Accounts {
  const numbers = new Float64Array(memory, mutexBytes);
  const clients = new Map<string, Client>();
  return {
    of(key) {
      const client = clients.get(key);
      if (client && numbers[client.start] === client.tag) return client.account;
      const tag = client?.tag ?? tagOf(key);
      const start = placeOf(tag, numbers, options);
      const account = accountAt(numbers, start);
      if (clients.size >= clientsMax) clients.clear();
      clients.set(key, { tag, start, account });
      return account;
    },
    alone: createMutex(new Int32Array(memory, 0, 1)),
  };
}

/** Where the account of a client is. A new one is full. */
function placeOf(tag: number, numbers: Float64Array, options: AccountOptions): number {
  const first = (tag % groups) * placesMax * width;
  const places = Array.from({ length: placesMax }, (_, place) => first + place * width);
  const known = places.find((start) => numbers[start] === tag);
  if (known !== undefined) return known;
  const free = places.find((start) => numbers[start] === 0 || isUntouched(accountAt(numbers, start), options));
  const start = free ?? groups * placesMax * width;
  if (free !== undefined || numbers[start] === 0) {
    fill(numbers, start, options);
    numbers[start] = free === undefined ? 1 : tag;
  }
  return start;
}

/** A number above 1 that hardly any two clients share. */
const tagOf = (key: string): number => createHash('sha256').update(key).digest().readUIntBE(0, 6) + 2;

function fill(numbers: Float64Array, start: number, { limits, steadyMs }: AccountOptions): void {
  const atMs = steadyMs();
  const { requestsPerMinute, writesPerMinute, bytesPerMinute } = limits;
  numbers.set([0, requestsPerMinute, atMs, writesPerMinute, atMs, bytesPerMinute, atMs, 0, 0], start);
}

/** A view of an account: what is read and set, is so in the shared memory. */
function accountAt(numbers: Float64Array, start: number): Account {
  return {
    requests: allowanceAt(numbers, start + 1),
    writes: allowanceAt(numbers, start + 3),
    bytes: allowanceAt(numbers, start + 5),
    get requestsNow() {
      return numbers[start + 7] ?? 0;
    },
    set requestsNow(count) {
      numbers[start + 7] = count;
    },
    get streamsNow() {
      return numbers[start + 8] ?? 0;
    },
    set streamsNow(count) {
      numbers[start + 8] = count;
    },
  };
}

const allowanceAt = (numbers: Float64Array, start: number): Allowance => ({
  get left() {
    return numbers[start] ?? 0;
  },
  set left(amount) {
    numbers[start] = amount;
  },
  get atMs() {
    return numbers[start + 1] ?? 0;
  },
  set atMs(time) {
    numbers[start + 1] = time;
  },
});
