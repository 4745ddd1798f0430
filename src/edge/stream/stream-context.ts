/** Where one subscription of one connection stands in the change log, and what it needs to get on. */
import type { Change } from '../../core/model/change.ts';
import type { World } from '../../core/operation/operation.ts';
import type { Position } from '../../core/port/store.ts';
import type { SubscriptionPlan } from '../../core/subscription/plan.ts';
import type { Audience } from './audience.ts';
import type { Feed } from './feed.ts';
import type { NotificationWriter } from './notification-writer.ts';
import type { Pipe } from './pipe.ts';

export interface StreamContext {
  readonly plan: SubscriptionPlan;
  /** Whether a change, as the audience sees it, concerns the subscription. */
  readonly concerns: (change: Change) => boolean;
  readonly audience: Audience;
  readonly feed: Feed;
  readonly pipe: Pipe;
  readonly writer: NotificationWriter;
  readonly world: World;
  readonly state: StreamState;
}

interface StreamState {
  /** `reading`: it reads the log by itself. `live`: its feed hands it what concerns it. */
  mode: 'reading' | 'live' | 'ended';
  /** The client has been sent what concerns it up to here. */
  seen: Position;
  /** The client has been told that it is up to date to here. */
  told: Position;
  /** True when it has fallen behind and is to get only the latest of each entity. */
  isLagging: boolean;
  /** True until a snapshot is complete; no position is told before, as none can be resumed from. */
  isInSnapshot: boolean;
}

/** Tells the client that what lies before the position is lost to it. */
export function sendGap({ writer, state }: StreamContext, position: Position): void {
  writer.mark('gap', position);
  state.seen = position;
  state.told = position;
}
