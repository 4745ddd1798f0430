/** The audit of all tenants and brokers in MongoDB: one collection in the database of the default tenant. */
import type { Collection } from 'mongodb';
import {
  type AuditLine,
  auditLineIn,
  auditLineJson,
  auditTermsOf,
  redactAuditLine,
} from '../../core/model/audit-line.ts';
import type { JsonObject } from '../../core/model/json.ts';
import { namedBy, needlePattern } from '../../core/model/subject/named.ts';
import type { AuditSubjectLines, AuditSubjectSlice, AuditTrail } from '../../core/port/audit.ts';
import { withDatabase } from './connection.ts';

export interface AuditDocument {
  /** The id of the line. */
  readonly _id: string;
  readonly tenant: string;
  readonly terms: readonly string[];
  /** Absent: the line is not of those that `readsMax` limits. */
  readonly isRead?: true;
  readonly line: JsonObject;
}

/** Makes the indexes when the collection is used first, so that a broker without an audit has none. */
export function createAuditTrail(collection: Collection<AuditDocument>): AuditTrail {
  let indexed: Promise<unknown> | undefined;
  const opened = async (): Promise<Collection<AuditDocument>> => {
    indexed ??= collection.createIndexes([
      { key: { tenant: 1, terms: 1, _id: -1 } },
      { key: { tenant: 1, _id: -1 } },
      { key: { isRead: 1, _id: -1 }, partialFilterExpression: { isRead: true } },
    ]);
    // An attempt that failed is repeated at the next use.
    indexed.catch(() => (indexed = undefined));
    await withDatabase(indexed);
    return collection;
  };
  return {
    append: (lines) => withDatabase(append(opened, lines)),
    find: async ({ tenant, terms, from, below, limit }) => {
      const ids = { ...(from === undefined ? {} : { $gte: from }), ...(below === undefined ? {} : { $lt: below }) };
      const filter = {
        tenant,
        ...(terms.length === 0 ? {} : { terms: { $all: [...terms] } }),
        ...(Object.keys(ids).length === 0 ? {} : { _id: ids }),
      };
      const found = (await opened()).find(filter).sort({ _id: -1 }).limit(limit).maxTimeMS(longestMs);
      return (await withDatabase(found.toArray())).flatMap(({ line }) => auditLineIn(line) ?? []);
    },
    subject: async (slice) => subjectSlice(await opened(), slice),
    prune: async ({ below, readsMax }) => {
      const lines = await opened();
      const old = await withDatabase(lines.deleteMany({ _id: { $lt: below } }));
      const [first] = await withDatabase(
        lines.find({ isRead: true }).sort({ _id: -1 }).skip(readsMax).limit(1).project({ _id: 1 }).toArray(),
      );
      if (!first) return old.deletedCount;
      const reads = await withDatabase(lines.deleteMany({ isRead: true, _id: { $lte: String(first['_id']) } }));
      return old.deletedCount + reads.deletedCount;
    },
  };
}

/** The longest time of a search. */
const longestMs = 10_000;

/** Upserts, because lines of a call that failed may be kept already. */
async function append(opened: () => Promise<Collection<AuditDocument>>, lines: readonly AuditLine[]): Promise<void> {
  if (lines.length === 0) return;
  const writes = lines.map(documentOf).map(({ _id, ...document }) => ({
    updateOne: { filter: { _id }, update: { $setOnInsert: document }, upsert: true },
  }));
  await (await opened()).bulkWrite(writes, { ordered: false });
}

const documentOf = (line: AuditLine): AuditDocument => ({
  _id: line.id,
  tenant: line.tenant,
  terms: auditTermsOf(line),
  ...(line.isRead ? { isRead: true } : undefined),
  line: auditLineJson(line),
});

/** Lines that one slice changes. */
const linesMax = 1000;

async function subjectSlice(
  lines: Collection<AuditDocument>,
  { tenant, id, erases, after = '' }: AuditSubjectSlice,
): Promise<AuditSubjectLines> {
  const isNamed = namedBy(id);
  const mayName = needlePattern(id);
  const either = { $or: [{ 'line.principal': mayName }, { 'line.entity': mayName }, { 'line.resource': mayName }] };
  const options = { sort: { _id: 1 }, limit: linesMax } as const;
  const documents = await withDatabase(lines.find({ tenant, _id: { $gt: after }, ...either }, options).toArray());
  const found: AuditLine[] = [];
  for (const line of documents.flatMap((one) => auditLineIn(one.line) ?? [])) {
    const redacted = redactAuditLine(line, isNamed);
    if (redacted === line) continue;
    found.push(line);
    const written = { terms: auditTermsOf(redacted), line: auditLineJson(redacted) };
    if (erases) await withDatabase(lines.updateOne({ _id: line.id }, { $set: written }));
  }
  const last = documents.length === linesMax ? documents.at(-1)?._id : undefined;
  return { lines: found, ...(last === undefined ? undefined : { next: last }) };
}
