/** Tests long answers of history: a client that follows the parts sees every instance once, and reaches the end. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { runs, timeoutMs } from './fuzz.ts';
import { startTestBroker, type TestBroker } from '../scenario/scenario.ts';

/** Instances that an answer shows. */
const most = 6;

let broker: TestBroker;
let tenants = 0;
beforeAll(async () => {
  broker = await startTestBroker(['--models', 'off', '--instances-page', String(most)]);
});
afterAll(() => broker.stop());

interface Written {
  readonly entity: number;
  readonly attr: string;
  readonly dataset: string | undefined;
  /** Undefined: it is not observed. */
  readonly hour: number | undefined;
}

const written: fc.Arbitrary<readonly Written[]> = fc.array(
  fc.record({
    entity: fc.integer({ min: 1, max: 3 }),
    attr: fc.constantFrom('a', 'b', 'c'),
    dataset: fc.constantFrom(undefined, 'urn:x:d'),
    hour: fc.oneof(fc.constantFrom(undefined, 5), fc.integer({ min: 0, max: 9 })),
  }),
  { minLength: 1, maxLength: 60 },
);
const shape = fc.record({
  written,
  timeproperty: fc.constantFrom('', '&timeproperty=createdAt', '&timeproperty=modifiedAt', '&timeproperty=observedAt'),
  interval: fc.constantFrom('', 'after', 'before', 'between'),
  lastN: fc.constantFrom(undefined, 1, 3, 1000),
  format: fc.constantFrom('normalized', 'temporalValues'),
  isList: fc.boolean(),
});

type Shape = typeof shape extends fc.Arbitrary<infer T> ? T : never;

const intervals: Readonly<Record<string, string>> = {
  '': '',
  after: '&timerel=after&timeAt=2026-03-01T03:00:00Z',
  before: '&timerel=before&timeAt=2126-03-01T05:00:00Z',
  between: '&timerel=between&timeAt=2026-03-01T01:00:00Z&endTimeAt=2126-03-01T00:00:00Z',
};

/** The path of a question to a tenant; of one entity, or of all. */
function pathOf({ format, timeproperty, interval, lastN }: Shape, only: number | undefined): string {
  const where = only === undefined ? '?type=X&limit=2' : `/${idOf(only)}?local=true`;
  const which = `${timeproperty}${intervals[interval] ?? ''}${lastN === undefined ? '' : `&lastN=${lastN}`}`;
  return `/ngsi-ld/v1/temporal/entities${where}&format=${format}${which}`;
}

const idOf = (entity: number): string => `urn:x:${entity}`;

type Entities = readonly Readonly<Record<string, unknown>>[];
interface Answer {
  readonly status: number;
  readonly entities: Entities;
  readonly next: string | undefined;
  readonly range: readonly [string, string] | undefined;
}

async function ask(tenant: string, path: string): Promise<Answer> {
  const answer = await fetch(`${broker.url}${path}`, { headers: { 'NGSILD-Tenant': tenant } });
  const text = await answer.text();
  if (![200, 206].includes(answer.status)) throw new Error(`${path}: ${answer.status} ${text}`);
  const [, next] = /<([^>]*)>;rel="next"/.exec(answer.headers.get('Link') ?? '') ?? [];
  const [, start, end] = /^date-time (\S+Z)-(\S+Z)\//.exec(answer.headers.get('Content-Range') ?? '') ?? [];
  return {
    status: answer.status,
    entities: [JSON.parse(text) as Entities].flat(),
    next,
    range: start === undefined || end === undefined ? undefined : [start, end],
  };
}

async function write(tenant: string, all: readonly Written[]): Promise<void> {
  for (const [value, { entity, attr, dataset, hour }] of all.entries()) {
    const body = {
      id: idOf(entity),
      type: 'X',
      [attr]: {
        type: 'Property',
        value,
        ...(dataset === undefined ? {} : { datasetId: dataset }),
        ...(hour === undefined ? {} : { observedAt: `2026-03-01T0${hour}:00:00Z` }),
      },
    };
    const headers = { 'Content-Type': 'application/json', 'NGSILD-Tenant': tenant };
    const url = `${broker.url}/ngsi-ld/v1/temporal/entities`;
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    if (answer.status >= 300) throw new Error(await answer.text());
  }
}

/** What an answer shows: a text for each instance, series by series in the order of the answer. */
function shownIn(entities: Entities): readonly (readonly [series: string, value: unknown])[] {
  return entities.flatMap(({ id, type: _type, '@context': _context, ...attrs }) =>
    Object.entries(attrs).flatMap(([name, given]) =>
      [given].flat().flatMap((one) => {
        const { value, values, datasetId } = one as Record<string, unknown>;
        const series = `${String(id)} ${name} ${String(datasetId ?? '')}`;
        if (values === undefined) return [[series, value] as const];
        return (values as readonly (readonly [unknown, string])[]).map(([each]) => [series, each] as const);
      }),
    ),
  );
}

