/** Publishes a release: one entity for each group, with one instance for each period in its history. */
import type { Identity } from '../../core/access/identity.ts';
import type { Json, JsonObject } from '../../core/model/json.ts';
import type { Services } from '../../core/operation/operation.ts';
import type { IrisOf } from '../definition/definition.ts';
import { lastPart } from '../definition/result-name.ts';
import { writeEntities } from '../definition/write-entities.ts';
import type { AggregateJob } from './aggregate-job.ts';
import { publishedIn } from './reports.ts';

export interface Publishing {
  readonly services: Services;
  readonly owner: Identity;
  /** The terms of AggregateObserved. */
  readonly irisOf: IrisOf;
}

/** Writes the results into the tenant of the target. Throws the first Problem of a result that is refused. */
export const publish = (job: AggregateJob, report: JsonObject, publishing: Publishing): Promise<void> =>
  writeEntities(
    publishedIn(report).map((total) => resultEntity(job, { report, ...total }, publishing.irisOf)),
    { ...publishing, tenant: job.writes },
  );

interface ResultParts {
  readonly report: JsonObject;
  readonly groups: readonly (string | null)[];
  readonly measures: JsonObject;
}

function resultEntity(job: AggregateJob, { report, groups, measures }: ResultParts, irisOf: IrisOf): JsonObject {
  const { from: observedAt = '', to = '' } = report;
  const property = (value: Json, more: JsonObject = {}): JsonObject => ({ type: 'Property', value, ...more });
  const term = (name: string): string => irisOf(name)[0] ?? name;
  const dated = (value: Json): JsonObject => property({ '@type': 'DateTime', '@value': value }, { observedAt });
  const unit = job.target.unit === undefined ? {} : { unitCode: job.target.unit };
  return {
    id: resultId(job, groups),
    type: job.target.type,
    ...Object.fromEntries(
      groups.map((group, level) => [job.groups[level]?.iri ?? `group${level}`, property(group, { observedAt })]),
    ),
    [term('aggregatedAttribute')]: property(job.attribute, { observedAt }),
    [term('definedBy')]: property(job.id, { observedAt }),
    [term('minimumGroupSize')]: property(job.rules.k, { observedAt }),
    [term('dateObservedFrom')]: dated(observedAt),
    [term('dateObservedTo')]: dated(to),
    ...Object.fromEntries(
      Object.entries(measures).map(([name, value]) => [
        term(name),
        property(value, { ...(name === 'count' ? {} : unit), observedAt }),
      ]),
    ),
  };
}

/** The begin of the ids of all results of a job. */
export const resultsOf = (id: string): string => `urn:ngsi-ld:AggregateObserved:${lastPart(id)}:`;

/** The id of the results of a group: the last part of the id of the job, and the values of the groups. */
function resultId({ id }: AggregateJob, groups: readonly (string | null)[]): string {
  const parts = groups.length === 0 ? ['all'] : groups.map((group) => encodeURIComponent(group ?? ''));
  return resultsOf(id) + parts.join(':');
}
