/** Opens what delivers notifications: those of entities, those of registrations, and what context sources notify. */
import type { Messenger } from '../core/port/messenger.ts';
import type { Services } from '../core/operation/operation.ts';
import type { Subscriptions } from '../core/port/subscriptions.ts';
import { joinMessengers } from '../core/subscription/messengers.ts';
import { createDeliveryEngine, type DeliveryEngine } from '../edge/deliver/engine.ts';
import type { DeliveryServices } from '../edge/deliver/environment.ts';
import { createHttpMessenger } from '../edge/deliver/http-messenger.ts';
import { lookupPublic } from '../edge/document/lookup.ts';
import { createMqttMessenger } from '../edge/mqtt/messenger.ts';
import type { Config } from './config/options.ts';

/** Receivers of notifications and context sources follow the same rule of addresses. */
export const reachOf = ({ notifyAllowPrivate }: Config): { readonly lookupPublic?: typeof lookupPublic } =>
  notifyAllowPrivate ? {} : { lookupPublic };

interface Deliveries {
  readonly services: Required<Pick<Services, 'registrationSubscriptions'>>;
  readonly entities: Subscriptions;
  readonly sources: Subscriptions;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The delivery of notifications of entities, that of notifications of registrations, and that of what sources notify. */
export function openDeliveries(config: Config, parts: DeliveryServices): Deliveries {
  const entities = openDelivery(config, parts, 'entities');
  const registrations = openDelivery(config, parts, 'registrations');
  const sources = openDelivery(config, parts, 'sources');
  return {
    services: { registrationSubscriptions: registrations.subscriptions },
    entities: entities.subscriptions,
    sources: sources.subscriptions,
    async start() {
      await entities.start();
      await registrations.start();
      await sources.start();
    },
    async stop() {
      await Promise.all([entities.stop(), registrations.stop(), sources.stop()]);
    },
  };
}

export function openMessenger(config: Config): Messenger {
  const reach = { ...reachOf(config), timeoutMs: config.notifyTimeoutMs };
  return joinMessengers([createHttpMessenger(reach), createMqttMessenger(reach)]);
}

function openDelivery(config: Config, services: DeliveryServices, about: Subscriptions['about']): DeliveryEngine {
  return createDeliveryEngine({
    about,
    messenger: openMessenger(config),
    concurrency: config.notifyConcurrency,
    attemptsMax: config.notifyAttempts,
    // Dead letters are those of the log of this broker.
    deadLettersMax: about === 'sources' ? 0 : config.deadLettersMax,
    services,
  });
}
