/** Shows how the broker is doing: health, throughput, latency, memory and sizes. */
import { useEffect, useMemo } from 'preact/hooks';
import { call, send } from '../data/api.ts';
import { memberOf, textOf } from '../data/json.ts';
import { useLoad } from '../data/load.ts';
import { followMetrics, metricsProblem, ratesOf, type Reading, readings, sumOf } from '../data/metrics.ts';
import { formatNumber } from '../data/units.ts';
import { Curve } from '../view/curve.tsx';
import { Table } from '../view/table.tsx';
import { say } from '../words/words.ts';

const mebibyte = 1024 * 1024;

export function MetricsView() {
  useEffect(followMetrics, []);
  const all = readings.value;
  const last = all.at(-1);
  if (metricsProblem.value !== '') return <p class="note failure">{metricsProblem.value}</p>;
  if (!last) return <p class="note">{say('loading')}</p>;
  return (
    <>
      <Figures last={last} />
      <p class="faint">{say('metricsHint')}</p>
      <div class="cards">
        <RateCurve
          title={say('requestRate')}
          all={all}
          values={ratesOf(all, 'mlaka_request_seconds_count')}
          unit="/s"
        />
        <RateCurve title={say('latency')} all={all} values={latenciesOf(all)} unit="ms" />
        <RateCurve
          title={say('notificationRate')}
          all={all}
          values={ratesOf(all, 'mlaka_notifications_total')}
          unit="/s"
        />
        <RateCurve title={say('memory')} all={all} values={memoriesOf(all)} unit="MiB" />
      </div>
      <section class="card">
        <h2>{say('requestsByOperation')}</h2>
        <Operations last={last} />
      </section>
    </>
  );
}

function latenciesOf(all: readonly Reading[]): readonly number[] {
  const seconds = ratesOf(all, 'mlaka_request_seconds_sum');
  return ratesOf(all, 'mlaka_request_seconds_count').map((count, n) =>
    count === 0 ? 0 : (1000 * (seconds[n] ?? 0)) / count,
  );
}

const memoriesOf = (all: readonly Reading[]): readonly number[] =>
  all.slice(1).map((reading) => sumOf(reading, 'process_resident_memory_bytes') / mebibyte);

function Figures({ last }: { readonly last: Reading }) {
  const version = useLoad(() => call('/version'), []).result.value;
  const health = useLoad(() => send('/health/ready'), []).result.value;
  const isReady = health.state === 'ready' && health.value.status === 204;
  const uptimeHours = (last.at - sumOf(last, 'process_start_time_seconds')) / 3600;
  const figures: readonly (readonly [string, string])[] = [
    [say('health'), say(isReady ? 'ready' : 'notReady')],
    [
      say('version'),
      version.state === 'ready'
        ? (textOf(version.value, 'version') ?? String(memberOf(version.value, 'orionld version')))
        : '…',
    ],
    [say('uptime'), `${formatNumber(uptimeHours)} h`],
    [say('storeSize'), `${formatNumber(sumOf(last, 'mlaka_store_bytes') / mebibyte)} MiB`],
    [say('streams'), formatNumber(sumOf(last, 'mlaka_streams'))],
    [say('deadLetters'), formatNumber(sumOf(last, 'mlaka_dead_letters_total'))],
  ];
  return (
    <dl class="figures">
      {figures.map(([title, text]) => (
        <div key={title}>
          <dt>{title}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}

interface RateProps {
  readonly title: string;
  readonly all: readonly Reading[];
  readonly values: readonly number[];
  readonly unit: string;
}

function RateCurve({ title, all, values, unit }: RateProps) {
  const newest = values.at(-1);
  const lines = useMemo(
    () => [{ label: title, factor: 1, unit, series: { times: all.slice(1).map(({ at }) => at), values } }],
    [all.length, title],
  );
  return (
    <section class="card">
      <h2>
        {title} <b>{newest === undefined ? '–' : `${formatNumber(newest)} ${unit}`}</b>
      </h2>
      <Curve lines={lines} height={170} label={title} />
    </section>
  );
}

interface OperationCount {
  readonly name: string;
  readonly count: number;
  readonly seconds: number;
}

function Operations({ last }: { readonly last: Reading }) {
  const byName = new Map<string, OperationCount>();
  for (const { name: metric, labels, value } of last.samples) {
    const name = labels.get('operation');
    if (name === undefined) continue;
    const known = byName.get(name) ?? { name, count: 0, seconds: 0 };
    if (metric === 'mlaka_request_seconds_count') byName.set(name, { ...known, count: known.count + value });
    if (metric === 'mlaka_request_seconds_sum') byName.set(name, { ...known, seconds: known.seconds + value });
  }
  return (
    <Table
      label={say('requestsByOperation')}
      records={[...byName.values()].sort((a, b) => b.count - a.count)}
      keyOf={({ name }) => name}
      columns={[
        { title: say('operation'), cell: ({ name }) => name },
        { title: say('count'), isNumber: true, cell: ({ count }) => formatNumber(count, 0) },
        { title: say('meanMs'), isNumber: true, cell: ({ count, seconds }) => formatNumber((1000 * seconds) / count) },
      ]}
    />
  );
}
