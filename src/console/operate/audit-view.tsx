/** Shows who did what, when and by which grants. */
import { useSignal } from '@preact/signals';
import { apiPath, call } from '../data/api.ts';
import { listOf, memberOf, textOf, textsOf } from '../data/json.ts';
import { useLoad } from '../data/load.ts';
import { shortId, shortName } from '../data/names.ts';
import { formatTimeText } from '../data/times.ts';
import { inputTo, Shown } from '../view/parts.tsx';
import { Table } from '../view/table.tsx';
import { say } from '../words/words.ts';

interface Filter {
  readonly principal: string;
  readonly operation: string;
  readonly entity: string;
}

const noFilter: Filter = { principal: '', operation: '', entity: '' };

export function AuditView() {
  const asked = useSignal(noFilter);
  const load = async (): Promise<readonly unknown[]> =>
    listOf(await call(apiPath('/access/audit', { ...asked.value, limit: 100 })));
  const loading = useLoad(load, [asked.value]);
  return (
    <section class="card">
      <FilterForm onAsk={(filter) => (asked.value = filter)} />
      <Shown of={loading}>{(lines) => <Lines lines={lines} />}</Shown>
    </section>
  );
}

const Lines = ({ lines }: { readonly lines: readonly unknown[] }) => (
  <Table
    label={say('operate.audit')}
    records={lines}
    keyOf={(line) => textOf(line, 'id') ?? ''}
    columns={[
      { title: say('when'), cell: (line) => formatTimeText(textOf(line, 'at') ?? '') },
      { title: say('who'), cell: (line) => textOf(line, 'principal') },
      { title: say('operation'), cell: (line) => textOf(line, 'operation') },
      { title: say('about'), cell: subjectOf },
      { title: say('result'), cell: (line) => textOf(line, 'result') },
      { title: say('grants'), cell: (line) => textsOf(memberOf(line, 'grants')).map(shortId).join(', ') },
    ]}
  />
);

const subjectOf = (line: unknown): string =>
  shortId(
    textOf(line, 'entity') ?? textOf(line, 'resource') ?? textsOf(memberOf(line, 'types')).map(shortName).join(', '),
  );

function FilterForm({ onAsk }: { readonly onAsk: (filter: Filter) => void }) {
  const principal = useSignal('');
  const operation = useSignal('');
  const entity = useSignal('');
  const submit = (event: Event): void => {
    event.preventDefault();
    onAsk({ principal: principal.value.trim(), operation: operation.value.trim(), entity: entity.value.trim() });
  };
  return (
    <form class="bar" onSubmit={submit}>
      {(
        [
          ['who', principal],
          ['operation', operation],
          ['entity', entity],
        ] as const
      ).map(([word, text]) => (
        <label key={word} class="choice">
          <span>{say(word)}</span>
          <input value={text.value} onInput={inputTo(text)} />
        </label>
      ))}
      <button type="submit">{say('search')}</button>
    </form>
  );
}
