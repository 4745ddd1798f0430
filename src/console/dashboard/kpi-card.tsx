/** Shows one indicator: its value now, its target, and its trend over the last day. */
import { useMemo } from 'preact/hooks';
import { useLoad } from '../data/load.ts';
import { formatNumber } from '../data/units.ts';
import { Icon } from '../view/icon.tsx';
import { LevelDot } from '../view/parts.tsx';
import { say } from '../words/words.ts';
import { type Indicator, levelOfIndicator, type TrendSource } from './kpi.ts';
import { readTrend, type TrendPoint } from './trend.ts';

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
  if (!target) return <p class="faint kpi-target">{say('noTarget')}</p>;
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
  return <Sparkline points={points} />;
}

const width = 240;
const height = 44;

/** A small line without axes. The numbers that matter are beside it. */
function Sparkline({ points }: { readonly points: readonly TrendPoint[] }) {
  const path = useMemo(() => pathOf(points), [points]);
  return (
    <svg class="sparkline" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      <title>{say('lastDay')}</title>
      <path d={path} />
    </svg>
  );
}

function pathOf(points: readonly TrendPoint[]): string {
  const [first] = points;
  const last = points.at(-1);
  if (!first || !last || first === last) return '';
  const values = points.map(({ value }) => value);
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  return points
    .map(({ at, value }, n) => {
      const x = (width * (at - first.at)) / (last.at - first.at);
      const y = height - 4 - ((height - 8) * (value - low)) / span;
      return `${n === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join('');
}
