/** Draws curves with uPlot. This module is loaded only where a curve is shown. */
import 'uplot/dist/uPlot.min.css';
import uPlot from 'uplot';
import { formatNumber } from '../data/units.ts';
import type { Series } from '../data/history.ts';
import { say } from '../words/words.ts';

export interface PlotLine {
  readonly label: string;
  readonly series: Series;
  readonly factor: number;
  readonly unit: string;
}

export interface PlotOptions {
  readonly lines: readonly PlotLine[];
  readonly width: number;
  readonly height: number;
  /** Colours of the page: of text, of the grid and of each line. */
  readonly colours: { readonly text: string; readonly grid: string; readonly lines: readonly string[] };
  readonly locale: string;
}

type Column = (number | null | undefined)[];

/** Draws into an element. Returns how to take the drawing away. */
export function drawPlot(element: HTMLElement, options: PlotOptions): () => void {
  const { lines, width, height, colours, locale } = options;
  const tables = lines.map(({ series, factor }) => tableOf(series, factor));
  const data = uPlot.join(tables);
  const plot = new uPlot(
    {
      width,
      height,
      cursor: { focus: { prox: 24 } },
      legend: { live: true },
      scales: { x: { time: true } },
      axes: [axisOf(colours, { values: timeLabels(locale) }), axisOf(colours, { size: 54, values: numberLabels })],
      series: [
        { label: say('time'), value: (_, at) => timeOf(at, locale) },
        ...lines.flatMap((line, n) => seriesOf(line, colours.lines[n] ?? colours.text)),
      ],
      bands: bandsOf(lines, colours.lines),
    },
    data,
    element,
  );
  return () => plot.destroy();
}

function tableOf({ times, values, bounds }: Series, factor: number): [number[], ...Column[]] {
  const scaled = (column: readonly (number | null)[]): Column =>
    column.map((value) => (value === null ? null : value * factor));
  return [[...times], scaled(values), ...(bounds ? [scaled(bounds.low), scaled(bounds.high)] : [])];
}

function seriesOf({ label, unit, series: { bounds, times } }: PlotLine, stroke: string): uPlot.Series[] {
  const value = (_: uPlot, found: number | null): string => (found === null ? '–' : `${formatNumber(found)} ${unit}`);
  const line: uPlot.Series = { label, stroke, width: 2, value, spanGaps: true, points: { show: times.length < 40 } };
  const edge = (name: string): uPlot.Series => ({
    label: name,
    stroke: 'transparent',
    width: 0,
    value,
    points: { show: false },
  });
  return bounds ? [line, edge('↓'), edge('↑')] : [line];
}

/** The area between the lowest and the highest value of each period. */
function bandsOf(lines: readonly PlotLine[], colours: readonly string[]): uPlot.Band[] {
  const bands: uPlot.Band[] = [];
  let column = 1;
  lines.forEach(({ series }, n) => {
    if (series.bounds) bands.push({ series: [column + 2, column + 1], fill: `${colours[n] ?? '#000000'}33` });
    column += series.bounds ? 3 : 1;
  });
  return bands;
}

const axisOf = ({ text, grid }: PlotOptions['colours'], rest: uPlot.Axis): uPlot.Axis => ({
  stroke: text,
  grid: { stroke: grid, width: 1 },
  ticks: { stroke: grid, width: 1 },
  ...rest,
});

const numberLabels = (_: uPlot, splits: number[]): string[] => splits.map((split) => formatNumber(split));

const timeOf = (at: number | null, locale: string): string =>
  at === null ? '' : new Date(at * 1000).toLocaleString(locale, { dateStyle: 'short', timeStyle: 'short' });

const dayS = 86_400;

/** Hours within a day or two, dates beyond. */
const timeLabels =
  (locale: string) =>
  (_: uPlot, splits: number[]): string[] => {
    const isLong = (splits.at(-1) ?? 0) - (splits[0] ?? 0) > 2 * dayS;
    return splits.map((split) =>
      new Date(split * 1000).toLocaleString(
        locale,
        isLong ? { day: 'numeric', month: 'numeric' } : { hour: '2-digit', minute: '2-digit' },
      ),
    );
  };
