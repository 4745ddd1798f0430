/** The documents of aggregates in the tenant of the source: release histories and privacy reports. */
import { randomBytes } from 'node:crypto';
import type { Instant } from '../../core/model/instant.ts';
import { isArray, isObject, type Json, type JsonObject, parseJson } from '../../core/model/json.ts';
import type { Store } from '../../core/port/store.ts';
import { createReleaseHistory, type ReleaseHistory } from './protection/release-history.ts';
import { readReleaseHistory } from './protection/read-release-history.ts';
import type { ReleasedTotal } from './protection/release.ts';

/** The names of the collections. */
const historiesCollection = 'aggregate-release-histories';
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
}

/** The history, and the reports of releases that are in it but perhaps not yet published, by job. */
export interface ReleaseHistoryDocument {
  readonly history: ReleaseHistory;
  readonly pending: JsonObject;
}

export async function openReleaseHistory(store: Store, attribute: string): Promise<ReleaseHistoryDocument> {
  const document = await store.collection(historiesCollection).get(attribute);
  if (document === undefined)
    return { history: createReleaseHistory(randomBytes(16).toString('base64url')), pending: {} };
  const { history = null, pending = {} } = isObject(document) ? document : {};
  return { history: readReleaseHistory(history), pending: isObject(pending) ? pending : {} };
}

export const putReleaseHistory = (store: Store, attribute: string, document: ReleaseHistoryDocument): Promise<void> =>
  store.collection(historiesCollection).put(attribute, jsonOf(document));

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

/** Our own values are JSON but for absent members, which a copy leaves out. */
const jsonOf = (value: unknown): Json => parseJson(JSON.stringify(value));

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
