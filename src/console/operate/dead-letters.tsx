/** Lists the notifications of a subscription that the broker gave up, to send them again or to discard them. */
import { type Action, useAction } from '../data/act.ts';
import { apiPath, call } from '../data/api.ts';
import { listOf, numberOf, textOf } from '../data/json.ts';
import { shortId } from '../data/names.ts';
import { entityAddress } from '../data/route.ts';
import { formatTimeText } from '../data/times.ts';
import { Paged, usePages } from '../view/pages.tsx';
import { Outcome } from '../view/parts.tsx';
import { ConfirmButton, Table } from '../view/table.tsx';
import { say } from '../words/words.ts';

const pathOf = (id: string, rest: string): string =>
  apiPath(`/subscriptions/${encodeURIComponent(id)}/deadLetters${rest}`);

export function DeadLetters({ id }: { readonly id: string }) {
  const loading = usePages(
    async ({ offset, limit }) => listOf(await call(`${pathOf(id, '')}?limit=${limit}&offset=${offset}`)),
    [id],
  );
  const action = useAction(loading.reload);
  return (
    <Paged of={loading}>
      {(letters) =>
        letters.length === 0 ? (
          <p class="note">{say('noDeadLetters')}</p>
        ) : (
          <Letters id={id} letters={letters} action={action} />
        )
      }
    </Paged>
  );
}

interface LettersProps {
  readonly id: string;
  readonly letters: readonly unknown[];
  readonly action: Action;
}

function Letters({ id, letters, action }: LettersProps) {
  const send = (rest: string, method: string): void => action.run(() => call(pathOf(id, rest), { method }));
  const restOf = (letter: unknown): string => `/${encodeURIComponent(textOf(letter, 'id') ?? '')}`;
  return (
    <>
      <p class="bar">
        <button type="button" onClick={() => send('/replay', 'POST')}>
          {say('replayAll')}
        </button>
        <ConfirmButton text={say('discard')} onConfirm={() => send('', 'DELETE')} />
        <Outcome of={action} done="replayStarted" />
      </p>
      <Table
        label={say('deadLetters')}
        records={letters}
        keyOf={(letter) => textOf(letter, 'id') ?? ''}
        columns={[
          {
            title: say('entity'),
            cell: (letter) => (
              <a href={entityAddress(textOf(letter, 'entity') ?? '')}>{shortId(textOf(letter, 'entity') ?? '')}</a>
            ),
          },
          { title: say('reason'), cell: (letter) => textOf(letter, 'reason') },
          { title: say('attempts'), isNumber: true, cell: (letter) => numberOf(letter, 'attempts') },
          { title: say('when'), cell: (letter) => formatTimeText(textOf(letter, 'lastAt') ?? '') },
          {
            title: say('replay'),
            cell: (letter) => (
              <button type="button" class="quiet" onClick={() => send(`${restOf(letter)}/replay`, 'POST')}>
                {say('replay')}
              </button>
            ),
          },
        ]}
      />
    </>
  );
}
