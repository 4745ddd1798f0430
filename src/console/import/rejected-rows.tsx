/** Shows rejected rows with their reasons, as fields that a person can mend. */
import { type Signal, useSignal } from '@preact/signals';
import { Pager } from '../view/pages.tsx';
import { say } from '../words/words.ts';
import type { NumberedRow, RejectedRow } from './run.ts';
import { cellText } from './table.ts';

interface RejectedProps {
  readonly columns: readonly string[];
  readonly rejected: readonly RejectedRow[];
  readonly onSend: (rows: readonly NumberedRow[]) => void;
}

/** Rows on a page. */
const pageSize = 20;

/** What was typed, by row number and place of the column. */
type Typed = ReadonlyMap<string, string>;
const keyOf = ({ number }: NumberedRow, n: number): string => `${number} ${n}`;

export function RejectedRows({ columns, rejected, onSend }: RejectedProps) {
  const typed = useSignal<Typed>(new Map());
  const offset = useSignal(0);
  const mended = (row: RejectedRow): NumberedRow => ({
    number: row.number,
    cells: columns.map((_, n) => typed.value.get(keyOf(row, n)) ?? row.cells[n] ?? ''),
  });
  return (
    <>
      <Rows columns={columns} rows={rejected.slice(offset.value, offset.value + pageSize)} typed={typed} />
      <div class="bar">
        <button type="button" onClick={() => onSend(rejected.map(mended))}>
          {say('import.sendAgain')} ({rejected.length})
        </button>
        {rejected.length > pageSize && (
          <Pager offset={offset} size={pageSize} found={rejected.length - offset.value} total={rejected.length} />
        )}
      </div>
    </>
  );
}

interface RowsProps {
  readonly columns: readonly string[];
  readonly rows: readonly RejectedRow[];
  readonly typed: Signal<Typed>;
}

const Rows = ({ columns, rows, typed }: RowsProps) => (
  <div class="table cells" role="region" aria-label={say('import.rejectedRows')} tabIndex={0}>
    <table>
      <thead>
        <tr>
          <th>{say('import.row')}</th>
          <th>{say('reason')}</th>
          {columns.map((name) => (
            <th key={name}>{name}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.number}>
            <th scope="row">{row.number}</th>
            <td class="failure reason">{row.reason}</td>
            {columns.map((column, n) => (
              <td key={column}>
                <input
                  type="text"
                  aria-label={`${say('import.row')} ${row.number}: ${column}`}
                  value={typed.value.get(keyOf(row, n)) ?? cellText(row.cells[n])}
                  onInput={({ currentTarget }) =>
                    (typed.value = new Map(typed.value).set(keyOf(row, n), currentTarget.value))
                  }
                />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);
