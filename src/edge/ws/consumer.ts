/** One subscription of one connection: it reads the log until it is up to date, then is handed what comes, and reads again when it lags. */
import { microsOfInstant } from '../../core/model/instant.ts';
import type { World } from '../../core/operation/operation.ts';
import type { LogRecord, Position } from '../../core/port/store.ts';
import { compilePlan } from '../../core/subscription/match.ts';
import type { SubscriptionPlan } from '../../core/subscription/plan.ts';
import type { Audience } from './audience.ts';
import type { LiveConsumer } from './circles.ts';
import type { Connection } from './connection.ts';
import type { Feed } from './feed.ts';
import { pageSizes } from './limits.ts';
import type { Outlet } from './outlet.ts';
import { readLog } from './read-log.ts';
import { takeSnapshot } from './snapshot.ts';

export interface ConsumerOptions {
  readonly plan: SubscriptionPlan;
  readonly audience: Audience;
  readonly feed: Feed;
  readonly connection: Connection;
  readonly outlet: Outlet;
  readonly world: World;
  readonly overflow: 'disconnect' | 'latest';
  /** Bytes that may wait in the connection. */
  readonly bufferBytes: number;
  /** Everything up to here is known to the client, or is told by a snapshot. */
  readonly start: Position;
  readonly isSnapshotFirst: boolean;
  /** Called when the subscription has ended of itself. */
  readonly ended: (reason: string) => void;
}

export interface Consumer {
  /** Sends what is to be sent, until the end. */
  run(): void;
  /** Ends without a word. */
  end(): void;
  /** Called now and then: ends what has expired, and tells how far the client is when it has heard nothing for long. */
  beat(): void;
}

/** Where a consumer stands. `reading`: it reads the log itself. `live`: its feed hands it what concerns it. */
export interface Standing {
  mode: 'reading' | 'live' | 'ended';
  /** The client has been sent what concerns it up to here. */
  seen: Position;
  /** The client knows that it is up to date to here. */
  told: Position;
  /** True when it has fallen behind and wants only the latest of each entity. */
  isLagging: boolean;
  /** True until a snapshot is complete: no position is told before. */
  isInSnapshot: boolean;
}

/** Entities of which a lagging consumer is sent the latest at a time. */
const latestMax = 1000;

export function createConsumer(options: ConsumerOptions): Consumer {
  const { plan, audience, feed, connection, outlet, world, overflow, bufferBytes, start } = options;
  const standing: Standing = { mode: 'reading', seen: start, told: start, isLagging: false, isInSnapshot: options.isSnapshotFirst };
  const expiry = plan.expiresAt === undefined ? Infinity : microsOfInstant(plan.expiresAt);

  const end = (): void => {
    standing.mode = 'ended';
    feed.leave(live);
  };
  const endIfExpired = (): boolean => {
    if (standing.mode === 'ended' || expiry === Infinity || microsOfInstant(world.clock.now()) < expiry) return false;
    end();
    options.ended('expired');
    return true;
  };
  const lose = (position: Position): void => {
    outlet.say('gap', position);
    standing.seen = position;
    standing.told = position;
  };
  const fail = (cause?: unknown): void => {
    if (standing.mode === 'ended') return;
    if (cause !== undefined) world.observe({ kind: 'failed', where: 'stream', cause });
    end();
    connection.close('fault');
  };
  const deliver = (records: readonly LogRecord[], from: Position): void => {
    if (standing.mode !== 'live' || endIfExpired()) return;
    standing.seen = Math.max(standing.seen, from);
    const fresh = records.filter(({ position }) => position > standing.seen);
    for (const { entities, position } of outlet.bundles(fresh)) {
      if (connection.backlog() > lagBytes(overflow, bufferBytes)) return overflow === 'latest' ? fallBehind() : connection.close('tooSlow');
      outlet.notify(entities, position);
      standing.seen = position;
      standing.told = position;
    }
  };
  const fallBehind = (): void => {
    world.observe({ kind: 'streamDropped', reason: 'conflated' });
    feed.leave(live);
    standing.mode = 'reading';
    standing.isLagging = true;
    run();
  };
  const live: LiveConsumer = { plan, audience, deliver, lose, fail };
  const reader = createReader(options, standing, lose);

  const readOn = async (): Promise<void> => {
    if (standing.isInSnapshot) await takeSnapshot(options, standing, reader);
    while (standing.mode === 'reading' && (await connection.drained())) {
      if (endIfExpired()) return;
      if (feed.join(live, standing.seen)) {
        standing.mode = 'live';
        standing.isLagging = false;
      } else if (standing.isLagging) await reader.sendLatest();
      else await reader.sendPage();
    }
  };
  const run = (): void => void readOn().catch(fail);
  return {
    run,
    end,
    beat: () => {
      if (endIfExpired() || standing.isInSnapshot || standing.mode === 'ended') return;
      const reached = standing.mode === 'live' ? Math.max(standing.seen, feed.deliveredTo()) : standing.seen;
      if (reached <= standing.told) return;
      outlet.say('position', reached);
      standing.told = reached;
    },
  };
}
