/** Reads the approved aggregates of personal data: what each has published, and its privacy report (docs/aggregates.md). */
import { apiPath, call } from './api.ts';
import { readThing, textIn, type Thing } from './entity.ts';
import { isObject, listOf, memberOf, numberOf, textOf, textsOf } from './json.ts';
import { decoded } from './route.ts';

export interface AggregateJob {
  readonly id: string;
  readonly sourceType: string;
  readonly attribute: string;
  readonly period: string;
  readonly measures: readonly string[];
  readonly targetTenant: string;
  readonly targetType: string;
  readonly approvedAt: string;
  readonly releasedTo: string | undefined;
  readonly lastResult: string | undefined;
}

/** The type of results whose job names none. */
const observedType = 'https://smart-data-models.mlaka.si/aggregate/AggregateObserved';

export async function readAggregateJobs(): Promise<readonly AggregateJob[]> {
  return listOf(await call(apiPath('/aggregates'))).map((job) => {
    const definition = memberOf(job, 'definition');
    const text = (name: string): string => textOf(definition, name) ?? '';
    return {
      id: textOf(job, 'id') ?? '',
      sourceType: textsOf(memberOf(definition, 'sourceType')).join(', '),
      attribute: text('aggregatedAttribute'),
      period: text('period'),
      measures: textsOf(memberOf(definition, 'measures')),
      targetTenant: text('targetTenant'),
      targetType: textOf(definition, 'targetType') ?? observedType,
      approvedAt: textOf(job, 'approvedAt') ?? '',
      releasedTo: textOf(job, 'releasedTo'),
      lastResult: textOf(memberOf(job, 'lastRun'), 'result'),
    };
  });
}

const resultsMax = 200;

/** The published groups with their newest figures, as everybody gets them who may read the tenant of the results. */
export async function readResults({ id, targetTenant, targetType }: AggregateJob): Promise<readonly Thing[]> {
  const path = apiPath('/entities', { type: targetType, format: 'concise', limit: resultsMax });
  const headers = targetTenant === '' ? {} : { 'NGSILD-Tenant': targetTenant };
  const things = listOf(await call(path, { headers }))
    .filter(isObject)
    .map(readThing);
  return things.filter((thing) => [undefined, id].includes(textIn(thing, 'definedBy', 'en')));
}

/** The values that a group has in common, such as its area, from the id of its result; none: the whole. */
export function groupOf({ id }: Thing, { id: jobId }: AggregateJob): readonly string[] {
  const parts = id.split(':').slice(jobId.split(':').length);
  return parts.length === 1 && parts[0] === 'all' ? [] : parts.map(decoded);
}

export interface Release {
  readonly from: string;
  readonly to: string;
  /** Subjects who wait, who count by their usual value, and who count in the group where they were before. */
  readonly waiting: number;
  readonly imputed: number;
  readonly moved: number;
  readonly totals: readonly Total[];
}

export interface Total {
  /** The values of the group; `undefined`: the rest of what is too small. Without any: the whole. */
  readonly groups: readonly (string | undefined)[];
  readonly subjects: number;
  /** Why nothing was published; undefined: it was. */
  readonly withheld: string | undefined;
  readonly published: string;
}

export async function readReport(id: string): Promise<readonly Release[]> {
  return listOf(await call(apiPath(`/aggregates/${encodeURIComponent(id)}/report`))).map((release) => ({
    from: textOf(release, 'from') ?? '',
    to: textOf(release, 'to') ?? '',
    waiting: numberOf(release, 'waiting') ?? 0,
    imputed: numberOf(release, 'imputed') ?? 0,
    moved: numberOf(release, 'moved') ?? 0,
    totals: listOf(memberOf(release, 'totals')).map(totalOf),
  }));
}

function totalOf(total: unknown): Total {
  const published = memberOf(total, 'published');
  return {
    groups: listOf(memberOf(total, 'groups')).map((value) => (typeof value === 'string' ? value : undefined)),
    subjects: numberOf(total, 'subjects') ?? 0,
    withheld: textOf(total, 'withheld'),
    published: isObject(published)
      ? Object.entries(published)
          .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
          .join(', ')
      : '',
  };
}
