/** Changes the history without a change of the entity: deletes series and instances, and replaces instances (clauses 5.6.13 to 5.6.16). */
import type { Document } from 'mongodb';
import { runSync } from '../../../core/model/interruptible.ts';
import { replacementOf } from '../../../core/model/history.ts';
import type { Instant } from '../../../core/model/instant.ts';
import { dayOf, rollupState } from '../../../core/model/rollup.ts';
import type { Revised, Revision } from '../../../core/port/store.ts';
import type { Row } from '../own-text.ts';
import type { BucketDocument, SeriesDocument } from '../schema.ts';
import type { Subject } from '../subject-document.ts';
import type { UnitOfWork } from '../writer/unit-of-work.ts';
import { allKeys, bucketAt, type Buckets, instanceIn, rewriting, rowsIn, type SeriesKey } from './bucket.ts';

/** Executes a revision. */
export async function revise(work: UnitOfWork, revision: Revision, at: Instant): Promise<Revised> {
  await work.flush();
  const subject = work.get(revision.id);
  if (!subject) return 'absent';
  switch (revision.op) {
    case 'deleteHistory':
      return doneIf(await deleteSeries(work, subject, () => true));
    case 'deleteSeries':
      return doneIf(await deleteSeries(work, subject, isMeant(revision)));
    default:
      return changeInstance(work, subject, { revision, at });
  }
}

const doneIf = (wasThere: boolean): Revised => (wasThere ? 'done' : 'absent');

const isMeant =
  ({ name, which }: Extract<Revision, { op: 'deleteSeries' }>) =>
  (series: SeriesDocument): boolean =>
    series.name === name && (which === 'all' || which.datasetId === series.dataset);

/** True when one of the series had instances or rollups. */
async function deleteSeries(
  work: UnitOfWork,
  subject: Subject,
  isGoing: (series: SeriesDocument) => boolean,
): Promise<boolean> {
  const going = subject.series.filter(isGoing).map(({ n }) => ({ _id: allKeys({ s: subject.subject, n }) }));
  const isThere = going.length > 0 && (await isAny(work, going));
  if (isThere) work.history.forget(subject, isGoing);
  return isThere;
}

/** True when there are instances, or rollups of deleted ones. */
async function isAny(
  { collections: { history, rollups }, session }: UnitOfWork,
  $or: readonly { readonly _id: Document }[],
): Promise<boolean> {
  const options = { session, projection: { _id: 1 } } as const;
  const instance = await history.findOne({ $or: [...$or] }, options);
  return (instance ?? (await rollups.findOne({ $or: [...$or], 'days.state': rollupState.kept }, options))) !== null;
}

const bucketsOf = ({ collections, session }: UnitOfWork) => ({ history: collections.history, session });

type OfInstance = Extract<Revision, { readonly instanceId: string }>;

interface Found {
  readonly key: SeriesKey;
  readonly bucket: BucketDocument;
  readonly row: Row;
}

async function changeInstance(
  work: UnitOfWork,
  subject: Subject,
  { revision, at }: { readonly revision: OfInstance; readonly at: Instant },
): Promise<Revised> {
  const buckets = bucketsOf(work);
  const found = await findInstance(buckets, subject, revision);
  if (!found) return 'absent';
  const { key, bucket, row } = found;
  const entry = revision.op === 'replaceInstance' ? replacementOf(instanceIn(key, row), revision, at) : undefined;
  if (typeof entry === 'string') return entry;
  const rest = rowsIn(bucket).filter(([, number]) => number !== row[1]);
  await buckets.history.bulkWrite([...rewriting(key, bucket, rest)], { session: work.session });
  const changed = work.history.disturb(subject, key.n, [dayOf(row[0])]);
  work.put(changed);
  if (entry) runSync(work.history.add(changed, [entry], () => work.nextNumber()));
  return 'done';
}

/** Series number and place in an id, in the form that `instanceIn` makes. */
const placeInId = /^urn:ngsi-ld:Instance:\d+-(\d+)-(-?\d+)-\d+$/;

/** Looks at the place in the id, and at the place to which the instance was moved. */
async function findInstance(
  buckets: Buckets,
  { subject, series }: Subject,
  { name, instanceId }: OfInstance,
): Promise<Found | undefined> {
  const ofName = series.filter((one) => one.name === name).map(({ n }) => ({ s: subject, n }));
  const [, n, at] = placeInId.exec(instanceId)?.map(Number) ?? [];
  const { history, session } = buckets;
  const named = ofName.filter((key) => key.n === n).map((key) => () => bucketAt(buckets, key, at ?? 0));
  const moved = ofName.map(
    (key) => () => history.findOne({ moved: instanceId, _id: allKeys(key) }, session ? { session } : {}),
  );
  // Sequential: a query that is still running at the end of the transaction fails.
  for (const look of [...named, ...moved]) {
    const bucket = await look();
    const key = bucket?._id;
    const row = bucket && key && rowsIn(bucket).find((one) => instanceIn(key, one).instanceId === instanceId);
    if (row) return { key: { s: key.s, n: key.n }, bucket, row };
  }
  return undefined;
}
