/** Lists open alerts: what happened to what, since when, and a button to acknowledge each, where that is granted. */
import { useSignal } from '@preact/signals';
import { useAction } from '../data/act.ts';
import { acknowledge, type Alert, domainOfAlert } from '../data/alerts.ts';
import type { Level } from '../data/domains.ts';
import { textIn } from '../data/entity.ts';
import { spacedName } from '../data/names.ts';
import { entityAddress } from '../data/route.ts';
import { isPublicFace, language } from '../data/session.ts';
import { formatAge, formatTime } from '../data/times.ts';
import { say, sayName, type Word } from '../words/words.ts';
import { Icon } from './icon.tsx';
import { inputTo, LevelDot, Outcome } from './parts.tsx';

const levelOfSeverity: Readonly<Record<Alert['severity'], Level>> = {
  critical: 'bad',
  high: 'bad',
  medium: 'poor',
  low: 'fair',
  informational: 'none',
};

export const AlertList = ({ alerts, max }: { readonly alerts: readonly Alert[]; readonly max: number }) => (
  <>
    <ul class="alerts">
      {alerts.slice(0, max).map((alert) => (
        <Row key={alert.item.thing.id} alert={alert} />
      ))}
    </ul>
    {alerts.length > max && (
      <p class="note">
        <a href="#/dashboards/alerts">
          {say('showAll')} ({alerts.length})
        </a>
      </p>
    )}
  </>
);

const ruleWords: Readonly<Record<string, Word>> = {
  range: 'rule.range',
  rate: 'rule.rate',
  flatLine: 'rule.flatLine',
  silence: 'rule.silence',
  duplicateTime: 'rule.duplicateTime',
  futureTime: 'rule.futureTime',
  history: 'rule.history',
  neighbours: 'rule.neighbours',
};

/** A check of the watch in words; another name as it is. */
export const ruleInWords = (rule: string): string => sayName(ruleWords, rule);

function Row({ alert }: { readonly alert: Alert }) {
  const { item, source, sourceId, attribute, rule, since, severity } = alert;
  const about = textIn(item.thing, 'description', language.value);
  return (
    <li>
      <span class="item-icon">
        <Icon name={domainOfAlert(alert)} />
        <LevelDot level={levelOfSeverity[severity]} />
      </span>
      <div class="alert-text">
        <a href={entityAddress(sourceId ?? item.thing.id)}>
          <b>{source?.title ?? item.title}</b>
        </a>
        <span>
          {rule === undefined ? about : ruleInWords(rule)}
          {attribute !== undefined && ` · ${spacedName(attribute)}`}
        </span>
        <small class="faint">
          {say(`severity.${severity}`)}
          {Number.isFinite(since) && (
            <>
              {' · '}
              <time dateTime={new Date(since).toISOString()} title={formatTime(since)}>
                {formatAge(since)}
              </time>
            </>
          )}
          {rule !== undefined && about !== undefined && ` · ${about}`}
        </small>
      </div>
      <Acknowledgement alert={alert} />
    </li>
  );
}

/** The name with which the person acknowledged last. */
const nameKey = 'mlaka.acknowledgedBy';

function Acknowledgement({ alert }: { readonly alert: Alert }) {
  const isOpen = useSignal(false);
  const by = useSignal(localStorage.getItem(nameKey) ?? '');
  const action = useAction(() => (isOpen.value = false));
  if (alert.isAcknowledged)
    return (
      <span class="tag tag-good">
        {say('acknowledged')} {alert.acknowledgedBy}
      </span>
    );
  if (isPublicFace) return null;
  if (!isOpen.value)
    return (
      <button type="button" class="quiet" onClick={() => (isOpen.value = true)}>
        {say('acknowledge')}
      </button>
    );
  const submit = (event: Event): void => {
    event.preventDefault();
    localStorage.setItem(nameKey, by.value);
    action.run(() => acknowledge(alert, by.value.trim()));
  };
  return (
    <form class="bar" onSubmit={submit}>
      <label class="choice">
        <span>{say('acknowledgeAs')}</span>
        <input value={by.value} onInput={inputTo(by)} maxLength={100} />
      </label>
      <button type="submit">{say('acknowledge')}</button>
      <Outcome of={action} />
    </form>
  );
}
