/** Lists subscriptions: what they are about, how far they have come, and what could not be delivered. */
import { useSignal } from '@preact/signals';
import { useAction } from '../data/act.ts';
import { apiPath, call } from '../data/api.ts';
import { listOf, memberOf, numberOf, textOf } from '../data/json.ts';
import { shortId, shortName } from '../data/names.ts';
import { formatAge } from '../data/times.ts';
import { Explanation } from '../view/explanation.tsx';
import { type PageRange, Paged, usePages } from '../view/pages.tsx';
import { inputTo, Outcome } from '../view/parts.tsx';
import { ConfirmButton, Table } from '../view/table.tsx';
import { say } from '../words/words.ts';
import { DeadLetters } from './dead-letters.tsx';

const idOf = (subscription: unknown): string => textOf(subscription, 'id') ?? '';
const pathOf = (id: string, rest = ''): string => apiPath(`/subscriptions/${encodeURIComponent(id)}${rest}`);

/** A subscription, with how far it has come. */
interface Followed {
  readonly subscription: unknown;
  readonly delivery: unknown;
}

async function loadPage(range: PageRange): Promise<readonly Followed[]> {
  const subscriptions = listOf(await call(apiPath('/subscriptions', { ...range })));
  return Promise.all(
    subscriptions.map(async (subscription) => {
      const explained = await call(pathOf(idOf(subscription), '/explain')).catch(() => undefined);
      return { subscription, delivery: memberOf(explained, 'delivery') };
    }),
  );
}

export function SubscriptionsView() {
  const loading = usePages(loadPage, []);
  return (
    <Paged of={loading}>
      {(all) => (
        <Table
          label={say('operate.subscriptions')}
          records={all}
          keyOf={({ subscription }) => idOf(subscription)}
          columns={[
            { title: say('name'), cell: ({ subscription }) => nameOf(subscription) },
            { title: say('about'), cell: ({ subscription }) => subjectOf(subscription) },
            { title: say('endpoint'), cell: ({ subscription }) => <code>{endpointOf(subscription)}</code> },
            { title: say('status'), cell: ({ subscription }) => textOf(subscription, 'status') },
            { title: say('sent'), isNumber: true, cell: ({ delivery }) => numberOf(delivery, 'timesSent') },
            { title: say('failures'), isNumber: true, cell: ({ delivery }) => numberOf(delivery, 'timesFailed') },
            { title: say('unread'), isNumber: true, cell: ({ delivery }) => numberOf(delivery, 'unread') },
            { title: say('waiting'), isNumber: true, cell: ({ delivery }) => numberOf(delivery, 'waiting') },
            { title: say('deadLetters'), isNumber: true, cell: ({ delivery }) => numberOf(delivery, 'deadLetters') },
            { title: say('lastSuccess'), cell: ({ delivery }) => lastSuccessOf(delivery) },
          ]}
          detail={({ subscription }) => <Detail subscription={subscription} onChange={loading.reload} />}
        />
      )}
    </Paged>
  );
}

const nameOf = (subscription: unknown): string =>
  textOf(subscription, 'subscriptionName') ?? textOf(subscription, 'description') ?? shortId(idOf(subscription));

const endpointOf = (subscription: unknown): string =>
  textOf(memberOf(memberOf(subscription, 'notification'), 'endpoint'), 'uri') ?? '';

function subjectOf(subscription: unknown): string {
  const entities = listOf(memberOf(subscription, 'entities')).map(
    (entity) => textOf(entity, 'id') ?? textOf(entity, 'idPattern') ?? shortName(textOf(entity, 'type') ?? ''),
  );
  const watched = listOf(memberOf(subscription, 'watchedAttributes')).map((name) => shortName(String(name)));
  const q = textOf(subscription, 'q');
  return [entities.join(', '), watched.join(', '), q].filter((part) => part !== undefined && part !== '').join(' · ');
}

function lastSuccessOf(delivery: unknown): string {
  const at = textOf(delivery, 'lastSuccess');
  return at === undefined ? '–' : formatAge(Date.parse(at));
}

function Detail({ subscription, onChange }: { readonly subscription: unknown; readonly onChange: () => void }) {
  const id = idOf(subscription);
  const action = useAction(onChange);
  const isPaused = textOf(subscription, 'status') === 'paused';
  return (
    <>
      <p class="bar">
        <button
          type="button"
          onClick={() => action.run(() => call(pathOf(id), { method: 'PATCH', body: { isActive: isPaused } }))}
        >
          {say(isPaused ? 'resume' : 'pause')}
        </button>
        <ConfirmButton
          text={say('delete')}
          onConfirm={() => action.run(() => call(pathOf(id), { method: 'DELETE' }))}
        />
        <Outcome of={action} />
      </p>
      <h3>{say('explain')}</h3>
      <Explain id={id} />
      <h3>{say('deadLetters')}</h3>
      <DeadLetters id={id} />
      <details>
        <summary>{say('definition')}</summary>
        <pre tabIndex={0}>{JSON.stringify(subscription, undefined, 2)}</pre>
      </details>
    </>
  );
}

function Explain({ id }: { readonly id: string }) {
  const typed = useSignal('');
  const entity = useSignal('');
  const submit = (event: Event): void => {
    event.preventDefault();
    entity.value = typed.value.trim();
  };
  return (
    <>
      <form class="bar" onSubmit={submit}>
        <label class="choice grow">
          <span>{say('explainHint')}</span>
          <input value={typed.value} placeholder="urn:ngsi-ld:…" onInput={inputTo(typed)} />
        </label>
        <button type="submit">{say('whyNotTold')}</button>
      </form>
      <Explanation subscriptionId={id} {...(entity.value === '' ? undefined : { entityId: entity.value })} />
    </>
  );
}
