/** Sends the rows in portions, and lets a person mend the rejected ones and send them again. */
import { type Signal, useSignal } from '@preact/signals';
import { saveFile } from '../data/save.ts';
import { useAction } from '../data/act.ts';
import { formatNumber } from '../data/units.ts';
import { Outcome } from '../view/parts.tsx';
import { say } from '../words/words.ts';
import type { Mapping } from './mapping.ts';
import { csvOf } from './read-csv.ts';
import { RejectedRows } from './rejected-rows.tsx';
import { importRows, type NumberedRow, type Progress } from './run.ts';

interface ImportProps {
  readonly columns: readonly string[];
  readonly rows: readonly NumberedRow[];
  readonly mapping: Mapping;
}

/** An import that runs or has ended. */
interface Running {
  readonly progress: Progress;
  readonly total: number;
  readonly stopping: AbortController | undefined;
}

export function ImportStep({ columns, rows, mapping }: ImportProps) {
  const running = useSignal<Running | undefined>(undefined);
  const action = useAction();
  const send = (some: readonly NumberedRow[]): void =>
    action.run(() => sendRows({ columns, rows: some, mapping }, running));
  const current = running.value;
  const isRunning = current?.stopping !== undefined;
  return (
    <>
      <p class="bar">
        <button type="button" disabled={isRunning} onClick={() => send(rows)}>
          {say('import.start')} ({formatNumber(rows.length, 0)})
        </button>
        {isRunning && (
          <button type="button" class="quiet" onClick={() => current.stopping?.abort()}>
            {say('cancel')}
          </button>
        )}
        {action.problem.value !== '' && <Outcome of={action} />}
      </p>
      {current && <Report running={current} />}
      {current && !isRunning && current.progress.rejected.length > 0 && (
        <Rejected columns={columns} rejected={current.progress.rejected} onSend={send} />
      )}
    </>
  );
}

/** Rows that are sent again add to those that were accepted before. */
async function sendRows(props: ImportProps, running: Signal<Running | undefined>): Promise<void> {
  const stopping = new AbortController();
  const before = running.value?.progress.accepted ?? 0;
  const show = (progress: Progress): void => {
    const all = { ...progress, accepted: before + progress.accepted };
    running.value = { progress: all, total: props.rows.length, stopping };
  };
  show({ rows: 0, accepted: 0, rejected: [] });
  try {
    await importRows({ ...props, signal: stopping.signal, onProgress: show });
  } finally {
    if (running.value) running.value = { ...running.value, stopping: undefined };
  }
}

const Report = ({ running: { progress, total } }: { readonly running: Running }) => (
  <>
    <progress max={total} value={progress.rows} aria-label={say('import.running')} />
    <p role="status" class="verdict">
      <b>{formatNumber(progress.accepted, 0)}</b> {say('import.accepted')} ·{' '}
      <b>{formatNumber(progress.rejected.length, 0)}</b> {say('import.rejectedCount')}
    </p>
  </>
);

interface RejectedProps {
  readonly columns: readonly string[];
  readonly rejected: Progress['rejected'];
  readonly onSend: (rows: readonly NumberedRow[]) => void;
}

function Rejected({ columns, rejected, onSend }: RejectedProps) {
  const download = (): void => {
    const rows = rejected.map(({ cells, reason }) => [...columns.map((_, n) => cells[n] ?? ''), reason]);
    saveFile('rejected.csv', new Blob([csvOf([...columns, 'reason'], rows)], { type: 'text/csv' }));
  };
  return (
    <>
      <h3>{say('import.rejectedRows')}</h3>
      <p class="faint">{say('import.mendHint')}</p>
      <RejectedRows columns={columns} rejected={rejected} onSend={onSend} />
      <p>
        <button type="button" class="quiet" onClick={download}>
          {say('import.downloadRejected')}
        </button>
      </p>
    </>
  );
}
