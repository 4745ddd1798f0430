/** Tests that the watch finds faults in real measurements, and is seldom wrong: the figures of docs/watch.md on parts of two data sets. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { createSeries } from '../../../src/city/watch/detect/series.ts';
import { observe } from '../../../src/city/watch/detect/observe.ts';
import type { Found } from './evaluation.ts';
import { carParks } from './real-series.ts';

const folder = fileURLToPath(new URL('../../fixture/watch/', import.meta.url));

test('the negative, impossible and repeated rows of car parks are found, each of them', () => {
  const wrong = { repeated: 0, impossible: 0 };
  const flagged = { duplicateTime: 0, range: 0 };
  for (const { points, limits } of carParks(`${folder}parking/birmingham-carparks-2016-10.csv`)) {
    const series = createSeries();
    let before: string | undefined;
    for (const [at, value] of points) {
      if (`${at} ${value}` === before) wrong.repeated += 1;
      else if (value < 0 || value > (limits.maximum ?? 0)) wrong.impossible += 1;
      before = `${at} ${value}`;
      const { findings } = observe(series, { value, at, arrivedAt: at }, { limits });
      flagged.range += findings.filter(({ check }) => check === 'range').length;
      flagged.duplicateTime += findings.filter(({ check }) => check === 'duplicateTime').length;
    }
  }
  expect(wrong).toEqual({ repeated: 24, impossible: 39 });
  expect(flagged).toEqual({ duplicateTime: 24, range: 39 });
});

interface Result {
  readonly alarms: { readonly perWeek: number };
  readonly found: Readonly<Record<string, Found>>;
}

// The figures take many runs, which are ten times as fast in a process of their own.
test('faults in counts of pedestrians are found nearly always, with few false alarms, and better than by a threshold', async () => {
  const script = fileURLToPath(new URL('../../perf/watch.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, folder, '--json', '--only', 'pedestrians']);
  const [walkers] = JSON.parse(stdout) as readonly Result[];
  if (!walkers) throw new Error('There are no pedestrians.');
  expect(walkers.alarms.perWeek).toBeLessThan(0.3);
  const all = Object.entries(walkers.found);
  expect(all.map(([name, { injected, detected }]) => [name, injected, detected >= 4])).toEqual(
    ['stuck', 'spike', 'drift', 'silence', 'unit'].map((name) => [name, 5, true]),
  );
  expect(all.map(([name, { delayHours }]) => [name, delayHours < (name === 'drift' ? 48 : 12)])).toEqual(
    all.map(([name]) => [name, true]),
  );
  expect([walkers.found['stuck'], walkers.found['silence']]).toMatchObject([
    { detectedByThreshold: 0 },
    { detectedByThreshold: 0 },
  ]);
}, 60_000);
