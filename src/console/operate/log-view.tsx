/** Shows the log of the last hour. */
import { useSignal } from '@preact/signals';
import { apiPath, call } from '../data/api.ts';
import { isObject, listOf, numberOf, textOf } from '../data/json.ts';
import { useLoad } from '../data/load.ts';
import { formatTimeText } from '../data/times.ts';
import { Choice, Shown } from '../view/parts.tsx';
import { Table } from '../view/table.tsx';
import { say } from '../words/words.ts';

/** The numbers of levels in the log. */
const levels = { error: 50, warn: 40, all: 0 } as const;
const levelNames = new Map([
  [60, 'fatal'],
  [50, 'error'],
  [40, 'warn'],
  [30, 'info'],
  [20, 'debug'],
  [10, 'trace'],
]);

/** Lines that the table shows. */
const shownMax = 200;

export function LogView() {
  const least = useSignal<number>(levels.all);
  const loading = useLoad(async () => listOf(await call(apiPath('/access/log'))), []);
  const options = [
    [String(levels.all), say('all')],
    [String(levels.warn), say('log.warn')],
    [String(levels.error), say('log.error')],
  ] as const;
  return (
    <>
      <div class="bar">
        <Choice
          label={say('log.level')}
          value={String(least.value)}
          options={options}
          onChoose={(level) => (least.value = Number(level))}
        />
        <button type="button" class="quiet" onClick={loading.reload}>
          {say('reload')}
        </button>
        <span class="faint">{say('log.hint')}</span>
      </div>
      <Shown of={loading}>
        {(lines) => <Lines of={lines.filter((line) => (numberOf(line, 'level') ?? 0) >= least.value)} />}
      </Shown>
    </>
  );
}

const Lines = ({ of }: { readonly of: readonly unknown[] }) =>
  of.length === 0 ? (
    <p class="note">{say('log.empty')}</p>
  ) : (
    <Table
      label={say('operate.log')}
      records={of.slice(0, shownMax).map((line, n) => ({ line, n }))}
      keyOf={({ n }) => String(n)}
      columns={[
        { title: say('time'), cell: ({ line }) => formatTimeText(textOf(line, 'time') ?? '') },
        { title: say('log.level'), cell: ({ line }) => levelNames.get(numberOf(line, 'level') ?? 0) },
        { title: say('log.message'), cell: ({ line }) => textOf(line, 'msg') },
        { title: say('about'), cell: ({ line }) => <small>{membersOf(line)}</small> },
      ]}
    />
  );

/** What the line says beside time, level and message. */
const membersOf = (line: unknown): string =>
  Object.entries(isObject(line) ? line : {})
    .filter(([name]) => !['time', 'level', 'msg'].includes(name))
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
