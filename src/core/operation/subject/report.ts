/** The report on a subject: how much names it, by place, and what stays when it is erased. */
import type { JsonObject } from '../../model/json.ts';
import { eraserOf } from './erase.ts';
import { findAll, type Found, isOfGrants, type ReportPlace, reportPlaces } from './find.ts';
import type { SubjectContext } from './subject-context.ts';

/** Something that is not erased. */
export interface Remaining {
  readonly place: string;
  /** An id, or the path of a file. */
  readonly name?: string;
  readonly why: string;
}

export interface SubjectReport {
  /** The number of findings by place. */
  readonly counts: Readonly<Partial<Record<ReportPlace, number>>>;
  /** The ids of what is counted as an entity, subscription, registration or snapshot, or has a reference: some of them, if there are many. */
  readonly ids: Readonly<Partial<Record<ReportPlace, readonly string[]>>>;
  readonly remains: readonly Remaining[];
}

/** Ids that a report lists of each place. */
const idsMax = 100;

/** Counts the findings. */
export async function reportOn(context: SubjectContext): Promise<SubjectReport> {
  const counts: Partial<Record<ReportPlace, number>> = {};
  const ids: Partial<Record<ReportPlace, string[]>> = {};
  const remains: Remaining[] = [];
  for await (const found of findAll(context)) {
    counts[found.place] = (counts[found.place] ?? 0) + 1;
    const id = idOf(found);
    const listed = (ids[found.place] ??= []);
    if (id !== undefined && listed.length < idsMax && !listed.includes(id)) listed.push(id);
    const stays = remainingOf(found);
    if (stays && remains.length < idsMax) remains.push(stays);
  }
  return { counts, ids, remains: [...remains, ...(await backupsOf(context))] };
}

const listed: ReadonlySet<ReportPlace> = new Set(['entity', 'reference', 'subscription', 'registration', 'snapshot']);

function idOf({ place, data }: Found): string | undefined {
  const id = data['id'] ?? data['key'];
  return listed.has(place) && typeof id === 'string' ? id : undefined;
}

/** A document that erasing leaves: what it says is not about the subject only. */
function remainingOf({ place, data: { collection, key } }: Found): Remaining | undefined {
  if (place !== 'document' || typeof collection !== 'string' || eraserOf(collection)) return undefined;
  const why = isOfGrants(collection)
    ? 'A grant says who may do what. Delete or replace it yourself.'
    : `Documents of the collection ${collection} are not data about one subject. Look at it yourself.`;
  return {
    place: isOfGrants(collection) ? 'grant' : 'document',
    ...(typeof key === 'string' ? { name: key } : undefined),
    why,
  };
}

async function backupsOf({ id, services }: SubjectContext): Promise<readonly Remaining[]> {
  const files = (await services.subjectFiles?.backups(id)) ?? [];
  return files.map(({ path, takenAt, contains }) => ({
    place: 'backup',
    name: path,
    why: contains
      ? `This backup of ${takenAt} contains the id. Delete it, or make it again.`
      : `This backup of ${takenAt} does not contain the id in plain text. If it is compressed or encrypted, look into it yourself.`,
  }));
}

/** The files of the data folder that contain the text of the id after it was erased. */
export async function filesOf({ id, services }: SubjectContext): Promise<readonly Remaining[]> {
  const files = (await services.subjectFiles?.remaining(id)) ?? [];
  return files.map((path) => ({
    place: 'file',
    name: path,
    why: 'The file contains the text of the id: in a longer id, in something else that is listed here, or in space that an older version freed. Stop the broker and run mlaka compact for the last.',
  }));
}

/** The report as clients get it, with all places. */
export const reportJson = ({ counts, ids, remains }: SubjectReport): JsonObject => ({
  found: Object.fromEntries(reportPlaces.map((place) => [place, counts[place] ?? 0])),
  ids: Object.fromEntries(Object.entries(ids).filter(([, some]) => some.length > 0)),
  remains: remains.map((one) => ({ ...one })),
});
