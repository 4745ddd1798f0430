/** The daily summary: an entity that counts the faults of a day, to which people subscribe. */
import { anyOfTypes, type Query } from '../../core/language/filter.ts';
import type { Fragment } from '../../core/model/attribute.ts';
import { dayMicros, type Instant, instantOf, microsOfInstant, type Micros } from '../../core/model/instant.ts';
import type { Json } from '../../core/model/json.ts';
import type { Clock } from '../../core/port/clock.ts';
import { isSnapshotStore } from '../../core/port/snapshot-store.ts';
import type { Store } from '../../core/port/store.ts';
import type { JobPlan } from '../job/job.ts';
import { alertPrefix, summaryPrefix } from './alert.ts';
import { findRules } from './find-rules.ts';
import { instanceNamed, iriOf, irisOf, type Name, type Vocabulary, vocabularyOf } from './vocabulary.ts';

/** Summaries are deleted after this time. Their history stays. */
const keptMicros = 400 * dayMicros;
/** Most alerts that are counted by their rules, and most open ones that are named. */
const [countedMax, namedMax] = [10_000, 100];

/** The job that sums up the day before, of each tenant with rules. A day is one of UTC. */
export const summaryPlan = (clock: Clock): JobPlan => ({
  name: 'alert-summary',
  about: 'sums up the faults of the day before',
  cron: '0 0 4 * * *',
  isInAllTenants: true,
  work: (store, tenant) => (isSnapshotStore(tenant) ? Promise.resolve(undefined) : summarize(store, clock.now())),
});

/** The alerts of the day before, at most `countedMax` of each kind. */
export interface DayOfAlerts {
  readonly day: Day;
  /** The rule that names the vocabulary. */
  readonly rule: Alert;
  readonly opened: readonly Alert[];
  readonly closed: readonly Alert[];
  /** Those that are open now. */
  readonly open: readonly Alert[];
}

/** Undefined: the tenant has no rules. */
export async function dayOfAlerts(store: Store, now: Instant): Promise<DayOfAlerts | undefined> {
  const [rule] = await findRules(store, now, 1);
  if (!rule) return undefined;
  const until = Math.floor(microsOfInstant(now) / dayMicros) * dayMicros;
  const day = { from: until - dayMicros, until };
  const open = await findAlerts(store, now, {
    op: '!=',
    path: pathOf(iriOf('status', 'models')),
    value: textOf('closed'),
  });
  const opened = await findAlerts(store, now, within('dateIssued', day));
  const closed = await findAlerts(store, now, within('dateClosed', day));
  return { day, rule, opened, closed, open };
}

async function summarize(store: Store, now: Instant): Promise<string | undefined> {
  const found = await dayOfAlerts(store, now);
  if (!found) return undefined;
  const { day, rule, opened, closed, open } = found;
  const type = rule.entity().types.find((one) => irisOf('WatchRule').includes(one)) ?? '';
  const counts = { opened: opened.map(ruleOf), closed: closed.length, open: open.map(({ id }) => id) };
  const mutation = summaryOf(counts, { day, vocabulary: vocabularyOf(type) });
  await store.apply([{ mutation }], now);
  return `${opened.length} faults began, ${closed.length} ended, ${open.length} are open`;
}

/** An alert, or a rule. */
export type Alert = Awaited<ReturnType<Store['find']>>[number];

/** A text of an alert. */
export function textIn(alert: Alert, name: Name): string {
  const value = instanceNamed(alert.entity().attrs, name)?.value;
  return typeof value === 'string' ? value : 'unknown';
}

const ruleOf = (alert: Alert): string => textIn(alert, 'ruleName');

async function findAlerts(store: Store, now: Instant, q: Query): Promise<readonly Alert[]> {
  const selectors = [{ types: anyOfTypes(irisOf('Alert')), idPattern: { source: `^${alertPrefix}` } }];
  return store.find({ filter: { selectors, q }, limit: countedMax, now });
}

const pathOf = (attr: string) => ({ attr, sub: [], inside: [], text: attr });
const textOf = (value: string) => ({ kind: 'json', value }) as const;

interface Day {
  readonly from: Micros;
  readonly until: Micros;
}

/** The time in the attribute, in either vocabulary, is within the day. */
function within(name: Name, { from, until }: Day): Query {
  const time = (micros: Micros) => ({ kind: 'time', form: 'dateTime', text: instantOf(micros), micros }) as const;
  return {
    op: 'or',
    parts: irisOf(name).map((iri) => ({
      op: 'and',
      parts: [
        { op: '>=', path: pathOf(iri), value: time(from) },
        { op: '<', path: pathOf(iri), value: time(until) },
      ],
    })),
  };
}

interface Counts {
  /** The rules of the faults that began. */
  readonly opened: readonly string[];
  readonly closed: number;
  /** The ids of the open alerts. */
  readonly open: readonly string[];
}

/** A summary that is made again replaces the one before. */
function summaryOf(
  { opened, closed, open }: Counts,
  { day, vocabulary }: { readonly day: Day; readonly vocabulary: Vocabulary },
) {
  const byRule = Object.fromEntries([...Map.groupBy(opened, (rule) => rule)].map(([rule, all]) => [rule, all.length]));
  const named = open.slice(-namedMax).reverse();
  const property = (name: Name, value: Json): readonly [string, readonly Fragment[]] => [
    iriOf(name, vocabulary),
    [{ kind: 'Property', value }],
  ];
  const attrs = Object.fromEntries([
    property('validFrom', instantOf(day.from)),
    property('validTo', instantOf(day.until)),
    property('openedNumber', opened.length),
    property('closedNumber', closed),
    property('openNumber', open.length),
    property('openedByRule', byRule),
  ]);
  const relation: readonly Fragment[] = [{ kind: 'Relationship', value: named }];
  return {
    op: 'upsert',
    mode: 'replace',
    id: `${summaryPrefix}${instantOf(day.from).slice(0, 10)}`,
    entity: {
      types: [iriOf('AlertSummary', vocabulary)],
      expiresAt: instantOf(day.until + keptMicros),
      attrs: { ...attrs, ...(named.length > 0 ? { [iriOf('openAlerts', vocabulary)]: relation } : undefined) },
    },
  } as const;
}
