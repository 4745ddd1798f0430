/** Shows who may do what: keys, grants, and what somebody else may see. */
import { useSignal } from '@preact/signals';
import { useAction } from '../data/act.ts';
import { apiPath, call } from '../data/api.ts';
import { listOf, memberOf, textOf, textsOf } from '../data/json.ts';
import { useLoad } from '../data/load.ts';
import { shortId, shortName } from '../data/names.ts';
import { formatTimeText } from '../data/times.ts';
import { Paged, usePages } from '../view/pages.tsx';
import { inputTo, Outcome, Shown } from '../view/parts.tsx';
import { ConfirmButton, Table } from '../view/table.tsx';
import { say } from '../words/words.ts';
import { Eyes } from './eyes.tsx';

export const AccessView = () => (
  <>
    <Eyes />
    <Keys />
    <Grants />
  </>
);

const keyPath = (name: string): string => apiPath(`/access/keys/${encodeURIComponent(name)}`);
const nameOf = (key: unknown): string => textOf(key, 'name') ?? '';

function Keys() {
  const loading = useLoad(async () => listOf(await call(apiPath('/access/keys'))), []);
  const action = useAction(loading.reload);
  return (
    <section class="card">
      <h2>{say('keys')}</h2>
      <NewKey onDone={loading.reload} />
      <Outcome of={action} />
      <Shown of={loading}>
        {(keys) => (
          <Table
            label={say('keys')}
            records={keys}
            keyOf={nameOf}
            columns={[
              { title: say('name'), cell: nameOf },
              { title: say('roles'), cell: (key) => textsOf(memberOf(key, 'roles')).join(', ') },
              { title: say('created'), cell: (key) => formatTimeText(textOf(key, 'createdAt') ?? '–') },
              { title: say('expires'), cell: (key) => formatTimeText(textOf(key, 'expiresAt') ?? '–') },
              {
                title: say('revoke'),
                cell: (key) => (
                  <ConfirmButton
                    text={say('revoke')}
                    onConfirm={() => action.run(() => call(keyPath(nameOf(key)), { method: 'DELETE' }))}
                  />
                ),
              },
            ]}
          />
        )}
      </Shown>
    </section>
  );
}

function NewKey({ onDone }: { readonly onDone: () => void }) {
  const name = useSignal('');
  const roles = useSignal('reader');
  const made = useSignal('');
  const action = useAction(onDone);
  const create = async (): Promise<void> => {
    const body = { name: name.value.trim(), roles: roles.value.split(/[\s,]+/).filter((role) => role !== '') };
    made.value = textOf(await call(apiPath('/access/keys'), { method: 'POST', body }), 'key') ?? '';
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    action.run(create);
  };
  return (
    <>
      <form class="bar" onSubmit={submit}>
        <label class="choice">
          <span>
            {say('newKey')}: {say('name').toLowerCase()}
          </span>
          <input required value={name.value} onInput={inputTo(name)} />
        </label>
        <label class="choice">
          <span>{say('roles')}</span>
          <input required value={roles.value} onInput={inputTo(roles)} />
        </label>
        <button type="submit">{say('create')}</button>
        <Outcome of={action} />
      </form>
      {made.value !== '' && (
        <p class="verdict" role="status">
          {say('keyMade')} <code>{made.value}</code>
        </p>
      )}
    </>
  );
}

function Grants() {
  const loading = usePages(async (range) => listOf(await call(apiPath('/access/grants', { ...range }))), []);
  const action = useAction(loading.reload);
  const path = (grant: unknown): string => apiPath(`/access/grants/${encodeURIComponent(textOf(grant, 'id') ?? '')}`);
  return (
    <section class="card">
      <h2>{say('grants')}</h2>
      <Outcome of={action} />
      <Paged of={loading}>
        {(grants) => (
          <Table
            label={say('grants')}
            records={grants}
            keyOf={(grant) => textOf(grant, 'id') ?? ''}
            columns={[
              {
                title: say('name'),
                cell: (grant) => textOf(grant, 'description') ?? shortId(textOf(grant, 'id') ?? ''),
              },
              { title: say('grantTo'), cell: (grant) => listOf(memberOf(grant, 'to')).map(String).join(', ') },
              { title: say('operations'), cell: (grant) => textsOf(memberOf(grant, 'operations')).join(', ') },
              { title: say('covers'), cell: coverOf },
            ]}
            detail={(grant) => (
              <>
                <ConfirmButton
                  text={say('delete')}
                  onConfirm={() => action.run(() => call(path(grant), { method: 'DELETE' }))}
                />
                <pre tabIndex={0}>{JSON.stringify(grant, undefined, 2)}</pre>
              </>
            )}
          />
        )}
      </Paged>
    </section>
  );
}

const restrictions = ['tenants', 'types', 'idPattern', 'scopes', 'attrs', 'own', 'q'] as const;

function coverOf(grant: unknown): string {
  const parts = restrictions.flatMap((name) => {
    const values = listOf(memberOf(grant, name)).map((value) => shortName(String(value)));
    return values.length === 0 ? [] : [`${name}: ${values.join(', ')}`];
  });
  return parts.length === 0 ? say('everythingCovered') : parts.join('; ');
}
