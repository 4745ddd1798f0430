/** Lists the tenants of the broker, and chooses the one to work in. */
import { apiPath, call } from '../data/api.ts';
import { listOf, textOf } from '../data/json.ts';
import { tenant } from '../data/session.ts';
import { Paged, usePages } from '../view/pages.tsx';
import { Table } from '../view/table.tsx';
import { say } from '../words/words.ts';

const nameOf = (one: unknown): string => textOf(one, 'name') ?? '';

export function TenantsView() {
  const pages = usePages(async (range) => listOf(await call(apiPath('/access/tenants', { ...range }))), []);
  return (
    <Paged of={pages}>
      {(tenants) => (
        <Table
          label={say('operate.tenants')}
          records={tenants}
          keyOf={nameOf}
          columns={[
            { title: say('name'), cell: (one) => (nameOf(one) === '' ? say('defaultTenant') : nameOf(one)) },
            { title: say('useTenant'), cell: (one) => <Choose name={nameOf(one)} /> },
          ]}
        />
      )}
    </Paged>
  );
}

const Choose = ({ name }: { readonly name: string }) =>
  name === tenant.value ? (
    <b>{say('chosenTenant')}</b>
  ) : (
    <button type="button" class="quiet" onClick={() => (tenant.value = name)}>
      {say('useTenant')}
    </button>
  );
