/** Reads the metrics of the broker (OpenMetrics text) at intervals, for as long as a view needs them. */
import { signal } from '@preact/signals';
import { send } from './api.ts';

interface Sample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

export interface Reading {
  /** Seconds since 1970. */
  readonly at: number;
  readonly samples: readonly Sample[];
}

const intervalMs = 5000;
/** An hour of readings. */
const readingsMax = 720;

export const readings = signal<readonly Reading[]>([]);
export const metricsProblem = signal('');

/** Reads until the function that it returns is called. */
export function followMetrics(): () => void {
  readings.value = [];
  const read = async (): Promise<void> => {
    const { status, text } = await send('/metrics');
    metricsProblem.value = status === 200 ? '' : `HTTP ${status}`;
    if (status !== 200) return;
    readings.value = [...readings.value, { at: Date.now() / 1000, samples: parseMetrics(text) }].slice(-readingsMax);
  };
  let isReading = false;
  // While an answer is awaited, there is no other request.
  const readOnce = async (): Promise<void> => {
    if (isReading) return;
    isReading = true;
    try {
      await read();
    } catch (error) {
      metricsProblem.value = error instanceof Error ? error.message : String(error);
    } finally {
      isReading = false;
    }
  };
  void readOnce();
  const timer = setInterval(() => void readOnce(), intervalMs);
  return () => clearInterval(timer);
}

function parseMetrics(text: string): readonly Sample[] {
  return text.split('\n').flatMap((line) => {
    const found = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!found || line.includes('_bucket')) return [];
    const [, name = '', labels = '', value = ''] = found;
    return [
      {
        name,
        value: Number(value),
        labels: new Map([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', of = '']) => [key, of] as const)),
      },
    ];
  });
}

/** The sum of all samples of a metric. */
export const sumOf = ({ samples }: Reading, name: string): number =>
  samples.reduce((sum, sample) => (sample.name === name ? sum + sample.value : sum), 0);

/** How much a counter grew per second between each reading and the one before. */
export const ratesOf = (all: readonly Reading[], name: string): readonly number[] =>
  all.slice(1).map((reading, n) => {
    const before = all[n];
    return before ? Math.max(0, sumOf(reading, name) - sumOf(before, name)) / (reading.at - before.at) : 0;
  });
