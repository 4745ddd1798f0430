/** A small line without axes. The numbers that matter are beside it. */
import { useMemo } from 'preact/hooks';

export interface SparkPoint {
  /** Seconds since 1970. */
  readonly at: number;
  readonly value: number;
}

const width = 240;
const height = 44;

export function Sparkline({ points, title }: { readonly points: readonly SparkPoint[]; readonly title: string }) {
  const path = useMemo(() => pathOf(points), [points]);
  return (
    <svg class="sparkline" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      <title>{title}</title>
      <path d={path} />
    </svg>
  );
}

function pathOf(points: readonly SparkPoint[]): string {
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
