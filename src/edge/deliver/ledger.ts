/** Writes down how far subscriptions have come, now and then, so that delivery goes on from there after a crash. */
import { performance } from 'node:perf_hooks';
import type { Instant } from '../../core/model/instant.ts';
import { isObject, type Json } from '../../core/model/json.ts';
import { accountIn, emptyAccount, type SubscriptionAccount } from '../../core/model/subscription.ts';
import type { Observe } from '../../core/port/observe.ts';
import type { Position, Shelf } from '../../core/port/store.ts';

/** How far one subscription has come. */
export interface Progress {
  /** What concerned it up to here is delivered or given up. */
  readonly position: Position;
  /** True when nothing waited: it has then come as far as its tenant's log was read. */
  readonly isCaughtUp: boolean;
  readonly account: SubscriptionAccount;
  /** The change that was told last. */
  readonly told?: Position;
  /** Why the last attempt failed that did. */
  readonly lastReason?: string;
  /** When the next notification by the clock is due. */
  readonly dueAt?: Instant;
}

/** Whoever's progress is written down. */
export interface Progressing {
  readonly id: string;
  progress(): Progress;
}

export interface Ledger {
  /** What was written down of a subscription, as far as it can have come since; undefined: nothing. */
  find(id: string): Promise<Progress | undefined>;
  /** There is something new to be written down. */
  mark(subject: Progressing): void;
  /** The common position has moved. */
  touch(): void;
  /** It is not to be written down any more; what was is forgotten when `isGone`. */
  drop(id: string, isGone: boolean): Promise<void>;
  /** Nobody of a part is here any more: its common position is no longer ours to write. */
  leave(part: number): void;
  /** Writes down what is new, at once. */
  flush(): Promise<void>;
}

export interface LedgerOptions {
  readonly shelf: Shelf;
  /** The part of all work to which a subscription belongs: its common position is that of its part. */
  readonly partOf: (id: string) => number;
  /** How far the tenant's log was read for those who have caught up. */
  readonly position: () => Position;
  readonly observe: Observe;
}

/** Time between two writings: five times what the last one took, within these bounds. */
const leastPauseMs = 100;
const mostPauseMs = 1000;
/** Documents that are written at a time. */
const bundle = 200;
/** The key of the position of all of a part who have caught up. No id of a subscription is without a colon. */
const common = (part: number): string => (part === 0 ? 'log' : `log ${part}`);

export function createLedger(options: LedgerOptions): Ledger {
  const { shelf, observe } = options;
  const state: State = { ...options, news: new Map(), written: new Map() };
  let running = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let pauseMs = leastPauseMs;
  const writeDown = async (): Promise<void> => {
    const beganMs = performance.now();
    await write(state);
    pauseMs = Math.min(mostPauseMs, Math.max(leastPauseMs, 5 * (performance.now() - beganMs)));
  };
  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    running = running.then(writeDown).catch((cause: unknown) => observe({ kind: 'failed', where: 'ledger', cause }));
    return running;
  };
  const touch = (): void => {
    timer ??= setTimeout(() => void flush(), pauseMs);
  };
  return {
    find: (id) => findProgress(options, id),
    mark(subject) {
      const part = options.partOf(subject.id);
      if (!state.written.has(part)) state.written.set(part, -1);
      state.news.set(subject.id, subject);
      touch();
    },
    touch,
    async drop(id, isGone) {
      state.news.delete(id);
      await running;
      if (isGone) await shelf.delete(id);
    },
    leave: (part) => void state.written.delete(part),
    flush,
  };
}

interface State extends LedgerOptions {
  readonly news: Map<string, Progressing>;
  /** The common position that was written last, of each part that has anybody here. */
  readonly written: Map<number, Position>;
}

/**
 * All taken down in one moment. The common position comes last: whoever had something waiting then is known to have, so that
 * nobody is thought to have come further than it has.
 */
async function write(state: State): Promise<void> {
  const { shelf, news } = state;
  const reached = state.position();
  const subjects = [...news.values()];
  const documents = subjects.map((subject) => [subject.id, progressJson(subject.progress())] as const);
  news.clear();
  try {
    for (let at = 0; at < documents.length; at += bundle) {
      await Promise.all(documents.slice(at, at + bundle).map(([id, document]) => shelf.put(id, document)));
    }
    const behind = [...state.written].filter(([, written]) => written !== reached).map(([part]) => part);
    await Promise.all(behind.map((part) => shelf.put(common(part), { position: reached })));
    for (const part of behind) if (state.written.has(part)) state.written.set(part, reached);
  } catch (cause) {
    for (const subject of subjects) news.set(subject.id, subject);
    throw cause;
  }
}

const progressJson = ({ account, ...rest }: Progress): Json => ({ ...rest, account: { ...account } });

async function findProgress({ shelf, partOf }: LedgerOptions, id: string): Promise<Progress | undefined> {
  const json = await shelf.get(id);
  if (!isObject(json)) return undefined;
  const { position, isCaughtUp, account, told, lastReason, dueAt } = json;
  const reached = typeof position === 'number' ? position : 0;
  return {
    position: isCaughtUp === true ? Math.max(reached, await commonPosition(shelf, partOf(id))) : reached,
    isCaughtUp: isCaughtUp === true,
    account: isObject(account) ? accountIn(account) : emptyAccount,
    ...(typeof told === 'number' ? { told } : undefined),
    ...(typeof lastReason === 'string' ? { lastReason } : undefined),
    ...(typeof dueAt === 'string' ? { dueAt } : undefined),
  };
}

async function commonPosition(shelf: Shelf, part: number): Promise<Position> {
  const json = await shelf.get(common(part));
  const position = isObject(json) ? json['position'] : undefined;
  return typeof position === 'number' ? position : 0;
}
