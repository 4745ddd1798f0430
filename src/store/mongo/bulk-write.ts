/** Sends many operations in several commands: the driver encodes all operations of a command, and decodes its answer, in one go. */
import type { AnyBulkWriteOperation, BulkWriteOptions, Collection, Document } from 'mongodb';

/** Operations per command: the driver encodes them in some milliseconds. */
const operationsMax = 500;

/** Executes operations in order. Does nothing when there are none. */
export async function bulkWrite<T extends Document>(
  collection: Collection<T>,
  operations: readonly AnyBulkWriteOperation<T>[],
  options: BulkWriteOptions,
): Promise<void> {
  for (let at = 0; at < operations.length; at += operationsMax)
    await collection.bulkWrite(operations.slice(at, at + operationsMax), options);
}
