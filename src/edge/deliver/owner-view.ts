/** What the owner of a subscription may be notified of. It asks for the rights of the owner each time. */
import { type Decision, decisionKey, visiblePart } from '../../core/access/decision.ts';
import { withoutAttributes } from '../../core/access/filter-attributes.ts';
import { grantsGiving, guardStore } from '../../core/access/guard.ts';
import type { Entity } from '../../core/model/entity.ts';
import type { SubscriptionDocument } from '../../core/model/subscription.ts';
import type { LogRecord, Store } from '../../core/port/store.ts';
import type { SubscriptionPlan } from '../../core/subscription/plan.ts';
import { visibleChange } from '../../core/subscription/visible-change.ts';
import type { DeliveryEnvironment } from './environment.ts';

export interface OwnerView {
  /** Texts that are equal stand for the same rights. */
  key(): string;
  /** True when the owner may see everything. */
  isWhole(): boolean;
  /** The visible part of a change. Undefined when nothing of it is visible. */
  see(record: LogRecord): LogRecord | undefined;
  /** Notes for the audit that the owner was notified of these entities. They may be whole, or his part of them. */
  record(shown: readonly Entity[]): void;
  /** The store as the owner may see it. Undefined when nothing of it is visible. */
  store(): Store | undefined;
  /** A plan that finds at least the changes whose visible part matches the given plan. */
  widened(plan: SubscriptionPlan): SubscriptionPlan;
}

const full: Decision = { extent: 'full' };
const nothing: Decision = { extent: 'none' };

export function createOwnerView(
  { id, owner }: SubscriptionDocument,
  { tenant, store, services, about }: Pick<DeliveryEnvironment, 'tenant' | 'store' | 'services' | 'about'>,
): OwnerView {
  const decide = (): Decision => {
    if (!owner) return full;
    const principal = services.access.principalOfOwner(owner);
    if (about !== 'registrations') return principal.rights('subscribe', tenant);
    // Registrations are of the whole tenant, like the operations on them.
    const decision = principal.rights('register', tenant);
    return decision.extent === 'full' ? decision : nothing;
  };
  const recorder =
    owner && about !== 'registrations'
      ? services.audit?.recordNotifications({ tenant, principal: owner.subject, resource: id })
      : undefined;
  return {
    key: () => decisionKey(decide()),
    isWhole: () => decide().extent === 'full',
    see: (record) => {
      const decision = decide();
      if (decision.extent !== 'part') return decision.extent === 'full' ? record : undefined;
      return visibleChange(record, (entity) => visiblePart(entity, decision));
    },
    record: (shown) => {
      for (const entity of recorder ? shown : [])
        recorder?.note(entity, () => grantsGiving({ whole: store, decision: decide() }, entity));
    },
    store: () => {
      const decision = decide();
      return decision.extent === 'none' ? undefined : guardStore(store, decision);
    },
    widened: (plan) => (decide().extent === 'full' ? plan : widen(plan)),
  };
}

/** The condition of another API may depend on attributes that the owner may not see. */
const widen = ({ isConcerned, ...plan }: SubscriptionPlan): SubscriptionPlan => ({
  ...plan,
  filter: withoutAttributes(plan.filter),
  ...(isConcerned ? { isConcerned: () => true } : undefined),
});
