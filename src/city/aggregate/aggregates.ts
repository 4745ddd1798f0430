/** Carries out aggregate jobs: releases each period once it is over, in order, and never twice. */
import { instantOf, type Interval } from '../../core/model/instant.ts';
import type { Json } from '../../core/model/json.ts';
import { Problem } from '../../core/model/problem.ts';
import { createApprovals } from '../definition/approval.ts';
import {
  type ApprovedWork,
  createApprovedWork,
  type DefinitionServices,
  type Running,
  type WorkKind,
  type WorkPlan,
} from '../definition/approved-work.ts';
import { claimResults } from '../definition/result-name.ts';
import { type AggregateJob, definingTerms, readAggregateJob } from './aggregate-job.ts';
import { collect } from './collect.ts';
import { isTooOld, release } from './protection/release.ts';
import { pseudonymOf } from './pseudonyms.ts';
import { publish, resultsOf } from './publish.ts';
import { putReport, reportJson } from './reports.ts';
import { openHistory, pendingReport, putRelease, releasedTo, settle } from './stored-history.ts';

export const aggregatePlan: WorkPlan = {
  name: 'aggregates',
  about: 'publishes depersonalised aggregates of the periods that are over',
  second: 15,
  minute: 5,
};

const kind: WorkKind<AggregateJob> = {
  type: 'AggregateJob',
  family: 'aggregate',
  terms: definingTerms,
  approvals: createApprovals('aggregate-approvals'),
  read: readAggregateJob,
  claim: ({ id, writes }, { tenant }, { stores, clock }) =>
    claimResults({ tenant, id, target: writes, results: resultsOf(id) }, { stores, now: clock.now() }),
  begin: publishPending,
  carryOut: releasePeriod,
};

export const createAggregates = (parts: DefinitionServices): ApprovedWork => createApprovedWork(kind, parts);

/** Jobs on attributes with the same local name share a release history, whatever @context they were written with. */
const historyKey = ({ attributeIris: [iri = ''] }: AggregateJob): string => /[^/#:]*$/.exec(iri)?.[0] ?? iri;

/**
 * The release is in the history before anything is published, and its report with it. After a crash the same report is published, so that
 * nobody sees two versions of a period. Returns 'skipped' when nothing can be published of the period any more.
 */
async function releasePeriod(period: Interval, running: Running<AggregateJob>): Promise<'skipped' | undefined> {
  const { job, place, now, services } = running;
  const lease = services.stores.partitions.leaseTerm(0);
  if (!lease) throw new Problem('Conflict', 'Another broker on the same store runs the jobs.');
  const opened = await openHistory(place.store, historyKey(job), period);
  const { history } = opened;
  // After a crash the approval may not say yet what the history says.
  if ((releasedTo(opened, job.id) ?? Number.NEGATIVE_INFINITY) >= period.to) return undefined;
  const { from, to } = period;
  const times = { from: instantOf(from), to: instantOf(to), releasedAt: now };
  if (isTooOld({ from, rules: job.rules }, history)) {
    const report = reportJson({ ...times, waiting: 0, imputed: 0, moved: 0, totals: [], skipped: 'tooOld' });
    await putReport(place.store, job.id, { from: times.from, document: report });
    return 'skipped';
  }
  const contributions = await collect(job, period, { store: place.store, now, services });
  const reported = contributions.map((one) => ({ ...one, subject: pseudonymOf(history.salt, one.subject) }));
  const made = release({ job: job.id, from, to, measures: job.measures, rules: job.rules, reported }, history);
  const { totals, waiting, imputed, moved } = made;
  const report = reportJson({ ...times, waiting, imputed, moved, totals });
  await putRelease(place.store, opened, { history: made.history, report, lease });
  await publishPending(running);
  return undefined;
}

/** Publishes a release that is in the history and perhaps not yet published. */
async function publishPending({ job, place, services, names, owner }: Running<AggregateJob>): Promise<void> {
  const pending = await pendingReport(place.store, historyKey(job), job.id);
  if (!pending) return;
  const { report } = pending;
  await publish(job, report, { services, owner, irisOf: names.termsOf('aggregate') });
  await putReport(place.store, job.id, { from: textIn(report['from']), document: report });
  await settle(place.store, pending);
}

const textIn = (json: Json | undefined): string => (typeof json === 'string' ? json : '');
