/** The privacy reports of aggregates, in the tenant of the source. */
import type { Instant } from '../../core/model/instant.ts';
import { isArray, isObject, type Json, type JsonObject } from '../../core/model/json.ts';
import type { Store } from '../../core/port/store.ts';
import { jsonOf } from './json-of.ts';
import type { ReleasedTotal } from './protection/release.ts';

/** The name of the collection. */
const reportsCollection = 'aggregate-reports';

/** What was published of a period, and what was not. */
export interface Report {
  readonly from: Instant;
  readonly to: Instant;
  readonly releasedAt: Instant;
  readonly waiting: number;
  readonly imputed: number;
  readonly moved: number;
  readonly totals: readonly ReleasedTotal[];
  /** Why nothing was published. */
  readonly skipped?: 'tooOld';
}

/** Most reports of a job that are kept. */
const reportsMax = 1000;

const reportKey = (job: string, from: Instant): string => `${job} ${from}`;

export async function putReport(
  store: Store,
  job: string,
  report: { readonly from: Instant; readonly document: Json },
): Promise<void> {
  const collection = store.collection(reportsCollection);
  await collection.put(reportKey(job, report.from), report.document);
  const own = (await collection.keys()).filter((key) => key.startsWith(`${job} `));
  for (const key of own.slice(0, Math.max(0, own.length - reportsMax))) await collection.delete(key);
}

/** The newest reports of a job, the newest first. */
export async function listReports(store: Store, job: string, limit: number): Promise<readonly Json[]> {
  const collection = store.collection(reportsCollection);
  const own = (await collection.keys()).filter((key) => key.startsWith(`${job} `)).toReversed();
  const reports: Json[] = [];
  for (const key of own.slice(0, limit)) reports.push((await collection.get(key)) ?? null);
  return reports;
}

export const reportJson = ({ totals, ...report }: Report): JsonObject => ({
  ...report,
  totals: totals.map(({ path, subjects, measures, withheld }) => ({
    groups: [...path],
    subjects,
    ...(withheld === undefined ? { published: jsonOf(measures) } : { withheld }),
  })),
});

/** The totals of a report that are published. */
export function publishedIn(
  report: Json,
): readonly { readonly groups: readonly (string | null)[]; readonly measures: JsonObject }[] {
  const totals = isObject(report) ? report['totals'] : undefined;
  return (isArray(totals) ? totals : []).flatMap((total) => {
    const { groups, published } = isObject(total) ? total : {};
    if (!isArray(groups) || !isObject(published)) return [];
    return [{ groups: groups.map((one) => (typeof one === 'string' ? one : null)), measures: published }];
  });
}
