/** Tests which errors of the driver mean that the database does not answer, and not that the request is wrong. */
import { expect, test } from '@jest/globals';
import { MongoBulkWriteError, MongoNetworkError, MongoNetworkTimeoutError, MongoServerError } from 'mongodb';
import { withDatabase } from '../../src/store/mongo/connection.ts';

/** The driver has errors of the connection with further names. It does not export them. */
class Interrupted extends MongoNetworkError {
  override get name(): string {
    return 'PoolClearedOnNetworkError';
  }
}

/** The driver wraps any error of its own that ends a bulk write, and keeps only its message and labels. */
function interruptedBulkWrite(): Error {
  const cause = new Interrupted('interrupted');
  cause.addErrorLabel('PoolRequestedRetry');
  return Reflect.construct(MongoBulkWriteError, [cause, {}]) as Error;
}

const causes: readonly (readonly [string, Error])[] = [
  ['a broken connection', new MongoNetworkError('connection closed')],
  ['a connection that hangs', new MongoNetworkTimeoutError('connection timed out')],
  ['an operation that is interrupted because the server does not answer the monitor', new Interrupted('interrupted')],
  ['a bulk write that is interrupted likewise', interruptedBulkWrite()],
  ['a server that is not primary', new MongoServerError({ message: 'not primary', code: 10_107 })],
];

test.each(causes)('%s is Unavailable', async (_what, cause) => {
  await expect(withDatabase(Promise.reject(cause))).rejects.toMatchObject({ type: 'Unavailable' });
});

test('another error of the server stays as it is', async () => {
  const cause = new MongoServerError({ message: 'duplicate key', code: 11_000 });
  await expect(withDatabase(Promise.reject(cause))).rejects.toBe(cause);
});
