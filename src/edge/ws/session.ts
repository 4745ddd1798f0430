/** What one client does over its connection: subscribes, asks, and is answered. */
import { performance } from 'node:perf_hooks';
import { isObject } from '../../core/model/json.ts';
import { Problem, type ProblemReport } from '../../core/model/problem.ts';
import { quoted } from '../../core/model/read/id.ts';
import type { World } from '../../core/operation/operation.ts';
import { statusOf } from '../../core/operation/describe-problem.ts';
import type { SubscriptionPlan } from '../../core/subscription/plan.ts';
import { positionText } from '../../core/subscription/position.ts';
import { readSubscription } from '../../core/subscription/read-subscription.ts';
import { audienceOf } from './audience.ts';
import type { Connection } from './connection.ts';
import { type Consumer, createConsumer } from './consumer.ts';
import type { Feed, Lease } from './feed.ts';
import { exchangesMax, faultsMax, type StreamLimits } from './limits.ts';
import { createOutlet } from './outlet.ts';
import { type ClientFrame, exchangeOf, parseFrame, readFrame, type RequestFrame, type SubscribeFrame } from './read-frame.ts';
import type { CarryOut, Peer } from './request.ts';
import { findStart } from './start.ts';
import { errorFrame, pongFrame, subscribedFrame, unsubscribedFrame } from './write-frame.ts';

export interface SessionOptions {
  readonly connection: Connection;
  readonly peer: Peer;
  readonly openFeed: (tenant: string) => Promise<Lease | undefined>;
  readonly carryOut: CarryOut;
  readonly world: World;
  readonly limits: StreamLimits;
}

export interface Session {
  /** Takes a text frame of the client. */
  receive(text: string): void;
  /** Takes a frame that is no text. */
  refuse(detail: string): void;
  beat(): void;
  /** Ends all that is under way. */
  end(): void;
}

interface State extends SessionOptions {
  /** By the client's names for them. Undefined while one is being opened. */
  readonly subscriptions: Map<string, { readonly consumer: Consumer; readonly lease: Lease } | undefined>;
  /** Subscriptions are opened and closed in the order of the frames. */
  queue: Promise<void>;
  exchanges: number;
  faults: number;
  isOver: boolean;
}
