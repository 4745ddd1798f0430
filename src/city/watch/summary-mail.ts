/** Mails the daily summary: how many faults began and ended, and which sensors have the most. */
import { instantOf } from '../../core/model/instant.ts';
import { isObject } from '../../core/model/json.ts';
import type { Clock } from '../../core/port/clock.ts';
import type { Mailer } from '../../core/port/mailer.ts';
import { isSnapshotStore } from '../../core/port/snapshot-store.ts';
import type { Store } from '../../core/port/store.ts';
import type { JobPlan } from '../job/job.ts';
import { type Alert, dayOfAlerts, type DayOfAlerts, textIn } from './summary.ts';

export interface SummaryMailOptions {
  readonly mailer: Mailer;
  readonly to: readonly string[];
  readonly clock: Clock;
}

/** What was mailed last of a tenant. */
const mailedCollection = 'watch-mail';

/**
 * The job that mails the summary of the day before of each tenant with rules, once. When the mail server fails, each later run of the morning
 * tries again: eight times in all.
 */
export const summaryMailPlan = (options: SummaryMailOptions): JobPlan => ({
  name: 'alert-mail',
  about: 'mails the faults of the day before',
  cron: '0 5,35 4-7 * * *',
  isInAllTenants: true,
  work: (store, tenant) => (isSnapshotStore(tenant) ? Promise.resolve(undefined) : mailSummary(store, tenant, options)),
});

async function mailSummary(
  store: Store,
  tenant: string,
  { mailer, to, clock }: SummaryMailOptions,
): Promise<string | undefined> {
  const found = await dayOfAlerts(store, clock.now());
  if (!found) return undefined;
  const day = instantOf(found.day.from).slice(0, 10);
  const mailed = store.collection(mailedCollection);
  const last = await mailed.get('last');
  if (isObject(last) && last['day'] === day) return undefined;
  const { opened, closed, open } = found;
  const where = tenant === '' ? '' : ` (${tenant})`;
  const counts = `${opened.length} began, ${closed.length} ended, ${open.length} open`;
  await mailer.send({ to, subject: `Mlaka${where}: faults of ${day}: ${counts}`, text: textOf(found, day) });
  await mailed.put('last', { day });
  return `mailed the faults of ${day}`;
}

/** Most sensors that are named. */
const sensorsMax = 10;

function textOf({ opened, closed, open }: DayOfAlerts, day: string): string {
  const sensors = worstOf([...opened, ...open]);
  return [
    `Faults of ${day} / Napake dne ${day}`,
    '',
    `Began / Začele so se: ${opened.length}`,
    `Ended / Končale so se: ${closed.length}`,
    `Open / Odprte: ${open.length}`,
    ...(sensors.length === 0 ? [] : ['', 'Sensors with most faults / Senzorji z največ napakami:']),
    ...sensors.map(({ source, alerts }) => `  ${alerts.length}  ${source}: ${wordsOf(alerts)}`),
    '',
  ].join('\n');
}

interface Sensor {
  readonly source: string;
  readonly alerts: readonly Alert[];
}

/** The sources with most alerts. An alert that is open and began on that day counts once. */
function worstOf(alerts: readonly Alert[]): readonly Sensor[] {
  const once = new Map(alerts.map((alert) => [alert.id, alert])).values();
  return [...Map.groupBy(once, (alert) => lineIn(alert, 'alertSource'))]
    .map(([source, own]) => ({ source, alerts: own }))
    .sort((a, b) => b.alerts.length - a.alerts.length || (a.source < b.source ? -1 : 1))
    .slice(0, sensorsMax);
}

/** Most different faults that are named of a sensor, and the longest text of an alert. */
const [wordsMax, textMax] = [10, 200];

/** A text of an alert on one line. Who may write alerts must not write lines of the mail. */
const lineIn = (alert: Alert, name: Parameters<typeof textIn>[1]): string =>
  textIn(alert, name)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .slice(0, textMax);

/** What is wrong, such as `level range, level silence`. */
function wordsOf(alerts: readonly Alert[]): string {
  const all = new Set(alerts.map((alert) => `${lineIn(alert, 'attributeName')} ${lineIn(alert, 'ruleName')}`));
  return [...[...all].slice(0, wordsMax), ...(all.size > wordsMax ? ['…'] : [])].join(', ');
}
