/** Shows records as a table, each with a part that opens below it. */
import { type Signal, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { say } from '../words/words.ts';

interface Column<T> {
  readonly title: string;
  readonly isNumber?: boolean;
  readonly cell: (record: T) => ComponentChildren;
}

interface TableProps<T> {
  readonly label: string;
  readonly records: readonly T[];
  readonly keyOf: (record: T) => string;
  readonly columns: readonly Column<T>[];
  /** What opens below a record; absent: nothing. */
  readonly detail?: (record: T) => ComponentChildren;
}

export function Table<T>(props: TableProps<T>) {
  const open = useSignal('');
  const { label, records, keyOf, columns } = props;
  if (records.length === 0) return <p class="note">{say('nothing')}</p>;
  return (
    <div class="table" role="region" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map(({ title, isNumber }) => (
              <th key={title} class={isNumber === true ? 'number' : ''}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{records.map((record) => rowsOf(props, { record, key: keyOf(record), open }))}</tbody>
      </table>
    </div>
  );
}

interface RowState<T> {
  readonly record: T;
  readonly key: string;
  /** The key of the record whose detail is open. */
  readonly open: Signal<string>;
}

function rowsOf<T>(
  { columns, detail }: TableProps<T>,
  { record, key, open }: RowState<T>,
): readonly ComponentChildren[] {
  const isOpen = open.value === key;
  const toggle = (): void => {
    open.value = isOpen ? '' : key;
  };
  const cells = columns.map(({ title, isNumber, cell }, n) => (
    <td key={title} class={isNumber === true ? 'number' : ''}>
      {n === 0 && detail ? <Opener isOpen={isOpen} onToggle={toggle} text={cell(record)} /> : cell(record)}
    </td>
  ));
  const row = <tr key={key}>{cells}</tr>;
  if (!isOpen || !detail) return [row];
  return [
    row,
    <tr key={`${key} detail`} class="detail">
      <td colSpan={columns.length}>{detail(record)}</td>
    </tr>,
  ];
}

interface OpenerProps {
  readonly isOpen: boolean;
  readonly onToggle: () => void;
  readonly text: ComponentChildren;
}

const Opener = ({ isOpen, onToggle, text }: OpenerProps) => (
  <button type="button" class={isOpen ? 'opener is-open' : 'opener'} aria-expanded={isOpen} onClick={onToggle}>
    {text}
  </button>
);

/** A button that asks again before it does something that cannot be undone. */
export function ConfirmButton({ text, onConfirm }: { readonly text: string; readonly onConfirm: () => void }) {
  const isAsking = useSignal(false);
  const click = (): void => {
    if (isAsking.value) onConfirm();
    isAsking.value = !isAsking.value;
  };
  return (
    <button type="button" class="danger" onClick={click} onBlur={() => (isAsking.value = false)}>
      {isAsking.value ? `${text}: ${say('confirm').toLowerCase()}` : text}
    </button>
  );
}
