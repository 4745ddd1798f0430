/** Explains for an entity why a subscription was notified of its last change, or why it was not. */
import { useSignal } from '@preact/signals';
import { apiPath, call } from '../data/api.ts';
import type { Thing } from '../data/entity.ts';
import { listOf, textOf } from '../data/json.ts';
import { useLoad } from '../data/load.ts';
import { shortId } from '../data/names.ts';
import { Choice, Shown } from '../view/parts.tsx';
import { Explanation } from '../view/explanation.tsx';
import { say } from '../words/words.ts';

export function TellPanel({ thing }: { readonly thing: Thing }) {
  const isOpen = useSignal(false);
  return (
    <details class="raw" onToggle={({ currentTarget }) => (isOpen.value = currentTarget.open)}>
      <summary>{say('whyNotTold')}</summary>
      {isOpen.value && <Subscriptions id={thing.id} />}
    </details>
  );
}

function Subscriptions({ id }: { readonly id: string }) {
  const chosen = useSignal('');
  const loading = useLoad(async () => listOf(await call(apiPath('/subscriptions', { limit: 100 }))), [id]);
  return (
    <Shown of={loading}>
      {(subscriptions) => {
        const ids = subscriptions.map(
          (subscription) => [textOf(subscription, 'id') ?? '', nameOf(subscription)] as const,
        );
        if (ids.length === 0) return <p class="note">{say('noSubscriptions')}</p>;
        const current = chosen.value === '' ? (ids[0]?.[0] ?? '') : chosen.value;
        return (
          <>
            <Choice
              label={say('subscription')}
              value={current}
              options={ids}
              onChoose={(value) => (chosen.value = value)}
            />
            <Explanation subscriptionId={current} entityId={id} />
          </>
        );
      }}
    </Shown>
  );
}

const nameOf = (subscription: unknown): string =>
  textOf(subscription, 'subscriptionName') ??
  textOf(subscription, 'description') ??
  shortId(textOf(subscription, 'id') ?? '');
