/** Approves and carries out aggregate jobs: releases each period once it is over, in order, and never twice. */
import { createHmac } from 'node:crypto';
import { type Identity, local } from '../../core/access/identity.ts';
import type { Entity } from '../../core/model/entity.ts';
import { type Instant, instantOf, type Interval, microsOfInstant } from '../../core/model/instant.ts';
import { isObject, type Json, sameJson } from '../../core/model/json.ts';
import { Problem } from '../../core/model/problem.ts';
import type { Services } from '../../core/operation/operation.ts';
import type { Store } from '../../core/port/store.ts';
import type { JobPlan, Work } from '../job/job.ts';
import { Definition, valuesOf } from '../definition/definition.ts';
import type { ModelNames } from '../definition/names.ts';
import { periodAt } from '../definition/periods.ts';
import { type AggregateJob, definingTerms, readAggregateJob } from './aggregate-job.ts';
import { collect } from './collect.ts';
import {
  type Approval,
  listApprovals,
  openReleaseHistory,
  putApproval,
  putReleaseHistory,
  putReport,
  readApproval,
  reportJson,
} from './documents.ts';
import { release } from './protection/release.ts';
import { publish } from './publish.ts';

/** A tenant with its store. */
interface Place {
  readonly tenant: string;
  readonly store: Store;
}

export interface Aggregates {
  /**
   * Approves the present definition of a job, which the broker then carries out with the rights of the owner. Throws ResourceNotFound,
   * BadRequestData for a definition that cannot be read, and Forbidden when the owner may not write into the target.
   */
  approve(id: string, place: Place, owner: Identity | undefined): Promise<Approval>;
  /** Releases the periods of one job that are over. The result tells how many, or why it failed. */
  run(id: string, place: Place): Promise<Approval>;
  /** The same for all jobs of a tenant. Returns a summary; undefined when nothing was due. */
  runAll(place: Place): Promise<string | undefined>;
}

/** The periodic jobs that release what is due: each minute in the tenants in use, each hour in all. */
export function aggregatePlans(aggregates: Aggregates): readonly JobPlan[] {
  const about = 'publishes depersonalised aggregates of the periods that are over';
  const work: Work = (store, tenant) => aggregates.runAll({ store, tenant });
  return [
    { name: 'aggregates', about, cron: '15 * * * * *', work },
    { name: 'aggregates-all', about, cron: '0 5 * * * *', work, isInAllTenants: true },
  ];
}

export interface AggregateServices {
  readonly services: Services;
  readonly names: ModelNames;
}

/** Most periods that one run releases: the next run releases more. */
const periodsMax = 200;

export function createAggregates(parts: AggregateServices): Aggregates {
  // Runs follow one another, so that each sees what the one before has released.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = last.then(work, work);
    last = result.catch(() => undefined);
    return result;
  };
  const run = (id: string, place: Place): Promise<Approval> => inTurn(() => runJob(id, place, parts));
  return {
    approve: (id, place, owner) => inTurn(() => approve(id, { place, owner, parts })),
    run,
    async runAll(place) {
      const done: string[] = [];
      for (const [id, before] of await listApprovals(place.store)) {
        const { lastRun } = await run(id, place);
        if (lastRun && lastRun.releases > 0) done.push(`released ${lastRun.releases} periods of ${id}`);
        if (lastRun?.problem !== undefined && lastRun.problem !== before.lastRun?.problem)
          done.push(`${id}: ${lastRun.problem}`);
      }
      return done.length === 0 ? undefined : done.join('; ');
    },
  };
}

/** The definition of a job as its entity says it now. Throws ResourceNotFound. */
async function readDefinition(
  id: string,
  { store }: Place,
  { services, names }: AggregateServices,
): Promise<Definition> {
  const entity: Entity | undefined = (await store.get(id, services.clock.now()))?.entity();
  if (!entity || !entity.types.some((type) => names.typesOf('AggregateJob').iris.includes(type)))
    throw new Problem('ResourceNotFound', `There is no AggregateJob ${id}.`);
  return new Definition(entity, names.termsOf('aggregate'));
}

async function approve(
  id: string,
  {
    place,
    owner,
    parts,
  }: { readonly place: Place; readonly owner: Identity | undefined; readonly parts: AggregateServices },
): Promise<Approval> {
  const { services, names } = parts;
  const definition = await readDefinition(id, place, parts);
  const job = await readAggregateJob(definition, { names, tenant: place.tenant, contexts: services.contexts });
  requireRights(job, place, { services, owner });
  // A client that asks for results before there are any gets none, and no error.
  await services.stores.open(job.target.tenant, true);
  const before = await readApproval(place.store, id);
  const approval: Approval = {
    ...(owner ? { owner } : undefined),
    approvedAt: services.clock.now(),
    definition: valuesOf(definition, definingTerms),
    ...(before?.releasedTo === undefined ? undefined : { releasedTo: before.releasedTo }),
  };
  await putApproval(place.store, id, approval);
  return approval;
}

