/** Writes lines of the audit as CSV. */
import { isStrings, type JsonObject } from '../../model/json.ts';
import { csvLine as lineOf } from '../csv.ts';

const columns = 'id at principal address operation result entity types resource grants count'.split(' ');

export const csvHeader = lineOf(columns);

/** One line of CSV with its end. Lists are separated by blanks. */
export const csvLine = (line: JsonObject): string =>
  lineOf(
    columns.map((name) => {
      const value = line[name];
      return isStrings(value) ? value.join(' ') : value;
    }),
  );
