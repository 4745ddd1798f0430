/** Looks through a tenant's database for what names a subject, and erases it: one slice at a time. */
import { isObject, parseJson } from '../../../core/model/json.ts';
import { erasedName, redactChange, redactEntity, withoutNamed } from '../../../core/model/subject/redact.ts';
import { type Named, namedBy, needlePattern } from '../../../core/model/subject/named.ts';
import { packChange, unpackChange } from '../../../core/model/packed-change.ts';
import { documentIn } from '../../../core/port/document-collection.ts';
import type { SubjectFinding, SubjectFindings, SubjectSlice } from '../../../core/port/subject.ts';
import { withDatabase } from '../connection.ts';
import { entityIn, logRestIn } from '../own-text.ts';
import type { Collections, LogDocument, StoredDocument } from '../schema.ts';
import { allKeys } from '../history/bucket.ts';
import type { Subject } from '../subject-document.ts';
import type { UnitOfWork } from '../writer/unit-of-work.ts';
import type { Writer } from '../writer/writer.ts';
import type { SubjectContext } from './context.ts';
import { historySlice, rollupSlice, subjectsNaming } from './history-slice.ts';

export function createSubjectWork(
  collections: Collections,
  writer: Writer,
): (slice: SubjectSlice) => Promise<SubjectFindings> {
  return (slice) => {
    const { id, place, after } = slice;
    const context = { collections, writer, isNamed: namedBy(id), mayName: needlePattern(id) };
    switch (place) {
      case 'entity':
        return withDatabase(entitySlice(context, after));
      case 'document':
        return withDatabase(documentSlice(context, after));
      case 'history':
        return historySlice(context, slice);
      case 'rollup':
        return withDatabase(rollupSlice(context, after));
      case 'log':
        return logSlice(context, slice);
      case 'rest':
        return slice.erases ? eraseRest(context, after) : Promise.resolve({ found: [] });
    }
  };
}

/** Documents that one slice looks at. */
const documentsMax = 500;

async function entitySlice({ collections, isNamed, mayName }: SubjectContext, after = '-1'): Promise<SubjectFindings> {
  const { subjects } = collections;
  const behind = { num: { $gt: Number(after) } };
  const [end] = await subjects.find(behind, { sort: { num: 1 }, skip: documentsMax, limit: 1 }).toArray();
  const range = { num: { $gt: Number(after), ...(end?.num === undefined ? undefined : { $lte: end.num }) } };
  const found = await subjects.find({ ...range, doc: mayName }, { sort: { num: 1 } }).toArray();
  const entities = found.flatMap(({ doc }): readonly SubjectFinding[] => {
    const entity = entityIn(doc ?? '');
    const isNaming = isNamed(entity.id) || redactEntity(entity, isNamed) !== entity;
    return isNaming ? [{ place: 'entity', entity }] : [];
  });
  return { found: entities, ...(end?.num === undefined ? undefined : { next: String(end.num) }) };
}

async function documentSlice(
  { collections: { documents }, isNamed, mayName }: SubjectContext,
  after?: string,
): Promise<SubjectFindings> {
  const start = after === undefined ? firstDocument : documentKeyIn(after);
  const ends = documents.find({ _id: { $gt: start } }, { sort: { _id: 1 }, skip: documentsMax, limit: 1 });
  const [end] = await ends.project<{ _id: DocumentKey }>({ _id: 1 }).toArray();
  const either = { $or: [{ doc: mayName }, { '_id.key': mayName }, { '_id.shelf': mayName }] };
  const range = { _id: { $gt: start, ...(end ? { $lte: end._id } : undefined) } };
  const found = await documents.find({ ...range, ...either }, { sort: { _id: 1 } }).toArray();
  return {
    ...(end ? { next: JSON.stringify(end._id) } : undefined),
    found: found.flatMap(({ _id: { shelf, key }, doc }): readonly SubjectFinding[] => {
      const document = documentIn(doc);
      const isNaming = isNamed(shelf) || isNamed(key) || withoutNamed(document, isNamed) !== document;
      return isNaming ? [{ place: 'document', collection: shelf, key, document }] : [];
    }),
  };
}

type DocumentKey = StoredDocument['_id'];

const firstDocument: DocumentKey = { shelf: '', key: '' };

function documentKeyIn(text: string): DocumentKey {
  const key = parseJson(text);
  const { shelf, key: own } = isObject(key) ? key : {};
  if (typeof shelf === 'string' && typeof own === 'string') return { shelf, key: own };
  throw new Error(`This is not a key of a document: ${text.slice(0, 200)}`);
}

/** Records are written again without what names the subject. Their positions stay. */
async function logSlice(context: SubjectContext, { erases, after = '0' }: SubjectSlice): Promise<SubjectFindings> {
  const { collections, writer, isNamed, mayName } = context;
  const { log } = collections;
  const start = Number(after);
  const range = { _id: { $gt: start, $lte: start + documentsMax } };
  const state = await withDatabase(collections.state.findOne({ _id: 'state' }));
  const rows = await withDatabase(
    log.find({ ...range, $or: [{ doc: mayName }, { rest: mayName }] }, { sort: { _id: 1 } }).toArray(),
  );
  const naming = rows.filter((row) => isNaming(row, isNamed));
  if (erases && naming.length > 0)
    await writer.send({
      ids: [],
      run: async ({ session }) => {
        for (const row of naming) {
          const written = redacted(row, isNamed);
          await log.updateOne({ _id: row._id }, { $set: written }, { session });
        }
      },
    });
  const next = start + documentsMax;
  return {
    found: naming.map((row) => ({ place: 'log', record: { position: row._id, ...changeIn(row) } })),
    ...(next < (state?.position ?? 0) ? { next: String(next) } : undefined),
  };
}

const isNaming = ({ doc, rest }: LogDocument, isNamed: Named): boolean =>
  [doc, rest].some((text) => {
    const json = parseJson(text);
    return withoutNamed(json, isNamed) !== json;
  });

const changeIn = ({ at, doc, rest }: LogDocument) => unpackChange({ at, ...logRestIn(rest) }, entityIn(doc));

function redacted(row: LogDocument, isNamed: Named): Pick<LogDocument, 'doc' | 'rest'> {
  const change = redactChange(changeIn(row), isNamed);
  const { at: _at, ...rest } = packChange(change);
  return { doc: JSON.stringify(change.entity), rest: JSON.stringify(rest) };
}

/** Removes entities that are not there any more, and renames datasets that have no instances since they were erased. */
async function eraseRest(context: SubjectContext, after: string | undefined): Promise<SubjectFindings> {
  const { writer, isNamed } = context;
  const { found, next } = await withDatabase(subjectsNaming(context, after));
  for (const { _id } of found)
    await writer.send({
      ids: [_id],
      run: async (work) => {
        const subject = work.get(_id);
        if (!subject) return;
        if (isNamed(_id) && !subject.present) {
          await removeGone(work, subject);
          return;
        }
        const series = subject.series.map((one) =>
          one.dataset !== undefined && isNamed(one.dataset) ? { ...one, dataset: erasedName(one.n) } : one,
        );
        work.put({ ...subject, series });
      },
    });
  return { found: [], ...next };
}

/** Deletes an entity that is not there any more, with its rollups: they are all that is left of its history. */
async function removeGone({ collections, session }: UnitOfWork, { id, subject, series }: Subject): Promise<void> {
  const leaves = series.map(({ n }) => ({ _id: allKeys({ s: subject, n }) }));
  if (leaves.length > 0) await collections.rollups.deleteMany({ $or: leaves }, { session });
  await collections.subjects.deleteOne({ _id: id }, { session });
}
