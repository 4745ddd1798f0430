/** Joins the delivery of subscriptions with that of their copies at context sources. */
import type { DeliveryStatistics } from '../core/model/subscription.ts';
import type { Services } from '../core/operation/operation.ts';
import { isSnapshotStore } from '../core/port/snapshot-store.ts';
import type { Sources } from '../core/port/sources.ts';
import type { Subscriptions } from '../core/port/subscriptions.ts';
import { createForwarding, type Forwarding } from '../edge/peer/subscription/forwarding.ts';
import { notifyUrlOf } from '../edge/peer/subscription/routes.ts';
import type { Config } from './config/options.ts';

/** The deliveries of changes of this broker, and of those that sources notify. */
interface Deliveries {
  readonly entities: Subscriptions;
  readonly sources: Subscriptions;
}

type OtherServices = Omit<Services, 'subscriptions'> & { readonly sources: Sources };

export interface RunningForwarding {
  /** `url` is the address at which the broker listens. */
  start(url: string): Promise<void>;
  stop(): Promise<void>;
}

/** All services, with subscriptions that are copied to sources. */
export function openForwarding(
  { publicUrl }: Pick<Config, 'publicUrl'>,
  services: OtherServices,
  deliveries: Deliveries,
): { readonly services: Services; readonly forwarding: RunningForwarding } {
  let forwarding: Forwarding | undefined;
  const whole = { ...services, subscriptions: withCopies(deliveries, () => forwarding) };
  return {
    services: whole,
    forwarding: {
      async start(url) {
        const base = publicUrl === '' ? url : publicUrl.replace(/\/+$/, '');
        forwarding = createForwarding({
          services: whole,
          sources: services.sources,
          delivery: deliveries.sources,
          notifyUrl: (tenant, copy) => notifyUrlOf(base, tenant, copy),
          chance: () => Math.random(),
        });
        await forwarding.start();
      },
      stop: async () => forwarding?.stop(),
    },
  };
}

/** The subscriptions as operations see them. `forwarding` returns what keeps their copies. Undefined: it has not started. */
const withCopies = ({ entities, sources }: Deliveries, forwarding: () => Forwarding | undefined): Subscriptions => ({
  ...entities,
  async refresh(tenant, id) {
    await entities.refresh(tenant, id);
    // An operation on a snapshot asks no context sources.
    if (!isSnapshotStore(tenant)) forwarding()?.refresh(tenant, id);
  },
  async forgetChanges(tenant) {
    await entities.forgetChanges(tenant);
    await sources.forgetChanges(tenant);
  },
  async statistics(tenant, document) {
    const own = await entities.statistics(tenant, document);
    const copied = forwarding()?.hasCopies(tenant) === true ? await sources.statistics(tenant, document) : undefined;
    return own && copied ? sum(own, copied) : (own ?? copied);
  },
});

/** The later one says the status. */
function sum(one: DeliveryStatistics, other: DeliveryStatistics): DeliveryStatistics {
  const [earlier, later] = (one.lastNotification ?? '') <= (other.lastNotification ?? '') ? [one, other] : [other, one];
  const latest = (name: 'lastSuccess' | 'lastFailure'): Partial<DeliveryStatistics> => {
    const times = [one[name], other[name]].flatMap((time) => time ?? []).sort();
    const last = times.at(-1);
    return last === undefined ? {} : { [name]: last };
  };
  return {
    ...earlier,
    ...later,
    ...latest('lastSuccess'),
    ...latest('lastFailure'),
    timesSent: one.timesSent + other.timesSent,
    timesFailed: one.timesFailed + other.timesFailed,
  };
}
