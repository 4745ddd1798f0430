/** Shows what the rows become and which are rejected and why, and imports them. */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { isObject, type Json } from '../data/json.ts';
import { shortName } from '../data/names.ts';
import { formatNumber } from '../data/units.ts';
import { Table } from '../view/table.tsx';
import { say } from '../words/words.ts';
import { ImportStep } from './import-step.tsx';
import { type Mapping, readMapping } from './mapping.ts';
import { checkRows, mapCells, type NumberedRow, type Progress } from './run.ts';
import { cellText, type SourceTable } from './table.ts';

interface PreviewProps {
  readonly table: SourceTable;
  readonly mapping: Mapping;
}

/** The time after the last change of the mapping until all rows are checked, in milliseconds. */
const settleMs = 300;

/** Rows whose entities are shown. */
const shownMax = 8;

export function PreviewStep({ table, mapping }: PreviewProps) {
  const checked = useSignal<Progress | undefined>(undefined);
  const rows = useMemo(() => table.rows.map((cells, n) => ({ number: n + 1, cells })), [table]);
  useEffect(() => {
    const stopping = new AbortController();
    checked.value = undefined;
    const onProgress = (progress: Progress): void => {
      if (!stopping.signal.aborted) checked.value = progress;
    };
    const start = (): void => {
      checkRows({ columns: table.columns, rows, mapping, signal: stopping.signal, onProgress }).catch(() => undefined);
    };
    const timer = setTimeout(start, settleMs);
    return () => {
      clearTimeout(timer);
      stopping.abort();
    };
  }, [table, mapping]);
  const fault = faultOf(mapping);
  return (
    <section class="card">
      <h2>{say('import.preview')}</h2>
      {fault === undefined ? (
        <>
          <FirstEntities columns={table.columns} rows={rows.slice(0, shownMax)} mapping={mapping} />
          <Checked checked={checked} total={rows.length} />
          <ImportStep key={table} columns={table.columns} rows={rows} mapping={mapping} />
        </>
      ) : (
        <p class="failure" role="status">
          {fault}
        </p>
      )}
    </section>
  );
}

function faultOf(mapping: Mapping): string | undefined {
  try {
    readMapping(mapping);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

interface FirstProps {
  readonly columns: readonly string[];
  readonly rows: readonly NumberedRow[];
  readonly mapping: Mapping;
}

function FirstEntities({ columns, rows, mapping }: FirstProps) {
  const map = readMapping(mapping);
  const records = rows.map(({ number, cells }) => ({ number, mapped: mapCells(cells, columns, map) }));
  return (
    <Table
      label={say('import.firstEntities')}
      records={records}
      keyOf={({ number }) => String(number)}
      columns={[
        { title: say('import.row'), isNumber: true, cell: ({ number }) => number },
        {
          title: say('entity'),
          cell: ({ mapped }) =>
            mapped.outcome === 'entity' ? <code>{mapped.id}</code> : <span class="failure">{mapped.reason}</span>,
        },
        {
          title: say('attributesOfType'),
          cell: ({ mapped }) => (mapped.outcome === 'entity' ? <small>{valuesOf(mapped.whole)}</small> : ''),
        },
      ]}
    />
  );
}

/** The part of an entity that is shown, in characters. */
const shownLength = 240;

/** The attributes by their short names, with their values only. */
function valuesOf({
  id: _id,
  type: _type,
  '@context': _context,
  ...attributes
}: Readonly<Record<string, Json>>): string {
  const texts = Object.entries(attributes).map(
    ([name, attribute]) => `${shortName(name)}: ${cellText(valueOf(attribute))}`,
  );
  const text = texts.join(' · ');
  return text.length > shownLength ? `${text.slice(0, shownLength)} …` : text;
}

function valueOf(attribute: Json): Json | undefined {
  return isObject(attribute) ? (attribute['value'] ?? attribute['object']) : attribute;
}

/** How many rows fit, and the reasons of the others. */
function Checked({ checked, total }: { readonly checked: Signal<Progress | undefined>; readonly total: number }) {
  const { rows = 0, accepted = 0, rejected = [] } = checked.value ?? {};
  return (
    <>
      <p role="status">
        {say('import.checked')}: <b>{formatNumber(rows, 0)}</b> / {formatNumber(total, 0)} ·{' '}
        <b>{formatNumber(accepted, 0)}</b> {say('import.fit')} ·{' '}
        <b class={rejected.length > 0 ? 'failure' : ''}>{formatNumber(rejected.length, 0)}</b>{' '}
        {say('import.rejectedCount')}
      </p>
      {rejected.length > 0 && <Reasons of={rejected} />}
    </>
  );
}

/** Reasons that are listed. */
const reasonsMax = 20;

function Reasons({ of }: { readonly of: Progress['rejected'] }) {
  const byReason = Map.groupBy(of, ({ reason }) => reason.replace(/"[^"]*"/, '…'));
  const most = [...byReason.values()].sort((a, b) => b.length - a.length).slice(0, reasonsMax);
  return (
    <Table
      label={say('import.rejectedRows')}
      records={most}
      keyOf={([first]) => String(first?.number)}
      columns={[
        { title: say('reason'), cell: ([first]) => first?.reason },
        { title: say('count'), isNumber: true, cell: (rows) => rows.length },
        { title: say('import.row'), isNumber: true, cell: ([first]) => first?.number },
      ]}
    />
  );
}
