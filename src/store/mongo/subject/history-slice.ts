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
  const named = await withDatabase(allNamed(context));
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

/** Matches the entities of which the id or a dataset may name the subject. */
const mayBeNamed = ({ mayName }: SubjectContext) => ({ $or: [{ _id: mayName }, { 'series.dataset': mayName }] });

/** Entities that one slice looks at. */
const subjectsMax = 500;

/** Some of the entities of which the id or a dataset may name the subject, and the `next` of the slice. */
export async function subjectsNaming(
  context: SubjectContext,
  after = '',
): Promise<{ readonly found: readonly SubjectDocument[]; readonly next?: { readonly next: string } }> {
  const behind = { _id: { $gt: after }, ...mayBeNamed(context) };
  const options = { sort: { _id: 1 }, limit: subjectsMax, projection: { doc: 0, values: 0, places: 0 } } as const;
  const found = await context.collections.subjects.find(behind, options).toArray();
  const last = found.length === subjectsMax ? found.at(-1) : undefined;
  return { found, ...(last ? { next: { next: last._id } } : undefined) };
}

type NamedSubject = Pick<SubjectDocument, '_id' | 'subject' | 'series'>;

/** All entities of which the id or a dataset names the subject. Those whose ids only contain its id are left out one by one. */
async function allNamed(context: SubjectContext): Promise<readonly NamedSubject[]> {
  const { isNamed, collections } = context;
  const named: NamedSubject[] = [];
  const projection = { subject: 1, 'series.n': 1, 'series.dataset': 1 } as const;
  for await (const one of collections.subjects.find<NamedSubject>(mayBeNamed(context), { projection }))
    if (isNamed(one._id) || one.series.some(({ dataset }) => dataset !== undefined && isNamed(dataset)))
      named.push(one);
  return named;
}

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
export async function rollupSlice(context: SubjectContext, after: string | undefined): Promise<SubjectFindings> {
  const { found: subjects, next } = await subjectsNaming(context, after);
  const own = subjects.filter(({ _id, series }) => context.isNamed(_id) && series.length > 0);
  const found: SubjectFinding[] = [];
  for (const owner of own) {
    const leaves = owner.series.map(({ n }) => ({ _id: allKeys({ s: owner.subject, n }) }));
    for (const leaf of await context.collections.rollups.find({ $or: leaves }).toArray())
      found.push(...rollupsIn(leaf, owner));
  }
  return { found, ...next };
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
