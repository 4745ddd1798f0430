/** Shows a stored v2 subscription: its members, its status and its counters, as Orion does. */
import { isObject, type JsonObject } from '../../../model/json.ts';
import { type DeliveryStatistics, type SubscriptionDocument, statusOf } from '../../../model/subscription.ts';
import type { Instant } from '../../../model/instant.ts';
import { dateText } from '../../../v2/date.ts';
import { maskSecretsV2 } from '../../../v2/subscription/secrets.ts';

/** How a subscription is shown. */
interface Shown {
  /** Undefined: nothing was sent yet. */
  readonly statistics: DeliveryStatistics | undefined;
  readonly now: Instant;
  /** True: with secrets and its service path, so that it can be created again. */
  readonly isWhole: boolean;
}

/** The subscription as JSON. */
export function showV2(document: SubscriptionDocument, { statistics, now, isWhole }: Shown): JsonObject {
  const members = isWhole ? { ...document.members, ...document.v2 } : maskSecretsV2(document.members);
  const { description, status, expires, notification, ...others } = members;
  return {
    id: document.id,
    ...(description === undefined ? undefined : { description }),
    ...(expires === undefined ? undefined : { expires }),
    status: statusOf(document, now) === 'expired' ? 'expired' : (status ?? 'active'),
    ...others,
    notification: {
      ...(statistics ? countersOf(statistics) : undefined),
      ...(isObject(notification) ? notification : {}),
    },
  };
}

const countersOf = ({
  timesSent,
  lastNotification,
  lastSuccess,
  lastAnswer,
  lastFailure,
  lastFailureReason,
  failuresInRow = 0,
}: DeliveryStatistics): JsonObject => ({
  timesSent,
  ...time('lastNotification', lastNotification),
  ...time('lastFailure', lastFailure),
  ...(lastFailureReason === undefined ? undefined : { lastFailureReason }),
  ...time('lastSuccess', lastSuccess),
  ...(lastAnswer === undefined ? undefined : { lastSuccessCode: lastAnswer }),
  ...(failuresInRow === 0 ? undefined : { failsCounter: failuresInRow }),
});

/** In whole seconds, as Orion shows them. */
const time = (name: string, instant: Instant | undefined): JsonObject =>
  instant === undefined ? {} : { [name]: dateText(instant).replace(/\.\d{3}Z$/, '.000Z') };
