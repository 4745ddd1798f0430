/** Tables of values: what the columns are, and the rows piece by piece. */
import type { Json } from '../../../core/model/json.ts';

/** The types of cells. `time` is a UTC time as text; `json` is any JSON value. */
export type CellType = 'string' | 'number' | 'integer' | 'boolean' | 'time' | 'json';

export interface Column {
  readonly name: string;
  readonly type: CellType;
  /** The IRI of the attribute. Absent: the column is none. */
  readonly iri?: string;
  /** What it means, in words. */
  readonly about?: string;
  /** Codes of UN/CEFACT. */
  readonly units?: readonly string[];
  readonly isRequired?: boolean;
}

/** The value of a cell. null: there is none. */
export type Row = readonly Json[];

export interface Table {
  readonly columns: readonly Column[];
  /** Rows in groups of limited size. Can be iterated once. */
  readonly rows: AsyncIterable<readonly Row[]>;
}

/** A cell as text, as CSV has it: JSON for what is neither text, number nor truth value. */
export const cellText = (value: Json | undefined): string =>
  value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
