/** Finds the instances of histories that name a subject, and all of the subject's own, and erases them. */
import type { HistoricInstance } from '../../../core/model/history.ts';
import { dayOf, summariesIn } from '../../../core/model/rollup.ts';
import { redactInstance } from '../../../core/model/subject/redact.ts';
import type { SubjectFinding, SubjectFindings, SubjectSlice } from '../../../core/port/subject.ts';
import { withDatabase } from '../connection.ts';
import { allKeys, instanceIn, rewriting, rowsIn } from '../history/bucket.ts';
import type { Row } from '../own-text.ts';
import type { BucketDocument, BucketKey, RollupDocument, SubjectDocument } from '../schema.ts';
import type { UnitOfWork } from '../writer/unit-of-work.ts';
import type { SubjectContext } from './context.ts';

/** Buckets that one slice looks at. */
const bucketsMax = 500;

/** Buckets that one transaction erases in. */
const erasedMax = 50;

const first: BucketKey = { s: -1, n: 0, from: 0 };

export async function historySlice(context: SubjectContext, { erases, after }: SubjectSlice): Promise<SubjectFindings> {
  const { history } = context.collections;
  const start = after === undefined ? first : keyIn(after);
  const named = await withDatabase(namedSubjects(context));
  const behind = { _id: { $gt: start } };
  const options = { sort: { _id: 1 }, skip: bucketsMax, limit: 1, projection: { _id: 1 } } as const;
  const [end] = await withDatabase(history.find(behind, options).toArray());
  const either = [
    { rows: context.mayName },
    { '_id.s': { $in: named.filter(({ _id }) => context.isNamed(_id)).map(({ subject }) => subject) } },
    ...named.flatMap(({ subject, series }) =>
      series
        .filter(({ dataset }) => dataset !== undefined && context.isNamed(dataset))
        .map(({ n }) => ({ '_id.s': subject, '_id.n': n })),
    ),
  ];
  const range = { _id: { $gt: start, ...(end ? { $lte: end._id } : undefined) } };
  const rows = history.find({ ...range, $or: either }, { sort: { _id: 1 }, limit: erasedMax });
  const buckets = await withDatabase(rows.toArray());
  const found = await findings(context, buckets);
  if (erases) await erase(context, buckets);
  const last = buckets.length === erasedMax ? buckets.at(-1)?._id : end?._id;
  return { found, ...(last === undefined ? undefined : { next: JSON.stringify(last) }) };
}

/** The subjects of which the id or a dataset names the subject. */
const namedSubjects = ({ collections, mayName }: SubjectContext): Promise<readonly SubjectDocument[]> =>
  collections.subjects.find({ $or: [{ _id: mayName }, { 'series.dataset': mayName }] }).toArray();

function keyIn(text: string): BucketKey {
  const key: unknown = JSON.parse(text);
  return isKey(key) ? key : first;
}

/** A type assertion: this file wrote the value. */
const isKey = (value: unknown): value is BucketKey => typeof value === 'object' && value !== null && 's' in value;

async function findings(
  context: SubjectContext,
  buckets: readonly BucketDocument[],
): Promise<readonly SubjectFinding[]> {
  const numbers = [...new Set(buckets.map(({ _id }) => _id.s))];
  const owners = await withDatabase(context.collections.subjects.find({ subject: { $in: numbers } }).toArray());
  const bySubject = new Map(owners.map((owner) => [owner.subject, owner]));
  return buckets.flatMap((bucket) => {
    const owner = bySubject.get(bucket._id.s);
    const series = owner?.series.find(({ n }) => n === bucket._id.n);
    if (!owner || !series) return [];
    return rowsIn(bucket)
      .map((row) => instanceIn(bucket._id, row))
      .filter((instance) => left(instance, owner, context) !== instance)
      .map((instance): SubjectFinding => ({ place: 'history', id: owner._id, name: series.name, instance }));
  });
}

/** What is left of an instance in the history of an entity. Undefined: nothing. */
const left = <Kept extends Omit<HistoricInstance, 'instanceId'>>(
  instance: Kept,
  { _id }: Pick<SubjectDocument, '_id'>,
  { isNamed }: SubjectContext,
): Kept | undefined => (isNamed(_id) ? undefined : redactInstance(instance, isNamed));

async function erase(context: SubjectContext, buckets: readonly BucketDocument[]): Promise<void> {
  for (const { _id } of buckets) {
    const [owner] = await withDatabase(context.collections.subjects.find({ subject: _id.s }).toArray());
    if (owner) await context.writer.send({ ids: [owner._id], run: (work) => eraseIn(work, _id, { context, owner }) });
  }
}

/** The bucket is read again, because it may have changed since it was found. */
async function eraseIn(
  work: UnitOfWork,
  _id: BucketKey,
  { context, owner }: { readonly context: SubjectContext; readonly owner: SubjectDocument },
): Promise<void> {
  await work.flush();
  const { session, collections } = work;
  const bucket = await collections.history.findOne({ _id }, { session });
  const subject = work.get(owner._id);
  if (!bucket || !subject) return;
  const rows = rowsIn(bucket);
  const rest = rows.flatMap(([at, number, instance]): readonly Row[] => {
    const kept = left(instance, owner, context);
    return kept ? [[at, number, kept]] : [];
  });
  const key = { s: _id.s, n: _id.n };
  await collections.history.bulkWrite([...rewriting(key, bucket, rest)], { session });
  work.put(
    work.history.disturb(
      subject,
      _id.n,
      rows.map(([at]) => dayOf(at)),
    ),
  );
}

/** The rollups of the subject's own histories. They are erased at `rest`. */
export async function rollupSlice(context: SubjectContext): Promise<SubjectFindings> {
  const own = (await namedSubjects(context)).filter(({ _id, series }) => context.isNamed(_id) && series.length > 0);
  const found: SubjectFinding[] = [];
  for (const owner of own) {
    const leaves = owner.series.map(({ n }) => ({ _id: allKeys({ s: owner.subject, n }) }));
    for (const leaf of await context.collections.rollups.find({ $or: leaves }).toArray())
      found.push(...rollupsIn(leaf, owner));
  }
  return { found };
}

function rollupsIn(
  { _id, days = [] }: RollupDocument,
  { _id: id, series }: SubjectDocument,
): readonly SubjectFinding[] {
  const { name = '', dataset } = series.find(({ n }) => n === _id.n) ?? {};
  const datasetId = dataset === undefined ? undefined : { datasetId: dataset };
  return days.map(({ whole }) => ({
    place: 'rollup',
    id,
    name,
    ...datasetId,
    summaries: whole ? summariesIn(whole) : [],
  }));
}
