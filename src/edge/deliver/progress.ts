/** The progress of a subscription, and its JSON in the store. */
import { type Instant, isInstant } from '../../core/model/instant.ts';
import { isArray, isObject, isWhole, type Json, type JsonObject } from '../../core/model/json.ts';
import {
  type DeliveryStatistics,
  noStatistics,
  statisticsIn,
  type SubscriptionDocument,
} from '../../core/model/subscription.ts';
import type { Position } from '../../core/port/store.ts';
import type { OpenNotification } from '../../core/subscription/queue.ts';

/** The progress of one subscription. */
export interface Progress {
  /** Everything up to this position is delivered or given up. */
  readonly position: Position;
  /** True when nothing waited. The subscription has then progressed as far as the tailer of its tenant. */
  readonly isCaughtUp: boolean;
  readonly statistics: DeliveryStatistics;
  /** When the subscription was created. Unknown in documents of older versions. */
  readonly madeAt?: Instant;
  /** For a subscription that ended with open notifications: how far the log was matched, and which notifications are open. */
  readonly seen?: Position;
  readonly open?: readonly OpenNotification[];
  /** The position of the last change that was delivered. */
  readonly lastDelivered?: Position;
  /** Why the last failed attempt failed. */
  readonly lastReason?: string;
  /** Of a subscription to registrations: the version (`modifiedAt`) that was notified of what it found. */
  readonly begun?: Instant;
  /** When the next notification at an interval is due. */
  readonly dueAt?: Instant;
}

export const progressJson = ({ statistics, open, lastDelivered, ...rest }: Progress): Json => ({
  ...rest,
  account: { ...statistics },
  ...(lastDelivered === undefined ? undefined : { told: lastDelivered }),
  ...(open ? { open: open.map(({ position, entity }) => [position, entity]) } : undefined),
});

/** Reads what `progressJson` wrote. Undefined: it is no progress. */
export function progressIn(json: Json | undefined): Progress | undefined {
  if (!isObject(json)) return undefined;
  const { position, isCaughtUp, account } = json;
  return {
    ...optionalIn(json),
    position: isWhole(position) ? position : 0,
    isCaughtUp: isCaughtUp === true,
    statistics: isObject(account) ? statisticsIn(account) : noStatistics,
  };
}

function optionalIn(json: JsonObject): Omit<Progress, 'position' | 'isCaughtUp' | 'statistics'> {
  const { told, lastReason, dueAt, madeAt, seen, begun } = json;
  const open = openIn(json['open']);
  return {
    ...(isInstant(madeAt) ? { madeAt } : undefined),
    ...(isWhole(seen) && open ? { seen, open } : undefined),
    ...(isWhole(told) ? { lastDelivered: told } : undefined),
    ...(typeof lastReason === 'string' ? { lastReason } : undefined),
    ...(isInstant(begun) ? { begun } : undefined),
    ...(isInstant(dueAt) ? { dueAt } : undefined),
  };
}

/** The open notifications. Undefined when they are unknown: everything after the position then counts as open. */
function openIn(json: Json | undefined): readonly OpenNotification[] | undefined {
  if (!isArray(json)) return undefined;
  const open = json.flatMap((one): readonly OpenNotification[] => {
    const [position, entity] = isArray(one) ? one : [];
    return isWhole(position) && typeof entity === 'string' ? [{ position, entity }] : [];
  });
  return open.length === json.length ? open : undefined;
}

/** The progress, unless it belongs to a deleted subscription of the same id. */
export const ownProgress = (
  { createdAt }: SubscriptionDocument,
  progress: Progress | undefined,
): Progress | undefined => ((progress?.madeAt ?? createdAt) === createdAt ? progress : undefined);

/** Where a subscription starts, or resumes from the progress. Changes before `since` of the document do not concern it. */
export function initialProgress(
  { since, createdAt: madeAt }: SubscriptionDocument,
  progress: Progress | undefined,
): Progress {
  const { position = since, statistics = noStatistics, seen = position, open = [] } = progress ?? {};
  return {
    ...progress,
    statistics,
    madeAt,
    position: Math.max(since, position),
    seen: Math.max(since, seen),
    open: open.filter((one) => one.position > since),
    isCaughtUp: false,
  };
}
