/** Shows how the hosts of context sources answer this broker. */
import { apiPath, call } from '../data/api.ts';
import { listOf, memberOf, numberOf, textOf, textsOf } from '../data/json.ts';
import { shortId } from '../data/names.ts';
import { formatNumber } from '../data/units.ts';
import { Paged, usePages } from '../view/pages.tsx';
import { Table } from '../view/table.tsx';
import { say } from '../words/words.ts';

const hostOf = (peer: unknown): string => textOf(peer, 'host') ?? '';
const count = (peer: unknown, name: string): string => {
  const found = numberOf(peer, name);
  return found === undefined ? '–' : formatNumber(found, 0);
};

export function PeersView() {
  const pages = usePages(async (range) => listOf(await call(apiPath('/access/peers', { ...range }))), []);
  return (
    <Paged of={pages}>
      {(peers) => (
        <Table
          label={say('operate.peers')}
          records={peers}
          keyOf={hostOf}
          columns={[
            { title: say('host'), cell: (peer) => <code>{hostOf(peer)}</code> },
            { title: say('status'), cell: (peer) => <State peer={peer} /> },
            { title: say('requests'), isNumber: true, cell: (peer) => count(peer, 'asked') },
            { title: say('failures'), isNumber: true, cell: (peer) => count(peer, 'failed') },
            { title: say('meanMs'), isNumber: true, cell: (peer) => count(peer, 'meanMs') },
            { title: say('slowestMs'), isNumber: true, cell: (peer) => count(peer, 'slowestMs') },
            { title: say('operate.registrations'), isNumber: true, cell: (peer) => count(peer, 'registrationCount') },
          ]}
          detail={(peer) => <Detail peer={peer} />}
        />
      )}
    </Paged>
  );
}

const states = ['ok', 'failing', 'resting', 'unknown'] as const;

function State({ peer }: { readonly peer: unknown }) {
  const state = states.find((one) => one === textOf(peer, 'state')) ?? 'unknown';
  const isWell = state === 'ok' || state === 'unknown';
  return <span class={isWell ? '' : 'failure'}>{say(`peer.${state}`)}</span>;
}

const Detail = ({ peer }: { readonly peer: unknown }) => (
  <>
    {textOf(peer, 'lastReason') !== undefined && <p class="failure">{textOf(peer, 'lastReason')}</p>}
    <ul>
      {textsOf(memberOf(peer, 'registrations')).map((id) => (
        <li key={id}>
          <code>{shortId(id)}</code>
        </li>
      ))}
    </ul>
    <pre tabIndex={0}>{JSON.stringify(peer, undefined, 2)}</pre>
  </>
);
