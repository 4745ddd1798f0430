/** Follows a query or a stored subscription live, and shows each change as it comes. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Entity, StreamEvent } from '../../client/client.ts';
import { apiPath, call } from '../data/api.ts';
import { type JsonObject, listOf, textOf } from '../data/json.ts';
import { openClient } from '../data/live.ts';
import { useLoad } from '../data/load.ts';
import { shortId } from '../data/names.ts';
import { entityAddress } from '../data/route.ts';
import { credential, tenant } from '../data/session.ts';
import { Choice } from '../view/parts.tsx';
import { say } from '../words/words.ts';
import { type Built, subscriptionOf } from './request.ts';

const changesMax = 50;

interface TailedChange {
  readonly key: string;
  readonly at: Date;
  readonly entity: Entity;
}

export function LiveTail({ built }: { readonly built: Built }) {
  const chosen = useSignal('');
  const tail = useTail();
  const isRunning = tail.running.value !== undefined;
  const toggle = (): void => {
    if (isRunning) tail.stop();
    else tail.start(chosen.value === '' ? subscriptionOf(built) : chosen.value);
  };
  return (
    <section class="card" aria-label={say('follow')}>
      <h2>{say('follow')}</h2>
      <div class="bar">
        <StoredChoice chosen={chosen.value} onChoose={(id) => (chosen.value = id)} />
        <button type="button" aria-pressed={isRunning} onClick={toggle}>
          {say(isRunning ? 'stop' : 'follow')}
        </button>
      </div>
      {tail.problem.value !== '' && <p class="failure">{tail.problem.value}</p>}
      {isRunning && tail.changes.value.length === 0 && <p class="note">{say('waitingForChanges')}</p>}
      <Changes of={tail.changes.value} />
    </section>
  );
}

/** Follows one subscription at a time, until it is stopped, the view goes, or somebody else signs in. */
function useTail() {
  const running = useSignal<AbortController | undefined>(undefined);
  const changes = useSignal<readonly TailedChange[]>([]);
  const problem = useSignal('');
  const taken = useSignal(0);
  const stop = (): void => {
    running.value?.abort();
    running.value = undefined;
  };
  useEffect(() => stop, [credential.value, tenant.value]);
  const take = (event: StreamEvent): void => {
    if (event.kind !== 'change') return;
    taken.value += 1;
    changes.value = [{ key: String(taken.value), at: new Date(), entity: event.entity }, ...changes.value].slice(
      0,
      changesMax,
    );
  };
  const start = (what: JsonObject | string): void => {
    const stopping = new AbortController();
    running.value = stopping;
    problem.value = '';
    changes.value = [];
    follow(what, stopping.signal, take).catch((error: unknown) => {
      if (stopping.signal.aborted) return;
      problem.value = error instanceof Error ? error.message : String(error);
      stop();
    });
  };
  return { running, changes, problem, start, stop };
}

const Changes = ({ of }: { readonly of: readonly TailedChange[] }) => (
  <ol class="states tail">
    {of.map(({ key, at, entity }) => (
      <li key={key}>
        <time dateTime={at.toISOString()}>{at.toLocaleTimeString()}</time>{' '}
        <a href={entityAddress(entity.id)}>{shortId(entity.id)}</a> <code>{JSON.stringify(entity).slice(0, 400)}</code>
      </li>
    ))}
  </ol>
);

async function follow(
  what: JsonObject | string,
  signal: AbortSignal,
  take: (event: StreamEvent) => void,
): Promise<void> {
  const client = openClient(signal);
  try {
    for await (const event of client.subscribe(what, { signal, overflow: 'latest' })) take(event);
  } finally {
    client.close();
  }
}

function StoredChoice({ chosen, onChoose }: { readonly chosen: string; readonly onChoose: (id: string) => void }) {
  const loading = useLoad(
    async () => listOf(await call(apiPath('/subscriptions', { limit: 100 }))).map((one) => textOf(one, 'id') ?? ''),
    [],
  );
  const found = loading.result.value;
  const ids = found.state === 'ready' ? found.value : [];
  const options = [['', say('thisQuery')] as const, ...ids.map((id) => [id, shortId(id)] as const)];
  return <Choice label={say('followStored')} value={chosen} options={options} onChoose={onChoose} />;
}
