/** Holds the state of one subscription of one connection: its position in the change log and the objects that it uses. */
import type { Change } from '../../core/model/change.ts';
import type { Services } from '../../core/operation/operation.ts';
import type { Position } from '../../core/port/store.ts';
import type { SubscriptionPlan } from '../../core/subscription/plan.ts';
import type { Audience } from './audience.ts';
import type { Feed } from './feed.ts';
import type { NotificationWriter } from './notification-writer.ts';
import type { Pipe } from './pipe.ts';

export interface StreamContext {
  readonly plan: SubscriptionPlan;
  /** True when a change, as the audience sees it, matches the subscription. */
  readonly concerns: (change: Change) => boolean;
  readonly audience: Audience;
  readonly feed: Feed;
  readonly pipe: Pipe;
  readonly writer: NotificationWriter;
  readonly services: Services;
  readonly state: StreamState;
}

interface StreamState {
  /** `reading`: it reads the log itself. `live`: it receives records from its feed. */
  mode: 'reading' | 'live' | 'ended';
  /** All matching changes up to this position have been sent. */
  readPosition: Position;
  /** The last position sent to the client. */
  sentPosition: Position;
  /** True when it lags and gets only the latest change of each entity. */
  isLagging: boolean;
  /** True until a snapshot is complete. No position is sent before, because a client cannot resume within a snapshot. */
  isInSnapshot: boolean;
}

/** Tells the client that changes before the position are lost. */
export function sendGap({ writer, state }: StreamContext, position: Position): void {
  writer.mark('gap', position);
  state.readPosition = position;
  state.sentPosition = position;
}
