/** Operations that show stored subscriptions (clauses 5.8.3, 5.8.4). */
import { readId } from '../../model/read/id.ts';
import { type SubscriptionDocument, subscriptionIn } from '../../model/subscription.ts';
import { readEach } from '../../port/shelf.ts';
import { subscriptionShelf } from '../../port/subscriptions.ts';
import { readHead } from '../heads.ts';
import type { Ask, Call, Operation } from '../operation.ts';
import { liftCount, pageOf, readOptions, readPaging } from '../parameters.ts';
import { withContext } from '../view.ts';
import { type Showing, showSubscription } from './show.ts';
import { find } from './write-subscription.ts';

export const listSubscriptions: Operation = {
  ...readHead,
  name: 'listSubscriptions',
  clause: '5.8.4',
  path: '/subscriptions',
  parameters: ['limit', 'offset', 'count', 'options'],
  async run(ask, call) {
    const params = liftCount(ask.params);
    const paging = readPaging(params, call.world.limits);
    const shown = readShown(params);
    const all = readEach(
      await call.store.shelf(subscriptionShelf).list(),
      ({ document }) => subscriptionIn(document),
      (key, cause) => call.world.observe({ kind: 'failed', where: 'subscription', about: key, cause }),
    );
    const rest = all.slice(paging.offset, paging.offset + paging.limit + 1);
    const texts: string[] = [];
    for (const document of rest.slice(0, paging.limit)) texts.push(await text(document, shown, call));
    const page = pageOf(rest.length, paging, paging.isCounted ? all.length : undefined);
    return { kind: 'found', text: `[${texts.join(',')}]`, page };
  },
};

export const retrieveSubscription: Operation = {
  ...readHead,
  name: 'retrieveSubscription',
  clause: '5.8.3',
  path: '/subscriptions/{id}',
  parameters: ['options'],
  async run(ask, call) {
    const id = readId(ask.path['id'], 'the id of the subscription');
    return { kind: 'found', text: await text(await find(id, call), readShown(ask.params), call) };
  },
};

type Shown = Omit<Showing, 'account'>;

/** Secrets are shown to whoever asks for them, as a backup does: nobody sees them by chance. */
function readShown(params: Ask['params']): Shown {
  const options = readOptions(params, ['sysAttrs', 'secrets']);
  return { isWithStamps: options.has('sysAttrs'), isWithSecrets: options.has('secrets') };
}

async function text(document: SubscriptionDocument, shown: Shown, call: Call): Promise<string> {
  const pause = call.world.breathe();
  if (pause) await pause;
  const account = await call.world.subscriptions.account(call.tenant, document);
  return withContext(JSON.stringify(await showSubscription(document, { account, ...shown }, call)), call);
}
