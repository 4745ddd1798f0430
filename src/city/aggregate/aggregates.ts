/** Carries out aggregate jobs: releases each period once it is over, in order, and never twice. */
import { createHmac } from 'node:crypto';
import { instantOf, type Interval } from '../../core/model/instant.ts';
import { isObject, type Json } from '../../core/model/json.ts';
import { createApprovals } from '../definition/approval.ts';
import {
  type ApprovedWork,
  createApprovedWork,
  type DefinitionServices,
  type Running,
  type WorkKind,
  type WorkPlan,
} from '../definition/approved-work.ts';
import { type AggregateJob, definingTerms, readAggregateJob } from './aggregate-job.ts';
import { collect } from './collect.ts';
import { openReleaseHistory, putReleaseHistory, putReport, reportJson } from './documents.ts';
import { release } from './protection/release.ts';
import { publish } from './publish.ts';

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
  begin: publishPending,
  carryOut: releasePeriod,
};

export const createAggregates = (parts: DefinitionServices): ApprovedWork => createApprovedWork(kind, parts);

/** Jobs on attributes with the same local name share a release history, whatever @context they were written with. */
const historyKey = ({ attributeIris: [iri = ''] }: AggregateJob): string => /[^/#:]*$/.exec(iri)?.[0] ?? iri;

/**
 * The release is in the history before anything is published, and its report with it. After a crash the same report is published, so that
 * nobody sees two versions of a period.
 */
async function releasePeriod(period: Interval, running: Running<AggregateJob>): Promise<void> {
  const { job, place, now } = running;
  const document = await openReleaseHistory(place.store, historyKey(job));
  // After a crash the approval may not say yet what the history says.
  if (document.history.releases.some((one) => one.job === job.id && one.to >= period.to)) return;
  const contributions = await collect(job, period, { store: place.store, now, services: running.services });
  const pseudonymOf = (subject: string): string =>
    createHmac('sha256', document.history.salt).update(subject).digest('base64url').slice(0, 22);
  const reported = contributions.map((one) => ({ ...one, subject: pseudonymOf(one.subject) }));
  const { from, to } = period;
  const made = release({ job: job.id, from, to, measures: job.measures, rules: job.rules, reported }, document.history);
  const { totals, waiting, imputed, moved } = made;
  const report = reportJson({
    from: instantOf(from),
    to: instantOf(to),
    releasedAt: now,
    waiting,
    imputed,
    moved,
    totals,
  });
  const pending = { ...document.pending, [job.id]: report };
  await putReleaseHistory(place.store, historyKey(job), { history: made.history, pending });
  await publishPending(running);
}

/** Publishes a release that is in the history and perhaps not yet published. */
async function publishPending({ job, place, services, names, owner }: Running<AggregateJob>): Promise<void> {
  const { history, pending } = await openReleaseHistory(place.store, historyKey(job));
  const { [job.id]: report, ...others } = pending;
  if (!isObject(report)) return;
  await publish(job, report, { services, owner, irisOf: names.termsOf('aggregate') });
  await putReport(place.store, job.id, { from: textIn(report['from']), document: report });
  await putReleaseHistory(place.store, historyKey(job), { history, pending: others });
}

const textIn = (json: Json | undefined): string => (typeof json === 'string' ? json : '');