/** All parts, from link to link. */
async function walk(tenant: string, path: string): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (let next: string | undefined = path; next !== undefined; next = answers.at(-1)?.next) {
    answers.push(await ask(tenant, next));
    if (answers.length > 300) throw new Error(`There is no end: ${next}`);
  }
  return answers;
}

const seriesOf = (shown: ReturnType<typeof shownIn>): Series =>
  Object.fromEntries(
    [...Map.groupBy(shown, ([series]) => series)].map(([series, all]) => [series, all.map(([, value]) => value)]),
  );

describe('a history that is longer than an answer', () => {
  test(
    'is seen once, whole and in order by who follows the links',
    () =>
      fc.assert(
        fc.asyncProperty(shape, async (asked) => {
          const { written: all, timeproperty, lastN, isList } = asked;
          const tenant = `p${(tenants += 1)}`;
          await write(tenant, all);
          const only = isList ? undefined : (all[0]?.entity ?? 1);
          const answers = await walk(tenant, pathOf(asked, only));
          const shown = seriesOf(answers.flatMap(({ entities }) => shownIn(entities)));
          const wanted = expected(all, { ...asked, only });
          // Which of those that were written in the same millisecond are the newest is not said.
          const isVague = /createdAt|modifiedAt/.test(timeproperty);
          if (isVague && lastN !== undefined) expect(counted(shown)).toEqual(counted(wanted));
          else if (isVague) expect(sorted(shown)).toEqual(sorted(wanted));
          else expect(shown).toEqual(wanted);
          for (const { status, range, next } of answers) {
            expect(status === 206).toBe(range !== undefined);
            if (status === 206) expect(next).toContain('partAfter=');
          }
          expect(answers.at(-1)?.status).toBe(200);
        }),
        runs(60),
      ),
    timeoutMs,
  );

  test(
    'is seen whole by who asks again from the end of each part on, however many are of one moment',
    () =>
      fc.assert(
        fc.asyncProperty(written, fc.boolean(), async (all, isBehind) => {
          const tenant = `c${(tenants += 1)}`;
          await write(tenant, all);
          const path = '/ngsi-ld/v1/temporal/entities?type=X&limit=1000&timerel=after&timeAt=';
          const seen = [];
          for (let timeAt = '2026-03-01T00:00:00Z', parts = 0; timeAt !== ''; parts += 1) {
            const { entities, status, range } = await ask(tenant, `${path}${timeAt}`);
            seen.push(...shownIn(entities).map((one) => JSON.stringify(one)));
            const [, end = ''] = range ?? [];
            expect(status).toBe(end === '' ? 200 : 206);
            timeAt = isBehind ? end.replace('Z', '.000001Z') : end;
            expect(parts).toBeLessThan(11);
          }
          const asked = { timeproperty: '', interval: 'after', lastN: undefined, only: undefined };
          const wanted = Object.entries(expected(all, { ...asked, least: 0 })).flatMap(([series, values]) =>
            values.map((value) => JSON.stringify([series, value])),
          );
          if (isBehind) expect(seen.sort()).toEqual(wanted.sort());
          else expect([...new Set(seen)].sort()).toEqual(wanted.sort());
        }),
        runs(30),
      ),
    timeoutMs,
  );
});

type Series = Readonly<Record<string, readonly unknown[]>>;

const counted = (series: Series): unknown =>
  Object.entries(series)
    .map(([name, values]) => [name, new Set(values).size, values.length])
    .sort();
const sorted = (series: Series): unknown =>
  Object.fromEntries(Object.entries(series).map(([name, values]) => [name, values.toSorted()]));

/** The instances that are wanted, from what was written. Of the same series and hour, the last one is there. */
function expected(
  all: readonly Written[],
  asked: {
    timeproperty: string;
    interval: string;
    lastN: number | undefined;
    only: number | undefined;
    least?: number;
  },
): Series {
  const kept = new Map<string, { series: string; value: number; hour: number | undefined }>();
  for (const [value, { entity, attr, dataset, hour }] of all.entries()) {
    if (asked.only !== undefined && asked.only !== entity) continue;
    const series = `${idOf(entity)} ${attr} ${dataset ?? ''}`;
    kept.set(`${series} ${hour === undefined ? `n${value}` : hour}`, { series, value, hour });
  }
  const isByWriting = /createdAt|modifiedAt/.test(asked.timeproperty);
  const isAny = asked.timeproperty === '' && asked.interval === '';
  const least = asked.least ?? { after: 3, between: 1 }[asked.interval] ?? 0;
  const meant = [...kept.values()]
    .filter(({ hour }) => isByWriting || (hour === undefined ? isAny : hour >= least))
    .map((one) => ({ ...one, place: isByWriting ? one.value : (one.hour ?? 100 + one.value) }));
  const { lastN } = asked;
  const bySeries = [...Map.groupBy(meant, ({ series }) => series)].map(([series, all]) => {
    const ascending = all.sort((a, b) => a.place - b.place).map(({ value }) => value);
    return [series, lastN === undefined ? ascending : ascending.slice(-lastN).reverse()] as const;
  });
  return Object.fromEntries(bySeries);
}