/** The owner needs all rights on the source, and may write everything into the target. */
function requireRights(
  { target }: AggregateJob,
  { tenant }: Place,
  { services: { access }, owner }: { readonly services: Services; readonly owner: Identity | undefined },
): void {
  if (access.isOpen) return;
  const principal = owner && access.principalOfOwner(owner);
  const mayRead = principal?.rights('administer', tenant).extent === 'full';
  if (!mayRead)
    throw new Problem(
      'Forbidden',
      'Who approves an aggregate job needs the right to administer the tenant of its source.',
    );
  if (principal.rights('write', target.tenant).extent !== 'full')
    throw new Problem(
      'Forbidden',
      `Who approves an aggregate job needs the right to write into the tenant ${target.tenant}.`,
    );
}

interface Running extends AggregateServices {
  readonly place: Place;
  readonly job: AggregateJob;
  readonly owner: Identity;
  readonly now: Instant;
}

async function runJob(id: string, place: Place, parts: AggregateServices): Promise<Approval> {
  const approval = await readApproval(place.store, id);
  if (!approval) throw new Problem('Conflict', `Nobody has approved the aggregate job ${id}.`);
  const now = parts.services.clock.now();
  let { releasedTo } = approval;
  let releases = 0;
  const finish = async (problem?: string): Promise<Approval> => {
    const ran = { at: now, releases, ...(problem === undefined ? undefined : { problem }) };
    const done = { ...approval, ...(releasedTo === undefined ? undefined : { releasedTo }), lastRun: ran };
    if (releases > 0 || problem !== approval.lastRun?.problem) await putApproval(place.store, id, done);
    return done;
  };
  try {
    const running = await startRun(id, approval, { ...parts, place, now });
    await publishPending(running);
    for (const period of duePeriods(running.job, { ...approval, now })) {
      await releasePeriod(period, running);
      releasedTo = period.to;
      releases += 1;
    }
    return await finish();
  } catch (cause) {
    return finish(cause instanceof Error ? cause.message : String(cause));
  }
}

async function startRun(id: string, approval: Approval, parts: Omit<Running, 'job' | 'owner'>): Promise<Running> {
  const { services, names, place } = parts;
  const definition = await readDefinition(id, place, parts);
  if (!sameJson(valuesOf(definition, definingTerms), approval.definition))
    throw new Problem('Conflict', 'The definition was changed after it was approved: it needs another approval.');
  const job = await readAggregateJob(definition, { names, tenant: place.tenant, contexts: services.contexts });
  requireRights(job, place, { services, owner: approval.owner });
  return { ...parts, job, owner: approval.owner ?? local };
}

/** The periods that are over and not yet released, the oldest first. */
function duePeriods(
  { periods, delay, startAt }: AggregateJob,
  { releasedTo, approvedAt, now }: Approval & { readonly now: Instant },
): readonly Interval[] {
  const present = microsOfInstant(now) - delay;
  const due: Interval[] = [];
  let period = periodAt(periods, releasedTo ?? startAt ?? microsOfInstant(approvedAt));
  while (period.to <= present && due.length < periodsMax) {
    due.push(period);
    period = periodAt(periods, period.to);
  }
  return due;
}

/** Jobs on attributes with the same local name share a release history, whatever @context they were written with. */
const historyKey = ({ attributeIris: [iri = ''] }: AggregateJob): string => /[^/#:]*$/.exec(iri)?.[0] ?? iri;

/**
 * The release is in the history before anything is published, and its report with it. After a crash the same report is published, so that
 * nobody sees two versions of a period.
 */
async function releasePeriod(period: Interval, running: Running): Promise<void> {
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
async function publishPending({ job, place, services, names, owner }: Running): Promise<void> {
  const { history, pending } = await openReleaseHistory(place.store, historyKey(job));
  const { [job.id]: report, ...others } = pending;
  if (!isObject(report)) return;
  await publish(job, report, { services, owner, irisOf: names.termsOf('aggregate') });
  await putReport(place.store, job.id, { from: textIn(report['from']), document: report });
  await putReleaseHistory(place.store, historyKey(job), { history, pending: others });
}

const textIn = (json: Json | undefined): string => (typeof json === 'string' ? json : '');
