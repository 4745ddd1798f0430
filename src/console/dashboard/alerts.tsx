/** Shows what needs attention: open alerts, and entities in the critical state. */
import { type Alert, domainOfAlert, openAlerts } from '../data/alerts.ts';
import type { Domain } from '../data/domains.ts';
import { everything, type Shown } from '../data/selection.ts';
import { AlertList } from '../view/alert-list.tsx';
import { ItemRow } from '../view/item-row.tsx';
import { say } from '../words/words.ts';

interface AttentionProps {
  /** Absent: all domains. */
  readonly domains?: readonly Domain[];
  /** How many of each kind are shown. */
  readonly max?: number;
}

const alertsIn = (domains?: readonly Domain[]): readonly Alert[] =>
  openAlerts.value.filter((alert) => domains?.includes(domainOfAlert(alert)) ?? true);

const criticalIn = (domains?: readonly Domain[]): readonly Shown[] =>
  everything.value.filter(
    ({ level, domain }) => level === 'bad' && domain !== 'alert' && (domains?.includes(domain) ?? true),
  );

export function Attention({ domains, max = 200 }: AttentionProps) {
  const alerts = alertsIn(domains);
  const critical = criticalIn(domains);
  return (
    <>
      <section class="card" aria-label={say('openAlerts')}>
        <h2>
          {say('openAlerts')} <b>{alerts.length}</b>
        </h2>
        {alerts.length === 0 && <p class="note">{say('noAlerts')}</p>}
        <AlertList alerts={alerts} max={max} />
      </section>
      <section class="card" aria-label={say('criticalStates')}>
        <h2>
          {say('criticalStates')} <b>{critical.length}</b>
        </h2>
        {critical.length === 0 && <p class="note">{say('noCritical')}</p>}
        <ul class="list">
          {critical.slice(0, max).map((item) => (
            <ItemRow key={item.thing.id} item={item} about={[say(`domain.${item.domain}`), item.area]} />
          ))}
        </ul>
      </section>
    </>
  );
}
