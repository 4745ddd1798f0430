/** Shows the history of one attribute as a curve, a list or a table, and changes its value where that is granted. */
import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { asCurl } from '../data/api.ts';
import { type Reading, type Thing, titleOf } from '../data/entity.ts';
import { historyPath, type Range, ranges, readSeries, readStates, type Series } from '../data/history.ts';
import { useLoad } from '../data/load.ts';
import { shortName, spacedName } from '../data/names.ts';
import { everything } from '../data/selection.ts';
import { language } from '../data/session.ts';
import { formatTime, formatTimeText } from '../data/times.ts';
import { formatNumber, unitOf } from '../data/units.ts';
import { Curve } from '../view/curve.tsx';
import { Choice, CopyButton, Shown } from '../view/parts.tsx';
import { textOfReading } from '../view/value.tsx';
import { say } from '../words/words.ts';
import { EditValue } from './edit-value.tsx';

interface PanelProps {
  readonly thing: Thing;
  readonly reading: Reading;
}

export function AttributePanel({ thing, reading }: PanelProps) {
  const isNumber = typeof reading.value === 'number';
  return (
    <div class="attribute-panel">
      {isNumber ? <NumberHistory thing={thing} reading={reading} /> : <States thing={thing} reading={reading} />}
      <EditValue thing={thing} reading={reading} />
    </div>
  );
}

const seriesOf = ({ id }: Thing, { name, datasetId }: Reading) => ({ id, name, datasetId });

function NumberHistory({ thing, reading }: PanelProps) {
  const range = useSignal<Range>('PT6H');
  const other = useSignal('');
  const of = { ...seriesOf(thing, reading), range: range.value };
  const loading = useLoad(() => readSeries(of), [thing.id, reading.name, range.value]);
  const compared = useLoad(
    () => (other.value === '' ? Promise.resolve(undefined) : readSeries({ ...of, id: other.value })),
    [other.value, reading.name, range.value],
  );
  return (
    <>
      <div class="bar">
        <div class="segments" role="group" aria-label={say('range')}>
          {ranges.map((name) => (
            <button key={name} type="button" aria-pressed={range.value === name} onClick={() => (range.value = name)}>
              {say(`range.${name}`)}
            </button>
          ))}
        </div>
        <Others thing={thing} chosen={other.value} onChoose={(id) => (other.value = id)} />
      </div>
      <Shown of={loading}>
        {(series) => (
          <Shown of={compared}>
            {(second) => (
              <Lines
                reading={reading}
                lines={[
                  { title: titleOf(thing, language.value), series },
                  ...(second ? [{ title: titleById(other.value), series: second }] : []),
                ]}
              />
            )}
          </Shown>
        )}
      </Shown>
      <CopyButton text={() => asCurl(historyPath(of))} label="copyCurl" />
    </>
  );
}

const titleById = (id: string): string => everything.value.find(({ thing }) => thing.id === id)?.title ?? id;

/** Other entities of the same type, to compare with. */
function Others({
  thing,
  chosen,
  onChoose,
}: {
  readonly thing: Thing;
  readonly chosen: string;
  readonly onChoose: (id: string) => void;
}) {
  const type = shortName(thing.types[0] ?? '');
  const others = everything.value.filter((item) => item.type === type && item.thing.id !== thing.id).slice(0, 200);
  if (others.length === 0) return null;
  const options = [['', '–'] as const, ...others.map((item) => [item.thing.id, item.title] as const)];
  return <Choice label={say('compare')} value={chosen} options={options} onChoose={onChoose} />;
}

interface LinesProps {
  readonly reading: Reading;
  readonly lines: readonly { readonly title: string; readonly series: Series }[];
}

function Lines({ reading, lines }: LinesProps) {
  const { factor, unit } = unitOf(reading.name, reading.unitCode);
  const plotted = useMemo(
    () => lines.map(({ title, series }) => ({ label: title, series, factor, unit })),
    [...lines.flatMap(({ title, series }) => [title, series])],
  );
  const series = lines[0]?.series;
  if (!series || series.times.length === 0) return <p class="note">{say('noHistory')}</p>;
  return (
    <figure>
      <Curve lines={plotted} label={`${say('curveOf')} ${spacedName(reading.name)}`} />
      <figcaption>
        {spacedName(reading.name)} {unit !== '' && `[${unit}]`} · {say('curveHint')}
      </figcaption>
      <details>
        <summary>{say('asTable')}</summary>
        <SeriesTable series={series} factor={factor} />
      </details>
    </figure>
  );
}

/** The rows that a table shows; the newest ones. */
const rowsMax = 200;

const SeriesTable = ({ series, factor }: { readonly series: Series; readonly factor: number }) => (
  <div class="scroll" tabIndex={0} role="region" aria-label={say('asTable')}>
    <table>
      <thead>
        <tr>
          <th>{say('time')}</th>
          <th class="number">{say('value')}</th>
        </tr>
      </thead>
      <tbody>
        {series.times
          .map((at, n) => [at, series.values[n]] as const)
          .slice(-rowsMax)
          .reverse()
          .map(([at, value]) => (
            <tr key={at}>
              <td>{formatTime(at * 1000)}</td>
              <td class="number">{typeof value === 'number' ? formatNumber(value * factor) : '–'}</td>
            </tr>
          ))}
      </tbody>
    </table>
  </div>
);

function States({ thing, reading }: PanelProps) {
  const of = seriesOf(thing, reading);
  const loading = useLoad(() => readStates(of), [thing.id, reading.name]);
  return (
    <Shown of={loading}>
      {(states) =>
        states.length === 0 ? (
          <p class="note">{say('noHistory')}</p>
        ) : (
          <ol class="states">
            {states.slice(0, rowsMax).map(({ value, at }, n) => (
              <li key={n}>
                <time dateTime={at}>{formatTimeText(at)}</time> <b>{textOfReading({ ...reading, value })}</b>
              </li>
            ))}
          </ol>
        )
      }
    </Shown>
  );
}
