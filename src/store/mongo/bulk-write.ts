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

/**
 * The same operations with deletions first, then updates, then insertions: the driver sends each run of operations of one kind as a command
 * of its own. Only for operations of which none updates what another deletes or inserts.
 */
export function inRunsOfKinds<T extends Document>(
  operations: readonly AnyBulkWriteOperation<T>[],
): readonly AnyBulkWriteOperation<T>[] {
  const isDeletion = (one: AnyBulkWriteOperation<T>): boolean => 'deleteOne' in one || 'deleteMany' in one;
  const isInsertion = (one: AnyBulkWriteOperation<T>): boolean => 'insertOne' in one;
  return [
    ...operations.filter(isDeletion),
    ...operations.filter((one) => !isDeletion(one) && !isInsertion(one)),
    ...operations.filter(isInsertion),
  ];
}
