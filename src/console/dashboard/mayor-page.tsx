/** Shows the city on a phone to somebody with a minute: what needs attention, and the indicators in large numbers. */
import { indicators, levelOfIndicator } from './kpi.ts';
import { formatIndicator, Target } from './kpi-card.tsx';
import { language } from '../data/session.ts';
import { LevelDot } from '../view/parts.tsx';
import { say } from '../words/words.ts';
import { Alerts, openAlerts } from './alerts.tsx';

export function MayorPage() {
  const all = indicators();
  const missed = all.filter((indicator) => levelOfIndicator(indicator) === 'bad');
  const rest = all.filter((indicator) => !missed.includes(indicator));
  const today = new Date().toLocaleDateString(language.value, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
  });
  return (
    <div class="mayor">
      <h2>
        {say('mayorTitle')}, {today}
      </h2>
      {missed.length === 0 ? (
        <p class="verdict">
          <LevelDot level="good" /> {say('mayorAllWell')}
        </p>
      ) : (
        <section class="card" aria-label={say('mayorAttention')}>
          <h2>{say('mayorAttention')}</h2>
          <Lines of={missed} />
        </section>
      )}
      <section class="card" aria-label={say('dashboard.overview')}>
        <h2>{say('dashboard.overview')}</h2>
        <Lines of={rest} />
      </section>
      <Alerts items={openAlerts()} max={8} />
    </div>
  );
}

const Lines = ({ of }: { readonly of: ReturnType<typeof indicators> }) => (
  <ul class="lines">
    {of.map((indicator) => (
      <li key={indicator.key}>
        <span>
          {say(indicator.key)}
          <Target indicator={indicator} />
        </span>
        <b>{formatIndicator(indicator, indicator.value)}</b>
      </li>
    ))}
  </ul>
);
