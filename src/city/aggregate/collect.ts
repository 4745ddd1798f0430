/** Collects what each subject contributes to a period, from the present entities and their histories. */
import type { Interval } from '../../core/model/instant.ts';
import { asNumber, entitiesOf, type ReadingPlace, valuesOf } from '../definition/read-values.ts';
import type { AggregateJob } from './aggregate-job.ts';

/** What a subject contributes. `subject`: its id. */
export interface Contribution {
  readonly subject: string;
  readonly groups: readonly string[];
  readonly value: number;
}

/** The group of entities that do not tell theirs. */
const unknownGroup = 'unknown';

/** Throws TooManyResults when the job has too many entities, or one of them too many values. */
export async function collect(
  job: AggregateJob,
  period: Interval,
  place: ReadingPlace,
): Promise<readonly Contribution[]> {
  const members = new Map<string, Omit<Contribution, 'value'>>();
  for await (const entity of entitiesOf(job.source.filter, place))
    members.set(entity.id, {
      subject: job.subjectOf(entity),
      groups: job.groups.map((group) => group.of(entity) ?? unknownGroup),
    });
  const { attributeIris, reduction } = job;
  const plan = { attributeIris, reduction, period, numberOf: asNumber };
  const subjects = new Map<string, { groups: readonly string[]; sum: number; count: number }>();
  for await (const { id, value } of valuesOf([...members.keys()], plan, place)) {
    const { subject = id, groups = [] } = members.get(id) ?? {};
    const known = subjects.get(subject) ?? { groups, sum: 0, count: 0 };
    subjects.set(subject, { ...known, sum: known.sum + value, count: known.count + 1 });
  }
  const isAdded = reduction === 'increase' || reduction === 'sum';
  return [...subjects].map(([subject, { groups, sum, count }]) => ({
    subject,
    groups,
    value: isAdded ? sum : sum / count,
  }));
}
