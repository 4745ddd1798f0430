/** Connects to the replica set and maps its errors to problems. */
import { MongoClient, type MongoClientOptions, MongoError, MongoNetworkError, MongoServerError } from 'mongodb';
import { badData, Problem } from '../../core/model/problem.ts';

/** How long a request waits for a primary before it fails. An election takes up to 12 s. */
const selectionTimeoutMs = 15_000;

/**
 * The interval of heartbeats to each server, and the time limit for their answers. A server that hangs with open connections is
 * detected after the sum of both. Its pending operations fail and go to the next primary. The limits do not apply to operations, which
 * may take longer.
 */
const watch = { heartbeatFrequencyMS: 2000, connectTimeoutMS: 4000 } as const;

/** The first server version with all features that are used here (6.0). */
const leastWireVersion = 17;

/** `more`: further options, of less weight than those in the URL. Throws an Error when no server answers, or when it has no transactions, because it is not in a replica set. */
export async function connect(url: string, more: Readonly<Record<string, number>> = {}): Promise<MongoClient> {
  const client = new MongoClient(url, {
    writeConcern: { w: 'majority', journal: true },
    readConcern: { level: 'majority' },
    ignoreUndefined: true,
    ...withoutThoseIn(url, { serverSelectionTimeoutMS: selectionTimeoutMs, ...watch, ...more }),
  });
  try {
    const hello = await client.db('admin').command({ hello: 1 });
    if (hello['setName'] === undefined && hello['msg'] !== 'isdbgrid') {
      throw new Error(
        'The MongoDB server is not part of a replica set, so that it has no transactions. Start it with --replSet and call rs.initiate(): one member is enough.',
      );
    }
    if (Number(hello['maxWireVersion']) < leastWireVersion) throw new Error('The MongoDB server is older than 6.0.');
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** Options in the URL take precedence. */
const withoutThoseIn = (url: string, options: Readonly<Record<string, number>>): MongoClientOptions =>
  Object.fromEntries(Object.entries(options).filter(([name]) => !url.includes(`${name}=`)));

/** The database name in a URL: the prefix of all tenants' database names. */
export const databaseIn = (client: MongoClient): string => {
  const { dbName } = client.options;
  return dbName === 'test' ? 'mlaka' : dbName;
};

const timeLimitExceeded = 50;
const objectTooLarge = 10_334;

/** Waits for the database. Throws Unavailable when it does not answer, and TooComplexQuery when it takes too long. */
export async function withDatabase<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (cause instanceof MongoServerError && cause.code === timeLimitExceeded) throw tooComplex(cause);
    if (isTooLarge(cause)) throw badData('An entity, or a change of one, is larger than the 16 MB that MongoDB takes.');
    if (isUnavailable(cause))
      throw new Problem('Unavailable', 'The database does not answer now; try again later.', cause);
    throw cause;
  }
}

/** The driver detects this first in most cases. */
const isTooLarge = (error: unknown): boolean =>
  error instanceof MongoError &&
  (error.code === objectTooLarge ||
    /larger than the maximum size|BSONObjectTooLarge|object to insert too large/i.test(error.message));

export const tooComplex = (cause?: unknown): Problem =>
  new Problem('TooComplexQuery', 'The query takes longer than 10 s: narrow it by id, type or place.', cause);

/** The driver's errors of the connection that are no MongoNetworkError. */
const unavailableNames = new Set([
  'MongoServerSelectionError',
  'MongoNotConnectedError',
  'MongoTopologyClosedError',
  'MongoClientClosedError',
  'MongoPoolClosedError',
  'MongoWaitQueueTimeoutError',
]);

/** `PoolRequestedRetry`: the driver broke off what was under way. In a bulk write this label alone tells it. */
const unavailableLabels = [
  'TransientTransactionError',
  'UnknownTransactionCommitResult',
  'RetryableWriteError',
  'PoolRequestedRetry',
];

/**
 * Error codes of servers that are not primary, shut down, or are interrupted by an election; and of sockets that break during a write,
 * which the driver does not always wrap in its own error.
 */
const unavailableCodes = new Set<unknown>([91, 134, 189, 10107, 11600, 11602, 13435, 13436]);
const brokenCodes = new Set<unknown>(['EPIPE', 'ECONNRESET', 'ECONNREFUSED', 'ETIMEDOUT']);

/** True for failures of the connection or of the replica set's state, not of the request. */
export const isUnavailable = (error: unknown): boolean =>
  error instanceof MongoError
    ? error instanceof MongoNetworkError ||
      unavailableNames.has(error.name) ||
      unavailableLabels.some((label) => error.hasErrorLabel(label)) ||
      (error instanceof MongoServerError && unavailableCodes.has(error.code))
    : typeof error === 'object' && error !== null && 'code' in error && brokenCodes.has(error.code);
