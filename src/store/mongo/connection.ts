/** Connects to the replica set, and says what its failures mean. */
import { MongoClient, type MongoClientOptions, MongoError, MongoServerError } from 'mongodb';
import { badData, Problem } from '../../core/model/problem.ts';

/** How long a request waits for a primary before it is told that there is none. An election takes up to 12 s. */
const patienceMs = 15_000;

/**
 * How often each server is asked whether it is well, and how much longer it may take to answer: one that hangs, its connections still
 * open, is found out after both together. What it was asked then fails, and is asked the next primary. Of an operation itself that says
 * nothing: it may take longer.
 */
const watch = { heartbeatFrequencyMS: 2000, connectTimeoutMS: 4000 } as const;

/** The first server version that has all that is used here (6.0). */
const leastWireVersion = 17;

/** Throws an Error when nobody answers, or when it is a server that has no transactions, which need a replica set. */
export async function connect(url: string): Promise<MongoClient> {
  const client = new MongoClient(url, {
    writeConcern: { w: 'majority', journal: true },
    readConcern: { level: 'majority' },
    ignoreUndefined: true,
    ...withoutThoseIn(url, { serverSelectionTimeoutMS: patienceMs, ...watch }),
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

/** What is set in the URL stands. */
const withoutThoseIn = (url: string, options: Readonly<Record<string, number>>): MongoClientOptions =>
  Object.fromEntries(Object.entries(options).filter(([name]) => !url.includes(`${name}=`)));

/** The name of the database in a URL, which those of all tenants begin with. */
export const databaseIn = (client: MongoClient): string => {
  const { dbName } = client.options;
  return dbName === 'test' ? 'mlaka' : dbName;
};

const timeLimitExceeded = 50;
const objectTooLarge = 10_334;

/** Waits for the database. Throws Unavailable when it is away, and TooComplexQuery when it took too long. */
export async function reach<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (cause instanceof MongoServerError && cause.code === timeLimitExceeded) throw tooComplex(cause);
    if (isTooLarge(cause)) throw badData('An entity, or a change of one, is larger than the 16 MB that MongoDB takes.');
    if (isAway(cause)) throw new Problem('Unavailable', 'The database does not answer now; try again later.', cause);
    throw cause;
  }
}

/** The driver finds out first, in most cases. */
const isTooLarge = (error: unknown): boolean =>
  error instanceof MongoError &&
  (error.code === objectTooLarge ||
    /larger than the maximum size|BSONObjectTooLarge|object to insert too large/i.test(error.message));

export const tooComplex = (cause?: unknown): Problem =>
  new Problem('TooComplexQuery', 'The query takes longer than 10 s: narrow it by id, type or place.', cause);

const awayNames = new Set([
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoServerSelectionError',
  'MongoNotConnectedError',
  'MongoTopologyClosedError',
  'MongoClientClosedError',
  'MongoPoolClosedError',
  'MongoPoolClearedError',
  'MongoWaitQueueTimeoutError',
]);

const awayLabels = ['TransientTransactionError', 'UnknownTransactionCommitResult', 'RetryableWriteError'];

/**
 * What servers say that are not primary, stop, or are interrupted by an election; and what a socket says that breaks while it
 * is written to, of which the driver does not always make an error of its own.
 */
const awayCodes = new Set<unknown>([91, 134, 189, 10107, 11600, 11602, 13435, 13436]);
const brokenCodes = new Set<unknown>(['EPIPE', 'ECONNRESET', 'ECONNREFUSED', 'ETIMEDOUT']);

/** True when a failure is that of the way to the database, or of who it is for the moment, and not of what was asked. */
export const isAway = (error: unknown): boolean =>
  error instanceof MongoError
    ? awayNames.has(error.name) ||
      awayLabels.some((label) => error.hasErrorLabel(label)) ||
      (error instanceof MongoServerError && awayCodes.has(error.code))
    : typeof error === 'object' && error !== null && 'code' in error && brokenCodes.has(error.code);
