/** Operations that show stored subscriptions (clauses 5.8.3, 5.8.4). */
import { readId } from '../../model/read/id.ts';
import { isV2Subscription, type SubscriptionDocument, subscriptionIn } from '../../model/subscription.ts';
import { readEach } from '../../port/document-collection.ts';
import { subscriptionCollection } from '../../port/subscriptions.ts';
import { readHead } from '../heads.ts';
import type { OperationRequest, CallContext, Operation } from '../operation.ts';
import { liftCount, pageOf, readOptions, readPaging } from '../parameters.ts';
import { withContext } from '../view.ts';
import { type ShowOptions, showSubscription } from './show.ts';
import { mayManage } from './owner.ts';
import { find } from './write-subscription.ts';

export const listSubscriptions: Operation = {
  ...readHead,
  access: 'subscribe',
  checksDocuments: true,
  name: 'listSubscriptions',
  clause: '5.8.4',
  path: '/subscriptions',
  parameters: ['limit', 'offset', 'count', 'options'],
  async run(request, call) {
    const params = liftCount(request.params);
    const paging = readPaging(params, call.services.limits);
    const shown = readShown(params);
    const kept = await call.store.collection(subscriptionCollection).list();
    const all = readEach(
      kept.filter(({ document }) => !isV2Subscription(document) && mayManage(document, call)),
      ({ document }) => subscriptionIn(document),
      (key, cause) => call.services.observe({ kind: 'failed', where: 'subscription', about: key, cause }),
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
  access: 'subscribe',
  checksDocuments: true,
  name: 'retrieveSubscription',
  clause: '5.8.3',
  path: '/subscriptions/{id}',
  parameters: ['options'],
  async run(request, call) {
    const id = readId(request.path['id'], 'the id of the subscription');
    return { kind: 'found', text: await text(await find(id, call), readShown(request.params), call) };
  },
};

type Shown = Omit<ShowOptions, 'statistics'>;

/** Secrets are shown only when `options` requests them, for example for a backup: nobody sees them by accident. */
function readShown(params: OperationRequest['params']): Shown {
  const options = readOptions(params, ['sysAttrs', 'secrets']);
  return { isWithStamps: options.has('sysAttrs'), isWithSecrets: options.has('secrets') };
}

async function text(document: SubscriptionDocument, shown: Shown, call: CallContext): Promise<string> {
  const pause = call.services.yieldToEventLoop();
  if (pause) await pause;
  const statistics = await call.services.subscriptions.statistics(call.storeName, document);
  return withContext(JSON.stringify(await showSubscription(document, { statistics, ...shown }, call)), call);
}
