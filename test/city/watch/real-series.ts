/** Reads series of real measurements from CSV files, as their publishers have them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { type Check, checks, type Limits } from '../../../src/city/watch/detect/checks.ts';
import type { Point, Sensor } from './evaluation.ts';

const all = new Set<Check>(checks);

/** The default rule, with the bounds of the data model. */
export const limitsOf = (bounds: Partial<Limits> = {}): Limits => ({
  checks: all,
  deviations: 6,
  offsetAt: () => 0,
  ...bounds,
});

type Row = Readonly<Record<string, string>>;

function rowsOf(path: string, delimiter = ','): readonly Row[] {
  return parse(readFileSync(path, 'utf8'), { columns: true, delimiter, skip_empty_lines: true }) as Row[];
}

const microsOf = (text: string): number => Date.parse(text) * 1000;

function pointsOf(rows: readonly Row[], timeOf: (row: Row) => string, column: string): readonly Point[] {
  return rows.flatMap((row): readonly Point[] => {
    const [at, text] = [microsOf(timeOf(row)), row[column] ?? ''];
    return text === '' || Number.isNaN(at) ? [] : [[at, Number(text)]];
  });
}

/** The sensors of a data set, by the name of the data set. `folder` has the files in the folders in which they were collected. */
export const dataSets: Readonly<Record<string, (folder: string) => readonly Sensor[]>> = {
  'car parks, Birmingham, half-hourly in the daytime': (folder) =>
    carParks(join(folder, 'parking/birmingham-carparks-2016-10.csv')),
  'pedestrians, Auckland, hourly': (folder) =>
    pedestrians(
      join(folder, 'visitors/auckland-pedestrians-hourly-2024q1.csv'),
      join(folder, 'visitors/auckland-pedestrian-locations.csv'),
    ),
  'ozone, Krvavec, hourly': (folder) => ozone(join(folder, 'air-quality/eea-si0032r-o3-hourly-2025q1.csv')),
  'PM10, Kranj, daily': (folder) => particles(join(folder, 'air-quality/kranj-pm10-daily-2013-2023.csv')),
  'weather, Ljubljana, every 10 minutes': (folder) =>
    weather(join(folder, 'weather/ljubljana-bezigrad-10min-2022-10.csv')),
  'bikes, Ljubljana, every 5 minutes': (folder) =>
    bikes(join(folder, 'bike-hire/bicikelj-bikes-5min-2022-10-17_23.csv')),
  'water meter, Utah, every minute': (folder) => water(join(folder, 'water/utah-household-1min-2019-10.csv')),
};

/** Undefined: the data set is not in the folder. */
export function readDataSet(name: string, folder: string): readonly Sensor[] | undefined {
  try {
    return dataSets[name]?.(folder);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw cause;
  }
}

/** The occupied places of car parks: at least 0, at most the capacity. */
export function carParks(path: string): readonly Sensor[] {
  const byName = Map.groupBy(rowsOf(path), (row) => row['SystemCodeNumber'] ?? '');
  return [...byName].map(([name, rows]) => ({
    name,
    points: pointsOf(rows, (row) => `${(row['LastUpdated'] ?? '').replace(' ', 'T')}Z`, 'Occupancy'),
    limits: limitsOf({ minimum: 0, maximum: Number(rows[0]?.['Capacity']) }),
  }));
}

/** People counted in an hour; the neighbours are those within 500 m. The hour is that of the local clock. */
function pedestrians(path: string, places: string): readonly Sensor[] {
  const rows = rowsOf(path);
  const at = rowsOf(places).map((row) => ({
    name: row['Address'] ?? '',
    x: Number(row['Longitude']) * 89_000,
    y: Number(row['Latitude']) * 111_000,
  }));
  const timeOf = (row: Row): string =>
    `${row['date'] ?? ''}T${(row['hour'] ?? '').split(':')[0]?.padStart(2, '0') ?? ''}:00:00Z`;
  return Object.keys(rows[0] ?? {})
    .filter((column) => !['date', 'hour', 'year'].includes(column))
    .map((name) => {
      const own = at.find((one) => one.name === name);
      const near = own ? at.filter((one) => one !== own && Math.hypot(one.x - own.x, one.y - own.y) <= 500) : [];
      return {
        name,
        points: [...pointsOf(rows, timeOf, name)].sort(([a], [b]) => a - b),
        limits: limitsOf({ minimum: 0, neighbourMetres: 500 }),
        neighbours: near.map((one) => one.name),
      };
    });
}

/** Only valid hours: the others are what the operator found to be wrong. */
const ozone = (path: string): readonly Sensor[] => {
  const rows = rowsOf(path).filter((row) => Number(row['validity']) > 0);
  const points = pointsOf(rows, (row) => `${(row['start'] ?? '').replace(' ', 'T')}Z`, 'value');
  return [{ name: 'o3', points: [...points].sort(([a], [b]) => a - b), limits: limitsOf({ minimum: 0 }) }];
};

const particles = (path: string): readonly Sensor[] => [
  {
    name: 'pm10',
    points: pointsOf(rowsOf(path), (row) => `${row['date'] ?? ''}T00:00:00Z`, 'pm10_ug_m3'),
    limits: limitsOf({ minimum: 0 }),
  },
];

const dashed = (text: string): string => `${text.slice(0, 10)}T${text.slice(11, 13)}:${text.slice(14, 16)}:00Z`;

function weather(path: string): readonly Sensor[] {
  const rows = rowsOf(path, ';');
  const sensor = (name: string, limits: Limits): Sensor => ({
    name,
    points: pointsOf(rows, (row) => dashed(row['time'] ?? ''), name),
    limits,
  });
  return [
    sensor('temperature at 2m', limitsOf()),
    sensor('relative humidity', limitsOf({ minimum: 0, maximum: 100 })),
    sensor('precipitation', limitsOf({ minimum: 0 })),
    sensor('wind_speed', limitsOf({ minimum: 0 })),
  ];
}

function bikes(path: string): readonly Sensor[] {
  const rows = rowsOf(path, ';');
  return Object.keys(rows[0] ?? {})
    .filter((name) => name !== 'time')
    .map((name) => ({
      name,
      points: pointsOf(rows, (row) => dashed(row['time'] ?? ''), name),
      limits: limitsOf({ minimum: 0 }),
    }));
}

const water = (path: string): readonly Sensor[] => [
  {
    name: 'pulses',
    points: pointsOf(rowsOf(path), (row) => `${row['minute_local'] ?? ''}:00Z`, 'pulses'),
    limits: limitsOf({ minimum: 0 }),
  },
];
