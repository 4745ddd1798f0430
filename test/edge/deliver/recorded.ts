/** Records the positions of subscriptions that brokers write, by wrapping their document collection. */
import { isObject, type Json } from '../../../src/core/model/json.ts';
import type { Position, DocumentCollection } from '../../../src/core/port/store.ts';

export interface Record {
  /** The shelf of progress, of which each writing is noted that was carried out. */
  noting(collection: DocumentCollection, partOf: (id: string) => number): DocumentCollection;
  /** What concerned a subscription up to here is recorded as done with. */
  position(id: string): Position;
}

interface Line {
  readonly position: Position;
  readonly isCaughtUp: boolean;
  readonly part: number;
}

export function createRecord(): Record {
  const lines = new Map<string, Line>();
  /** Common positions, and terms, by part. */
  const common = new Map<number, Position>();
  const terms = new Map<number, number>();
  return {
    noting: (collection, partOf) => ({
      ...collection,
      async putFenced(documents, leaseTerm) {
        const isDone = await collection.putFenced(documents, leaseTerm);
        const { part, term } = leaseTerm;
        // The answer to an older one may come after those of the next broker, which has read it by then.
        if (!isDone || term < (terms.get(part) ?? 0)) return isDone;
        terms.set(part, term);
        for (const { key, document } of documents) {
          if (!key.includes(':')) common.set(part, positionIn(document));
          else lines.set(key, lineOf(document, partOf(key)));
        }
        return isDone;
      },
      async delete(key) {
        lines.delete(key);
        return collection.delete(key);
      },
    }),
    position(id) {
      const line = lines.get(id);
      if (!line) return 0;
      return line.isCaughtUp ? Math.max(line.position, common.get(line.part) ?? 0) : line.position;
    },
  };
}

const positionIn = (document: Json): Position => (isObject(document) ? Number(document['position']) : 0);

const lineOf = (document: Json, part: number): Line => ({
  position: positionIn(document),
  isCaughtUp: isObject(document) && document['isCaughtUp'] === true,
  part,
});
