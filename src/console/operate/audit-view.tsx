/** Shows who did what, when and by which grants. */
import { useSignal } from '@preact/signals';
import { apiPath, callWhole } from '../data/api.ts';
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

interface AuditPage {
  readonly lines: readonly unknown[];
  /** The id before which there are more lines. */
  readonly next: string | undefined;
}

async function loadPage(filter: Filter, before: string): Promise<AuditPage> {
  const { json, headers } = await callWhole(apiPath('/access/audit', { ...filter, before, limit: 50 }));
  return { lines: listOf(json), next: /[?&]before=([^&>]+)/.exec(headers.get('Link') ?? '')?.[1] };
}

export function AuditView() {
  const asked = useSignal(noFilter);
  const before = useSignal('');
  const loading = useLoad(() => loadPage(asked.value, before.value), [asked.value, before.value]);
  const ask = (filter: Filter): void => {
    asked.value = filter;
    before.value = '';
  };
  return (
    <section class="card">
      <FilterForm onAsk={ask} />
      <Shown of={loading}>
        {({ lines, next = '' }) => (
          <>
            <Lines lines={lines} />
            {(before.value !== '' || next !== '') && (
              <nav class="bar pager" aria-label={say('pages')}>
                <button type="button" class="quiet" disabled={before.value === ''} onClick={() => (before.value = '')}>
                  {say('newestLines')}
                </button>
                <button type="button" class="quiet" disabled={next === ''} onClick={() => (before.value = next)}>
                  {say('olderLines')}
                </button>
              </nav>
            )}
          </>
        )}
      </Shown>
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
