/** Shows why a subscription was notified, or why it was not: the verdict, and each clause with what it asks and finds. */
import { apiPath, call } from '../data/api.ts';
import { listOf, memberOf, textOf } from '../data/json.ts';
import { useLoad } from '../data/load.ts';
import { say } from '../words/words.ts';
import { Shown } from './parts.tsx';

export function Explanation({
  subscriptionId,
  entityId,
}: {
  readonly subscriptionId: string;
  readonly entityId?: string;
}) {
  const loading = useLoad(
    () => call(apiPath(`/subscriptions/${encodeURIComponent(subscriptionId)}/explain`, { entity: entityId })),
    [subscriptionId, entityId],
  );
  return (
    <Shown of={loading}>
      {(explanation) => (
        <div class="explanation">
          <p class="verdict">{textOf(explanation, 'verdict')}</p>
          <ul>
            {listOf(memberOf(explanation, 'clauses')).map((clause, n) => (
              <Clause key={n} clause={clause} />
            ))}
          </ul>
        </div>
      )}
    </Shown>
  );
}

function Clause({ clause }: { readonly clause: unknown }) {
  const isMet = memberOf(clause, 'isMet') === true;
  return (
    <li class={isMet ? 'met' : 'unmet'}>
      <b>
        <span role="img" aria-label={say(isMet ? 'yes' : 'no')}>
          {isMet ? '✓' : '✗'}
        </span>{' '}
        {textOf(clause, 'clause')}
      </b>{' '}
      {textOf(clause, 'asks')}
      {textOf(clause, 'finds') !== undefined && <small> → {textOf(clause, 'finds')}</small>}
    </li>
  );
}
