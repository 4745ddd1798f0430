/**
 * Prints how well the watch finds faults in series of real measurements: `node test/perf/watch.ts FOLDER [--json] [--repeats N] [--only WORD]`.
 * Data sets that are not in the folder, or whose names do not contain the word, are left out.
 */
import { parseArgs } from 'node:util';
import { type Found, injections, measureAlarms, measureDetection } from '../city/watch/evaluation.ts';
import { dataSets, readDataSet } from '../city/watch/real-series.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean' },
    repeats: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
  },
});
const [folder] = positionals;
if (folder === undefined) throw new Error('Name the folder of the data.');

const percent = (part: number, whole: number): string => `${Math.round((100 * part) / Math.max(whole, 1))} %`;
const countsOf = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');

const results = Object.keys(dataSets).flatMap((name) => {
  const sensors = name.includes(values.only) ? readDataSet(name, folder) : undefined;
  if (!sensors) return [];
  const found = injections.map((injection): [string, Found] => [
    injection,
    measureDetection(sensors, injection, { seed: 17, repeats: Number(values.repeats) }),
  ]);
  return [{ name, series: sensors.length, alarms: measureAlarms(sensors), found: Object.fromEntries(found) }];
});

if (values.json) console.log(JSON.stringify(results));
else
  for (const { name, series, alarms, found } of results) {
    console.log(
      `\n${name}: ${series} series\n  false alarms per sensor and week ${alarms.perWeek.toFixed(2)}` +
        ` (${countsOf(alarms.byCheck)}); threshold ${alarms.thresholdPerWeek.toFixed(2)}`,
    );
    for (const [injection, { injected, detected, delayHours, by, detectedByThreshold }] of Object.entries(found))
      console.log(
        `  ${injection.padEnd(8)} ${percent(detected, injected).padStart(6)} of ${injected},` +
          ` after ${delayHours.toFixed(1)} h by ${countsOf(by)}; threshold ${percent(detectedByThreshold, injected)}`,
      );
  }
