/** Publishes a release: one entity for each group, with one instance for each period in its history. */
import type { Identity } from '../../core/access/identity.ts';
import { isArray, isObject, type Json, type JsonObject } from '../../core/model/json.ts';
import { Problem } from '../../core/model/problem.ts';
import { upsertBatch } from '../../core/operation/batch/batch-operations.ts';
import type { Caller, Services } from '../../core/operation/operation.ts';
import { perform } from '../../core/operation/perform.ts';
import type { IrisOf } from '../definition/definition.ts';
import type { AggregateJob } from './aggregate-job.ts';
import { publishedIn } from './documents.ts';

export interface Publishing {
  readonly services: Services;
  readonly owner: Identity;
  /** The terms of AggregateObserved. */
  readonly irisOf: IrisOf;
}

/** Entities per request. */
const batchSize = 250;

/** Writes the results into the tenant of the target. Throws the first Problem of a result that is refused. */
export async function publish(job: AggregateJob, report: JsonObject, publishing: Publishing): Promise<void> {
  const entities = publishedIn(report).map((total) => resultEntity(job, { report, ...total }, publishing.irisOf));
  for (let start = 0; start < entities.length; start += batchSize)
    await writeEntities(entities.slice(start, start + batchSize), job.target.tenant, publishing);
}

/** Writes entities with expanded names, with the rights of an owner. Throws the first Problem of one that is refused. */
async function writeEntities(
  entities: readonly JsonObject[],
  tenant: string,
  { services, owner }: Pick<Publishing, 'services' | 'owner'>,
): Promise<void> {
  if (entities.length === 0) return;
  const principal = services.access.principalOfOwner(owner);
  const caller: Caller = { tenant, principal, context: services.contexts.core, media: 'json' };
  const request = { path: {}, params: { options: 'update' }, body: entities };
  const result = await perform(upsertBatch, request, { caller, services });
  if (result.kind === 'partly') throw new Problem('BadRequestData', firstErrorIn(result.body));
}

function firstErrorIn({ errors }: JsonObject): string {
  const first = isArray(errors) ? errors[0] : undefined;
  const { entityId = '', error } = isObject(first) ? first : {};
  const detail = isObject(error) ? error['detail'] : undefined;
  return `The result ${typeof entityId === 'string' ? entityId : ''} is refused: ${typeof detail === 'string' ? detail : 'for an unknown reason'}`;
}

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

/** The id of the results of a group: the last part of the id of the job, and the values of the groups. */
function resultId({ id }: AggregateJob, groups: readonly (string | null)[]): string {
  const name = id.slice(id.lastIndexOf(':') + 1);
  const parts = groups.length === 0 ? ['all'] : groups.map((group) => encodeURIComponent(group ?? ''));
  return `urn:ngsi-ld:AggregateObserved:${[name, ...parts].join(':')}`;
}
