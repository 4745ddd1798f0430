/** Shows the city on a phone to somebody with a minute: what needs attention, and the indicators in large numbers. */
import { indicators, levelOfIndicator } from './kpi.ts';
import { formatIndicator, Target } from './kpi-card.tsx';
import { entityAddress } from '../data/route.ts';
import { language } from '../data/session.ts';
import { LevelDot } from '../view/parts.tsx';
import { say } from '../words/words.ts';
import { Attention } from './alerts.tsx';
import { CityTarget, periodInWords, quantityOf } from './city-indicator-card.tsx';
import { type CityIndicator, cityIndicators, levelOfCityIndicator } from './city-indicators.ts';

export function MayorPage() {
  const all = indicators();
  const missed = all.filter((indicator) => levelOfIndicator(indicator) === 'bad');
  const rest = all.filter((indicator) => !missed.includes(indicator));
  const periods = cityIndicators();
  const isMissed = (indicator: CityIndicator): boolean => levelOfCityIndicator(indicator) === 'bad';
  return (
    <div class="mayor">
      <h2>
        {say('mayorTitle')}, {today()}
      </h2>
      {missed.length === 0 && !periods.some(isMissed) ? (
        <p class="verdict">
          <LevelDot level="good" /> {say('mayorAllWell')}
        </p>
      ) : (
        <section class="card" aria-label={say('mayorAttention')}>
          <h2>{say('mayorAttention')}</h2>
          <PeriodLines of={periods.filter(isMissed)} />
          <Lines of={missed} />
        </section>
      )}
      {periods.length > 0 && (
        <section class="card" aria-label={say('cityIndicators')}>
          <h2>{say('cityIndicators')}</h2>
          <PeriodLines of={periods.filter((indicator) => !isMissed(indicator))} />
        </section>
      )}
      <section class="card" aria-label={say('now')}>
        <h2>{say('now')}</h2>
        <Lines of={rest} />
      </section>
      <Attention max={5} />
    </div>
  );
}

const today = (): string =>
  new Date().toLocaleDateString(language.value, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });

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

const PeriodLines = ({ of }: { readonly of: readonly CityIndicator[] }) => (
  <ul class="lines">
    {of.map((indicator) => (
      <li key={indicator.id}>
        <span>
          <a href={entityAddress(indicator.id)}>{indicator.title}</a>
          <small class="faint"> {periodInWords(indicator)}</small>
          <CityTarget indicator={indicator} />
        </span>
        <b>{quantityOf(indicator, indicator.value)}</b>
      </li>
    ))}
  </ul>
);
