/** Watches all tenants that have rules. Where several brokers share a store, one of them does. */
import { isSnapshotStore } from '../../core/port/snapshot-store.ts';
import { Problem } from '../../core/model/problem.ts';
import type { Clock, YieldToEventLoop } from '../../core/port/clock.ts';
import type { Observe } from '../../core/port/observe.ts';
import type { Store, Stores } from '../../core/port/store.ts';
import { watchPositionCollection } from '../../core/port/watch.ts';
import { findRules } from './find-rules.ts';
import type { NumericAttributes } from '../models/model-bounds.ts';
import { openTenantWatch, type TenantWatch } from './tenant-watch.ts';

export interface WatchOptions {
  readonly stores: Stores;
  readonly clock: Clock;
  readonly observe: Observe;
  readonly yieldToEventLoop: YieldToEventLoop;
  readonly models: NumericAttributes;
  /** Most series of a tenant. */
  readonly seriesMax: number;
}

export interface Watch {
  /** Waits for what is being checked. */
  stop(): Promise<void>;
}

/** How often tenants with new rules, and series that have become silent, are looked for. */
const lookMs = 2000;

/** The partition whose holder watches. Jobs use the same one. */
const part = 0;

/** Starts the watch. It costs nothing in a tenant without rules but a look for them. */
export function startWatch(options: WatchOptions): Watch {
  const state: WatchState = { ...options, tenants: new Map(), others: new Map(), hasSearched: false, isStopped: false };
  let running: Promise<void> | undefined;
  const run = (): void => {
    running ??= lookAround(state)
      .catch((cause: unknown) => {
        // A Problem means that the store is unavailable, which all its other users report.
        if (!(cause instanceof Problem)) options.observe({ kind: 'failed', where: 'watch', cause });
      })
      .finally(() => {
        running = undefined;
      });
  };
  run();
  const timer = setInterval(run, lookMs);
  return {
    async stop() {
      state.isStopped = true;
      clearInterval(timer);
      await running;
      for (const name of [...state.others.keys()]) forget(name, state);
      await Promise.all([...state.tenants.values()].map((watched) => watched.stop()));
    },
  };
}

interface WatchState extends WatchOptions {
  readonly tenants: Map<string, TenantWatch>;
  /** Tenants that are not watched. */
  readonly others: Map<string, Unwatched>;
  /** Whether the tenants that were watched before the start were opened. */
  hasSearched: boolean;
  isStopped: boolean;
}

/** A tenant without rules. It is looked at again after a change, so that the look keeps no unused file open. */
interface Unwatched {
  readonly store: Store;
  hasChanged: boolean;
  readonly unfollow: () => void;
}

async function lookAround(state: WatchState): Promise<void> {
  const { stores, tenants } = state;
  const isHere = stores.partitions.holds(part);
  for (const [name, watched] of tenants) {
    if (watched.isOn() && isHere) {
      await watched.look();
    } else {
      tenants.delete(name);
      await watched.stop();
    }
  }
  if (isHere) await openNew(state);
}

/** Opens the tenants that have rules, and are not open. */
async function openNew(state: WatchState): Promise<void> {
  const { stores, tenants, others } = state;
  const before = state.hasSearched ? [] : await stores.tenantsWith(watchPositionCollection);
  state.hasSearched = true;
  for (const name of new Set([...before, ...(await stores.tenantsInUse()), ...others.keys()])) {
    if (state.isStopped || tenants.has(name) || isSnapshotStore(name)) continue;
    const known = others.get(name) ?? (await follow(name, state));
    if (!known?.hasChanged) continue;
    known.hasChanged = false;
    const opened = await openOne(name, known, state);
    if (!opened) continue;
    tenants.set(name, opened);
    forget(name, state);
  }
}

/** Follows the log of a tenant. Undefined: it does not exist. */
async function follow(name: string, { stores, others }: WatchState): Promise<Unwatched | undefined> {
  const store = await stores.open(name, false);
  if (!store) return undefined;
  const known: Unwatched = {
    store,
    hasChanged: true,
    unfollow: store.log.follow(() => {
      known.hasChanged = true;
    }),
  };
  others.set(name, known);
  return known;
}

function forget(name: string, { others }: WatchState): void {
  others.get(name)?.unfollow();
  others.delete(name);
}

/** Undefined: the tenant has no rules, or is not there any more. */
async function openOne(tenant: string, { store }: Unwatched, state: WatchState): Promise<TenantWatch | undefined> {
  const { stores, clock } = state;
  try {
    if ((await findRules(store, clock.now(), 1)).length === 0) return undefined;
    return await openTenantWatch({ ...state, tenant, store, leaseTerm: () => stores.partitions.leaseTerm(part) });
  } catch (cause) {
    if (!(cause instanceof Problem && cause.type === 'NonexistentTenant')) throw cause;
    forget(tenant, state);
    return undefined;
  }
}
