/** Lists the registrations of context sources. */
import { useAction } from '../data/act.ts';
import { apiPath, call } from '../data/api.ts';
import { listOf, memberOf, textOf } from '../data/json.ts';
import { shortId, shortName } from '../data/names.ts';
import { Paged, usePages } from '../view/pages.tsx';
import { Outcome } from '../view/parts.tsx';
import { ConfirmButton, Table } from '../view/table.tsx';
import { say } from '../words/words.ts';

const idOf = (registration: unknown): string => textOf(registration, 'id') ?? '';

export function RegistrationsView() {
  const loading = usePages(
    async (range) => listOf(await call(apiPath('/csourceRegistrations', { type: '*', ...range }))),
    [],
  );
  return (
    <Paged of={loading}>
      {(registrations) => (
        <Table
          label={say('operate.registrations')}
          records={registrations}
          keyOf={idOf}
          columns={[
            { title: say('name'), cell: (record) => textOf(record, 'registrationName') ?? shortId(idOf(record)) },
            { title: say('about'), cell: subjectOf },
            { title: say('source'), cell: (record) => <code>{textOf(record, 'endpoint')}</code> },
            { title: say('mode'), cell: (record) => textOf(record, 'mode') ?? 'inclusive' },
            { title: say('status'), cell: (record) => textOf(record, 'status') ?? '–' },
          ]}
          detail={(record) => <Detail registration={record} onChange={loading.reload} />}
        />
      )}
    </Paged>
  );
}

const subjectOf = (registration: unknown): string =>
  listOf(memberOf(registration, 'information'))
    .flatMap((part) => [
      ...listOf(memberOf(part, 'entities')).map(
        (entity) =>
          textOf(entity, 'id') ??
          textOf(entity, 'idPattern') ??
          listOf(memberOf(entity, 'type'))
            .map((type) => shortName(String(type)))
            .join(', '),
      ),
      ...[...listOf(memberOf(part, 'propertyNames')), ...listOf(memberOf(part, 'relationshipNames'))].map((name) =>
        shortName(String(name)),
      ),
    ])
    .join(', ');

function Detail({ registration, onChange }: { readonly registration: unknown; readonly onChange: () => void }) {
  const action = useAction(onChange);
  const path = apiPath(`/csourceRegistrations/${encodeURIComponent(idOf(registration))}`);
  return (
    <>
      <p class="bar">
        <ConfirmButton text={say('delete')} onConfirm={() => action.run(() => call(path, { method: 'DELETE' }))} />
        <Outcome of={action} />
      </p>
      <pre tabIndex={0}>{JSON.stringify(registration, undefined, 2)}</pre>
    </>
  );
}
