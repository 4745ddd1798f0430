/** Sends the rows in portions, and lets a person mend the rejected ones and send them again. */
import { importProgress } from '../data/import-progress.ts';
import { saveFile } from '../data/save.ts';
import { formatNumber } from '../data/units.ts';
import { say } from '../words/words.ts';
import type { Mapping } from './mapping.ts';
import { csvOf } from './read-csv.ts';
import { RejectedRows } from './rejected-rows.tsx';
import { importRows, type NumberedRow, type Progress } from './run.ts';
import { type Running, running } from './state.ts';

interface ImportProps {
  readonly columns: readonly string[];
  readonly rows: readonly NumberedRow[];
  readonly mapping: Mapping;
}

export function ImportStep({ columns, rows, mapping }: ImportProps) {
  const send = (some: readonly NumberedRow[]): void => void sendRows({ columns, rows: some, mapping });
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
        {current && current.problem !== '' && (
          <span role="status" class="failure">
            {current.problem}
          </span>
        )}
      </p>
      {current && <Report of={current} />}
      {current && !isRunning && current.progress.rejected.length > 0 && (
        <Rejected columns={columns} rejected={current.progress.rejected} onSend={send} />
      )}
    </>
  );
}

/** Rows that are sent again add to those that were accepted before. */
async function sendRows(props: ImportProps): Promise<void> {
  const stopping = new AbortController();
  const before = running.value?.progress.accepted ?? 0;
  const total = props.rows.length;
  const isCurrent = (): boolean => running.value?.stopping === stopping;
  const show = (progress: Progress): void => {
    // Another file may have taken the place of this one.
    if (!isCurrent()) return;
    const all = { ...progress, accepted: before + progress.accepted };
    running.value = { progress: all, total, stopping, problem: '' };
    importProgress.value = { rows: progress.rows, total };
  };
  running.value = { progress: { rows: 0, accepted: before, rejected: [] }, total, stopping, problem: '' };
  let problem = '';
  try {
    await importRows({ ...props, signal: stopping.signal, onProgress: show });
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
  }
  const last = running.value;
  if (last.stopping !== stopping) return;
  running.value = { ...last, stopping: undefined, problem };
  importProgress.value = undefined;
}

const Report = ({ of: { progress, total } }: { readonly of: Running }) => (
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
