/** Sends many operations in several commands: the driver encodes all operations of a command, and decodes its answer, without a pause. */
import type { AnyBulkWriteOperation, BulkWriteOptions, Collection, Document } from 'mongodb';

/** Operations per command. The driver needs a few milliseconds to encode them, during which nothing else runs. */
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
 * The same operations, first the deletions, then the updates, then the insertions. The driver sends one command for consecutive operations of
 * one kind, so fewer commands are sent. Use it only when no operation updates what another one deletes or inserts.
 */
export function groupedByKind<T extends Document>(
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
