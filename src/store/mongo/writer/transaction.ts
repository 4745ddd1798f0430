/** Runs transactions: again when another node was in the way or a new primary is elected, until it is sure how they ended. */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClientSession, MongoError, ReadConcern, WriteConcern } from 'mongodb';

/** How long it is tried. */
const patienceMs = 20_000;

/** How long to wait before the next attempt: by chance, so that nodes do not meet again and again. */
const pauseMs = (attempt: number): number => Math.random() * Math.min(50, 2 ** attempt);

/** Carries out work, which may be called several times, and answers after its commit. Throws what the work throws, and what MongoDB does. */
export async function inTransaction<T>(
  startSession: () => Promise<ClientSession>,
  work: (session: ClientSession) => Promise<T>,
): Promise<T> {
  const session = await startSession();
  try {
    return await untilSure('TransientTransactionError', () => attempt(session, work));
  } finally {
    await session.endSession();
  }
}

/** Tries again as long as the failure has a label that says that it makes sense. */
async function untilSure<T>(label: string, attempt: () => Promise<T>): Promise<T> {
  const end = performance.now() + patienceMs;
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
    // The server forgets it anyway when it cannot be told.
    await session.abortTransaction().catch(() => undefined);
    throw error;
  }
  // A commit whose answer got lost may be asked for again: it is carried out once.
  await untilSure('UnknownTransactionCommitResult', () => session.commitTransaction());
  return result;
}
