/** Shows one indicator: its value now, its target, and its trend over the last day. */
import { useLoad } from '../data/load.ts';
import { formatNumber } from '../data/units.ts';
import { Icon } from '../view/icon.tsx';
import { LevelDot } from '../view/parts.tsx';
import { say } from '../words/words.ts';
import { type Indicator, levelOfIndicator, type TrendSource } from './kpi.ts';
import { Sparkline } from './sparkline.tsx';
import { readTrend } from './trend.ts';

export function formatIndicator({ isShare, unit }: Indicator, value: number): string {
  if (isShare) return `${formatNumber(value * 100, 0)} %`;
  const text = formatNumber(value, Math.abs(value) < 100 ? 1 : 0);
  return unit === '' ? text : `${text} ${unit}`;
}

export function IndicatorCard({ indicator }: { readonly indicator: Indicator }) {
  const { key, value, domain, trend } = indicator;
  return (
    <section class={`card kpi kpi-${levelOfIndicator(indicator)}`} aria-label={say(key)}>
      <h3>
        <Icon name={domain} /> {say(key)}
      </h3>
      <p class="kpi-value">{formatIndicator(indicator, value)}</p>
      <Target indicator={indicator} />
      {trend && <Trend source={trend} />}
    </section>
  );
}

export function Target({ indicator }: { readonly indicator: Indicator }) {
  const { target } = indicator;
  if (!target) return <p class="faint kpi-target no-target">{say('noTarget')}</p>;
  return (
    <p class="kpi-target">
      <LevelDot level={levelOfIndicator(indicator)} /> {say('target')} {target.sign}{' '}
      {formatIndicator(indicator, target.at)}: {say(target.isMet ? 'reached' : 'missed')}
    </p>
  );
}

function Trend({ source }: { readonly source: TrendSource }) {
  const loading = useLoad(() => readTrend(source), [source.type, source.attribute]);
  const found = loading.result.value;
  const points = found.state === 'ready' ? found.value : [];
  return <Sparkline points={points} title={say('lastDay')} />;
}
