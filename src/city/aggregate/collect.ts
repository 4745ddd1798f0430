/** Collects what each subject contributes to a period, from the present entities and their histories. */
import type { EntityHistory } from '../../core/model/history.ts';
import type { Instant, Interval } from '../../core/model/instant.ts';
import { Problem } from '../../core/model/problem.ts';
import type { Services } from '../../core/operation/operation.ts';
import { tooManyInstances } from '../../core/port/histories.ts';
import type { Store } from '../../core/port/store.ts';
import type { AggregateJob } from './aggregate-job.ts';
import { reduce } from './reduce.ts';

/** What a subject contributes. `subject`: its id. */
export interface Contribution {
  readonly subject: string;
  readonly groups: readonly string[];
  readonly value: number;
}

export interface Collecting {
  readonly store: Store;
  readonly now: Instant;
  readonly services: Pick<Services, 'yieldToEventLoop' | 'limits'>;
}

/** Most entities of a job. */
const entitiesMax = 50_000;
const [entitiesPage, historiesPage] = [500, 100];

/** An increase begins at the last reading before the period, which is at most this much older. */
const readBeforeMicros = 26 * 3_600_000_000;

/** The group of entities that do not tell theirs. */
const unknownGroup = 'unknown';

/** Throws TooManyResults when the job has too many entities, or one of them too many values. */
export async function collect(
  job: AggregateJob,
  period: Interval,
  collecting: Collecting,
): Promise<readonly Contribution[]> {
  const members = await findMembers(job, collecting);
  const subjects = new Map<string, { groups: readonly string[]; sum: number; count: number }>();
  for await (const history of historiesOf([...members.keys()], { job, period, collecting })) {
    const member = members.get(history.id);
    const instances = job.attributeIris.map((iri) => history.attrs[iri]).find((found) => found !== undefined);
    const value = member && instances ? reduce(instances, job.reduction, period) : undefined;
    if (!member || value === undefined) continue;
    const known = subjects.get(member.subject) ?? { groups: member.groups, sum: 0, count: 0 };
    subjects.set(member.subject, { ...known, sum: known.sum + value, count: known.count + 1 });
  }
  const isAdded = job.reduction === 'increase' || job.reduction === 'sum';
  return [...subjects].map(([subject, { groups, sum, count }]) => ({
    subject,
    groups,
    value: isAdded ? sum : sum / count,
  }));
}

interface Member {
  readonly subject: string;
  readonly groups: readonly string[];
}

/** The subjects and groups of the present entities, by the ids of the entities. */
async function findMembers(
  job: AggregateJob,
  { store, now, services }: Collecting,
): Promise<ReadonlyMap<string, Member>> {
  const members = new Map<string, Member>();
  let after: number | undefined;
  for (;;) {
    const position = after === undefined ? {} : { after };
    const found = await store.find({ filter: job.source.filter, now, limit: entitiesPage, ...position });
    for (const stored of found) {
      const pause = services.yieldToEventLoop();
      if (pause) await pause;
      const entity = stored.entity();
      members.set(entity.id, {
        subject: job.subjectOf(entity),
        groups: job.groups.map((group) => group.of(entity) ?? unknownGroup),
      });
    }
    if (members.size > entitiesMax)
      throw new Problem('TooManyResults', `The job is about more than ${entitiesMax} entities; narrow its source.`);
    after = found.at(-1)?.cursor;
    if (found.length < entitiesPage) return members;
  }
}

async function* historiesOf(
  ids: readonly string[],
  { job, period: { from, to }, collecting }: { job: AggregateJob; period: Interval; collecting: Collecting },
): AsyncGenerator<EntityHistory> {
  const { store, now, services } = collecting;
  const isIncrease = job.reduction === 'increase';
  const temporal = {
    timerel: 'between',
    timeAt: isIncrease ? from - readBeforeMicros : from,
    // An increase ends with a reading at the end of the period.
    endTimeAt: isIncrease ? to + 1 : to,
    timeproperty: 'any',
  } as const;
  const plan = { now, temporal, attrs: job.attributeIris, datasetIds: ['@none'], limit: historiesPage };
  const limitInstances = services.limits.instancesMax;
  for (let start = 0; start < ids.length; start += historiesPage) {
    let left = ids.slice(start, start + historiesPage);
    while (left.length > 0) {
      const found = await store.history({ ...plan, filter: { selectors: [{ ids: left }] }, limitInstances });
      const whole = found.filter(({ truncated }) => !truncated);
      if (whole.length === 0 && found.length > 0) throw tooManyInstances(limitInstances);
      yield* whole;
      const read = new Set(whole.map(({ id }) => id));
      left = whole.length === found.length ? [] : left.filter((id) => !read.has(id));
    }
  }
}
