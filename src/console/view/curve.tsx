/** Shows curves in the width that there is. */
import { useEffect, useRef } from 'preact/hooks';
import { isDark, language } from '../data/session.ts';
import { formatNumber } from '../data/units.ts';
import type { PlotLine } from './plot.ts';

const lineColours = {
  light: ['#0b7285', '#c2410c', '#5b3fa8', '#2e7d4f'],
  dark: ['#4cc3d9', '#f59e5b', '#b39ddb', '#7bd29d'],
};

interface CurveProps {
  readonly lines: readonly PlotLine[];
  /** What the curves are about, for those who do not see them. */
  readonly label: string;
  readonly height?: number;
}

export function Curve({ lines, height = 220, label }: CurveProps) {
  const container = useRef<HTMLDivElement>(null);
  const dark = isDark();
  useEffect(() => {
    const element = container.current;
    return element ? keepDrawn(element, { lines, height, dark }) : undefined;
  }, [lines, dark, language.value, height]);
  const summary = `${label}. ${summaryOf(lines)}`;
  return <div ref={container} class="curve" style={{ minHeight: `${height}px` }} role="img" aria-label={summary} />;
}

interface Drawn {
  readonly lines: readonly PlotLine[];
  readonly height: number;
  readonly dark: boolean;
}

/** Draws, and draws again when the width changes. Returns how to take the drawing away. */
function keepDrawn(element: HTMLElement, { lines, height, dark }: Drawn): () => void {
  let remove: (() => void) | undefined;
  let isGone = false;
  let width = 0;
  const draw = async (): Promise<void> => {
    const { drawPlot } = await import('./plot.ts');
    if (isGone || element.clientWidth === width) return;
    width = element.clientWidth;
    remove?.();
    const lineColoursNow = lineColours[dark ? 'dark' : 'light'];
    const colours = { text: dark ? '#a9bac4' : '#4a5a63', grid: dark ? '#2b3b44' : '#e1e8ea', lines: lineColoursNow };
    remove = drawPlot(element, { lines, width, height, locale: language.value, colours });
  };
  const observer = new ResizeObserver(() => void draw());
  observer.observe(element);
  return () => {
    isGone = true;
    observer.disconnect();
    remove?.();
  };
}

/** What the curves show, for those who do not see them. */
const summaryOf = (lines: readonly PlotLine[]): string =>
  lines
    .map(({ label, series, factor, unit }) => {
      const values = series.values.filter((value) => value !== null).map((value) => value * factor);
      if (values.length === 0) return label;
      return `${label}: ${formatNumber(Math.min(...values))} – ${formatNumber(Math.max(...values))} ${unit}`;
    })
    .join('; ');
