/** The operation that explains why a subscription sends notifications of an entity, or does not. */
import { readId } from '../../model/read/id.ts';
import { readHead } from '../heads.ts';
import type { Operation } from '../operation.ts';
import { withContext } from '../view.ts';
import { readAnyId, requireWhole } from './owner.ts';
import { find } from './write-subscription.ts';

export const explainSubscription: Operation = {
  ...readHead,
  access: 'subscribe',
  checksDocuments: true,
  name: 'explainSubscription',
  clause: '5.8.6',
  path: '/subscriptions/{id}/explain',
  parameters: ['entity'],
  async run(request, call) {
    const document = await find(readAnyId(request.path['id']), call);
    const given = request.params['entity'];
    const entity = given === undefined ? undefined : readId(given, 'the parameter entity');
    if (entity !== undefined) requireWhole(call);
    const { subscriptions } = call.services;
    const explanation = await subscriptions.explain(call.storeName, document, { entity, terms: call.context });
    const body = {
      id: document.id,
      type: 'SubscriptionExplanation',
      ...(entity === undefined ? undefined : { entity }),
      ...explanation,
    };
    return { kind: 'found', text: withContext(JSON.stringify(body), call) };
  },
};
