/** Shows one indicator of the city: the value of its period, its target, the change since the period before, and its trend. */
import { useLoad } from '../data/load.ts';
import { entityAddress } from '../data/route.ts';
import { language } from '../data/session.ts';
import { formatNumber, formatQuantity } from '../data/units.ts';
import { Icon } from '../view/icon.tsx';
import { LevelDot } from '../view/parts.tsx';
import { say } from '../words/words.ts';
import { changeOf, type CityIndicator, isReached, levelOfCityIndicator, readPeriods } from './city-indicators.ts';
import { Sparkline } from './sparkline.tsx';

export const quantityOf = ({ reading }: CityIndicator, value: number): string =>
  formatQuantity('kpiValue', value, reading.unitCode);

export function CityIndicatorCard({ indicator }: { readonly indicator: CityIndicator }) {
  const { id, title, domain, value, from } = indicator;
  const loading = useLoad(() => readPeriods(indicator), [id, from]);
  const found = loading.result.value;
  const periods = found.state === 'ready' ? found.value : [];
  return (
    <section class={`card kpi kpi-${levelOfCityIndicator(indicator)}`} aria-label={title}>
      <h3>
        <Icon name={domain} /> <a href={entityAddress(id)}>{title}</a>
      </h3>
      <p class="kpi-value">{quantityOf(indicator, value)}</p>
      <CityTarget indicator={indicator} />
      <p class="faint kpi-target">
        {periodInWords(indicator)} <Change indicator={indicator} periods={periods} />
      </p>
      {periods.length > 1 && <Sparkline points={periods} title={say('lastPeriods')} />}
      <Basis indicator={indicator} />
    </section>
  );
}

export function CityTarget({ indicator }: { readonly indicator: CityIndicator }) {
  const { target, isMoreBetter } = indicator;
  if (target === undefined) return <p class="faint kpi-target no-target">{say('noTarget')}</p>;
  const reached = isReached(indicator);
  return (
    <p class="kpi-target">
      <LevelDot level={levelOfCityIndicator(indicator)} /> {say('target')}{' '}
      {isMoreBetter === undefined ? '' : isMoreBetter ? '≥ ' : '≤ '}
      {quantityOf(indicator, target)}
      {reached !== undefined && `: ${say(reached ? 'reached' : 'missed')}`}
    </p>
  );
}

/** The day of a period of a day, else its begin and end; a period that is not over says so. */
export function periodInWords({ from, to }: CityIndicator): string {
  if (Number.isNaN(from)) return '';
  const isDays = !(to - from < dayMs);
  const format = new Intl.DateTimeFormat(
    language.value,
    isDays
      ? { day: 'numeric', month: 'short' }
      : { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' },
  );
  const isOneDay = isDays && to - from < 1.1 * dayMs;
  const text = isOneDay || Number.isNaN(to) ? format.format(from) : format.formatRange(from, to);
  return to > Date.now() ? `${text}, ${say('soFar')}` : text;
}

const dayMs = 86_400_000;

interface ChangeProps {
  readonly indicator: CityIndicator;
  readonly periods: Parameters<typeof changeOf>[0];
}

function Change({ indicator, periods }: ChangeProps) {
  const change = changeOf(periods, indicator.isMoreBetter);
  if (!change) return null;
  const sign = change.by > 0 ? '▲' : change.by < 0 ? '▼' : '=';
  const verdict = change.isBetter === undefined ? '' : ` (${say(change.isBetter ? 'better' : 'worse')})`;
  return <b>{`${sign} ${formatNumber(Math.abs(change.by))}${verdict}`}</b>;
}

/** How much of the data there was, and the standard that the indicator follows. */
function Basis({ indicator: { coverage, standard } }: { readonly indicator: CityIndicator }) {
  const parts = [
    coverage === undefined || coverage >= 1 ? undefined : `${say('coverage')} ${formatNumber(coverage * 100, 0)} %`,
    standard,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? null : <p class="faint kpi-target">{parts.join(' · ')}</p>;
}
