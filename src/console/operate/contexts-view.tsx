/** Lists the @contexts that the broker keeps: where they come from, since when, and their terms. */
import { useAction } from '../data/act.ts';
import { apiPath, call } from '../data/api.ts';
import { listOf, textOf } from '../data/json.ts';
import { useLoad } from '../data/load.ts';
import { formatAge, formatTimeText } from '../data/times.ts';
import { Outcome, Shown } from '../view/parts.tsx';
import { ConfirmButton, Table } from '../view/table.tsx';
import { say } from '../words/words.ts';

const urlOf = (context: unknown): string => textOf(context, 'URL') ?? '';
const pathOf = (context: unknown): string =>
  apiPath(`/jsonldContexts/${encodeURIComponent(textOf(context, 'localId') ?? urlOf(context))}`);

export function ContextsView() {
  const loading = useLoad(async () => listOf(await call(apiPath('/jsonldContexts', { details: 'true' }))), []);
  return (
    <Shown of={loading}>
      {(contexts) => (
        <Table
          label={say('operate.contexts')}
          records={contexts}
          keyOf={urlOf}
          columns={[
            { title: say('url'), cell: (context) => <code>{urlOf(context)}</code> },
            { title: say('kind'), cell: (context) => textOf(context, 'kind') },
            { title: say('created'), cell: (context) => formatTimeText(textOf(context, 'createdAt') ?? '') },
            { title: say('lastUsed'), cell: (context) => lastUseOf(context) },
          ]}
          detail={(context) => <Detail context={context} onChange={loading.reload} />}
        />
      )}
    </Shown>
  );
}

function lastUseOf(context: unknown): string {
  const at = textOf(context, 'lastUsage');
  return at === undefined ? '–' : formatAge(Date.parse(at));
}

function Detail({ context, onChange }: { readonly context: unknown; readonly onChange: () => void }) {
  const path = pathOf(context);
  const loading = useLoad(() => call(path), [path]);
  const action = useAction(onChange);
  const isCached = textOf(context, 'kind') === 'Cached';
  return (
    <>
      <p class="bar">
        {isCached && (
          <button type="button" onClick={() => action.run(() => call(`${path}?reload=true`, { method: 'DELETE' }))}>
            {say('reload')}
          </button>
        )}
        <ConfirmButton text={say('delete')} onConfirm={() => action.run(() => call(path, { method: 'DELETE' }))} />
        <Outcome of={action} />
      </p>
      <Shown of={loading}>{(document) => <pre tabIndex={0}>{JSON.stringify(document, undefined, 2)}</pre>}</Shown>
    </>
  );
}
