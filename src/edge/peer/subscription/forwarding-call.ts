/** Makes the context in which the broker itself asks sources for a subscription: that of its owner, with its @context. */
import { anonymous } from '../../../core/access/identity.ts';
import type { SubscriptionDocument } from '../../../core/model/subscription.ts';
import { epochOf, positionText } from '../../../core/port/position.ts';
import type { Store } from '../../../core/port/store.ts';
import type { CallContext, Services } from '../../../core/operation/operation.ts';

/** The document of a subscription, and where it is. */
export interface Place {
  readonly tenant: string;
  /** The store of the tenant. */
  readonly store: Store;
  readonly services: Services;
}

/** Throws what the resolution of the @context throws. */
export async function forwardingCall(
  { context, members: { jsonldContext }, owner, via }: SubscriptionDocument,
  { tenant, store, services }: Place,
): Promise<CallContext> {
  const { access, contexts, clock, ids } = services;
  return {
    tenant,
    store,
    services,
    storeName: tenant,
    principal: access.principalOfOwner(owner ?? anonymous),
    context: await contexts.resolve(jsonldContext ?? context, tenant),
    media: 'json',
    now: clock.now(),
    ...(via === undefined ? undefined : { headers: { via } }),
    position: async () => positionText(await epochOf(store, ids), await store.log.position()),
  };
}
