/** The subjects of a transaction: as loaded from the database, and with the changes of the transaction. */
import { isDeepStrictEqual } from 'node:util';
import type { AnyBulkWriteOperation, ClientSession, Collection, Document } from 'mongodb';
import { type Pause, restIfDue, runWithPauses } from '../../../core/model/interruptible.ts';
import { bulkWrite } from '../bulk-write.ts';
import { entityIn } from '../own-text.ts';
import type { SeriesDocument, SubjectDocument } from '../schema.ts';
import { documentOf, type Present, type Subject } from '../subject-document.ts';

export interface Subjects {
  /** Undefined when the subject does not exist or was not loaded. */
  readonly get: (id: string) => Subject | undefined;
  readonly put: (subject: Subject) => void;
  /** Adds a subject that was read later. Returns the present one if it was loaded before. */
  readonly adopt: (document: SubjectDocument) => Subject;
  /** Replaces the changed series, by subject. */
  readonly putSeries: (changed: ReadonlyMap<number, readonly SeriesDocument[]>) => void;
  /** Writes the changed subjects. */
  readonly flush: (pause: Pause) => Promise<void>;
}

export function createSubjects(
  subjects: Collection<SubjectDocument>,
  session: ClientSession,
  loaded: readonly SubjectDocument[],
): Subjects {
  const kept = new Map(loaded.map((document) => [document._id, document]));
  const held = new Map(loaded.map((document) => [document._id, subjectIn(document)]));
  const changed = new Set<string>();
  const put = (subject: Subject): void => {
    held.set(subject.id, subject);
    changed.add(subject.id);
  };
  return {
    get: (id) => held.get(id),
    put,
    adopt(document) {
      const subject = held.get(document._id) ?? subjectIn(document);
      if (!kept.has(document._id)) kept.set(document._id, document);
      held.set(document._id, subject);
      return subject;
    },
    putSeries(changes) {
      for (const subject of held.values()) {
        const series = new Map(changes.get(subject.subject)?.map((one) => [one.n, one]));
        if (series.size > 0) put({ ...subject, series: subject.series.map((one) => series.get(one.n) ?? one) });
      }
    },
    async flush(pause) {
      const writes: AnyBulkWriteOperation<SubjectDocument>[] = [];
      for (const subject of [...changed].flatMap((id) => held.get(id) ?? [])) {
        const document = await runWithPauses(documentOf(subject), pause);
        await restIfDue(pause);
        writes.push(...writeOf(kept.get(document._id), document));
        kept.set(document._id, document);
      }
      await bulkWrite(subjects, writes, { session });
      changed.clear();
    },
  };
}

/** Writes only changed members, so that the indexes of the others need no update. */
function writeOf(
  before: SubjectDocument | undefined,
  document: SubjectDocument,
): readonly AnyBulkWriteOperation<SubjectDocument>[] {
  if (!before) return [{ insertOne: { document } }];
  const [old, next] = [new Map(membersOf(before)), new Map(membersOf(document))];
  const set = [...next].filter(([name, value]) => !isDeepStrictEqual(value, old.get(name)));
  const unset = [...old.keys()].filter((name) => !next.has(name));
  const update: Document = {
    ...(set.length === 0 ? undefined : { $set: Object.fromEntries(set) }),
    ...(unset.length === 0 ? undefined : { $unset: Object.fromEntries(unset.map((name) => [name, ''])) }),
  };
  return Object.keys(update).length === 0 ? [] : [{ updateOne: { filter: { _id: document._id }, update } }];
}

const membersOf = (document: SubjectDocument): readonly (readonly [string, unknown])[] =>
  Object.entries<unknown>({ ...document });

/** The subject of a document. */
function subjectIn({ _id, subject, types, series, num, version, doc }: SubjectDocument): Subject {
  const known = { id: _id, subject, types, series };
  if (num === undefined || version === undefined || doc === undefined) return known;
  return { ...known, present: presentIn({ num, version, doc }) };
}

/** The entity is parsed on first use. */
function presentIn(kept: Omit<Present, 'entity'>): Present {
  let entity: Present['entity'] | undefined;
  return {
    ...kept,
    get entity() {
      return (entity ??= entityIn(kept.doc));
    },
  };
}
