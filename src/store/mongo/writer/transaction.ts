/** Runs transactions. Retries after a conflict with another broker or an election, until the result is known. */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClientSession, MongoError, ReadConcern, WriteConcern } from 'mongodb';

/** The time limit for retries. */
const retryTimeoutMs = 20_000;

/** The delay before a retry. It is random, so that brokers do not collide again and again. */
const pauseMs = (attempt: number): number => Math.random() * Math.min(50, 2 ** attempt);

/** Runs the work, perhaps several times, and returns after the commit. Throws the errors of the work and of MongoDB. */
export async function inTransaction<T>(
  startSession: () => Promise<ClientSession>,
  work: (session: ClientSession) => Promise<T>,
): Promise<T> {
  const session = await startSession();
  try {
    return await retryOn('TransientTransactionError', () => attempt(session, work));
  } finally {
    await session.endSession();
  }
}

/** Retries while the error has a label that marks it as retryable. */
async function retryOn<T>(label: string, attempt: () => Promise<T>): Promise<T> {
  const end = performance.now() + retryTimeoutMs;
  for (let count = 1; ; count += 1) {
    try {
      return await attempt();
    } catch (error) {
      const isWorthIt = error instanceof MongoError && error.hasErrorLabel(label) && performance.now() < end;
      if (!isWorthIt) throw error;
    }
    await sleep(pauseMs(count));
  }
}

async function attempt<T>(session: ClientSession, work: (session: ClientSession) => Promise<T>): Promise<T> {
  session.startTransaction({
    readConcern: new ReadConcern('snapshot'),
    writeConcern: new WriteConcern('majority', undefined, true),
    readPreference: 'primary',
  });
  let result: T;
  try {
    result = await work(session);
  } catch (error) {
    // If the abort does not reach the server, the transaction times out there.
    await session.abortTransaction().catch(() => undefined);
    throw error;
  }
  // A commit is idempotent: it can be repeated when its answer was lost.
  await retryOn('UnknownTransactionCommitResult', () => session.commitTransaction());
  return result;
}
