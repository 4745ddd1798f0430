/**
 * Maintains the table `unobserved`: the series with rollups that also have, or had, instances without `observedAt`. Rollups do not cover
 * these. A series without rollups is not listed, because queries read all of its instances anyway: so most writes cost nothing here.
 */
import type { Database } from 'better-sqlite3';
import type { Series } from '../history-rows.ts';

export interface UnobservedSeries {
  /** Called after an instance without `observedAt` was written. */
  note(series: Series): void;
  /** Called before a day of a series may get its rollup: lists the series if this is the first one and others were noted before. */
  noteRolled(series: Series): void;
  /** Clears the state in memory after a failed transaction. */
  reset(): void;
}

type SeriesKey = [subject: number, name: number, dataset: number];

const inSeries = 'subject = ? AND name = ? AND dataset = ?';
const isRolled = `EXISTS (SELECT 1 FROM rollup WHERE ${inSeries})`;

/** The maximum number of cached series. */
const notedMax = 50_000;

export function createUnobservedSeries(database: Database): UnobservedSeries {
  const add = 'INSERT OR IGNORE INTO unobserved (subject, name, dataset) SELECT ?, ?, ?';
  const note = database.prepare<[...SeriesKey, ...SeriesKey]>(`${add} WHERE ${isRolled}`);
  const noteRolled = database.prepare<[...SeriesKey, ...SeriesKey, ...SeriesKey]>(
    `${add} WHERE NOT ${isRolled}
     AND EXISTS (SELECT 1 FROM history WHERE ${inSeries} AND n > 0 AND deleted IS NULL)`,
  );
  /** The series that the table lists if it must, until they get a rollup. */
  const noted = new Set<string>();
  return {
    note({ subject, name, dataset }) {
      const key = `${subject}/${name}/${dataset}`;
      if (noted.has(key)) return;
      if (noted.size >= notedMax) noted.clear();
      noted.add(key);
      note.run(subject, name, dataset, subject, name, dataset);
    },
    noteRolled({ subject, name, dataset }) {
      const place: SeriesKey = [subject, name, dataset];
      noted.delete(place.join('/'));
      noteRolled.run(...place, ...place, ...place);
    },
    reset: () => noted.clear(),
  };
}
