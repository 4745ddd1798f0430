/** Watches the series of one tenant: follows the change log, looks for silence, and writes alerts and marks. */
import { performance } from 'node:perf_hooks';
import { type Micros, microsOfInstant } from '../../core/model/instant.ts';
import { isObject, isWhole } from '../../core/model/json.ts';
import { instanceOf } from '../../core/model/dataset.ts';
import { Problem } from '../../core/model/problem.ts';
import type { Clock, YieldToEventLoop } from '../../core/port/clock.ts';
import type { Observe } from '../../core/port/observe.ts';
import type { LeaseTerm } from '../../core/port/partitions.ts';
import type { LogRecord, Position, Store, Stored } from '../../core/port/store.ts';
import { watchedSeriesCollection, watchPositionCollection } from '../../core/port/watch.ts';
import { readLog } from '../../core/subscription/read-log.ts';
import { checkRecord } from './check-record.ts';
import type { Finding } from './detect/checks.ts';
import { noteFault } from './detect/faults.ts';
import { findSilence } from './detect/silence.ts';
import { findRules } from './find-rules.ts';
import { createPendingWrites, type PendingWrites } from './pending-writes.ts';
import { isWatchRule, readWatchRule, UnusableRule, type WatchRule } from './rule.ts';
import type { NumericAttributes } from '../models/model-bounds.ts';
import { createRuleSet, type RuleSet } from './rule-set.ts';
import { createSeriesMap, type SeriesMap, type WatchedSeries } from './series-map.ts';
import { openFaultsOf, restoreSeries } from './restore.ts';
import { seriesJson } from './series-json.ts';

export interface TenantWatchOptions {
  readonly tenant: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly observe: Observe;
  readonly yieldToEventLoop: YieldToEventLoop;
  readonly models: NumericAttributes;
  /** Most series of the tenant. */
  readonly seriesMax: number;
  /** The lease under which this broker watches. Undefined: it lost it, and stops. */
  readonly leaseTerm: () => LeaseTerm | undefined;
}

export interface TenantWatch {
  /** Looks for series that have become silent. */
  look(): Promise<void>;
  /** False when the tenant has no rule any more, or another broker watches it. */
  isOn(): boolean;
  /** Waits for the page that is being checked, and stores what is known. */
  stop(): Promise<void>;
}

/** Most records per read of the log. */
const pageSize = 500;
/** The pause after a read, so that many changes are checked together. */
const pauseMs = 50;
/** The delay before a failed read or write is tried again. */
const retryMs = 1000;
/** The least time between two writes of the position, because each is a commit. After a crash, so much is read again. */
const keepMs = 1000;
/** Most documents in one write. */
const batchSize = 200;

interface WatchState extends TenantWatchOptions {
  readonly map: SeriesMap;
  readonly pending: PendingWrites;
  /** Silence before this time does not count. */
  readonly startedAt: Micros;
  /** Why rules cannot be used, by their ids. */
  readonly unusable: Map<string, string>;
  rules: RuleSet;
  /** Changes of rules up to here are in the rules. */
  rulesReadAt: Position;
  position: Position;
  newest: Position;
  storedPosition: Position;
  /** When it was stored, by the monotonic clock. */
  keptMs: number;
  isFull: boolean;
  isOn: boolean;
  /** False: the last rule was deleted, and nothing is to be stored any more. */
  hasRules: boolean;
  /** All work, one after the other. */
  work: Promise<void>;
  timer: NodeJS.Timeout | undefined;
}

/** Most rules of a tenant. */
const rulesMax = 1000;

/** Starts to watch a tenant from where the watch was last. Undefined: it has no rule. */
export async function openTenantWatch(options: TenantWatchOptions): Promise<TenantWatch | undefined> {
  const { store, clock } = options;
  const found = await findRules(store, clock.now(), rulesMax);
  if (found.length === 0) return undefined;
  const state = createState(options);
  const kept = await store.collection(watchPositionCollection).get('position');
  const first = Math.min(...found.map(({ version }) => version)) - 1;
  state.position = isObject(kept) && isWhole(kept['position']) ? kept['position'] : Math.max(0, first);
  state.storedPosition = -1;
  state.rules = readRules(state, found);
  await restoreSeries(state, await openFaultsOf(store, clock.now()));
  await state.pending.flush();
  const unfollow = store.log.follow((position) => advance(state, position));
  advance(state, await store.log.position());
  return {
    look: () => enqueue(state, () => look(state)),
    isOn: () => state.isOn,
    async stop() {
      unfollow();
      state.isOn = false;
      clearTimeout(state.timer);
      await state.work;
      if (state.hasRules) await keepProgress(state).catch((cause: unknown) => report(state, cause));
    },
  };
}

function createState(options: TenantWatchOptions): WatchState {
  const { store, clock, seriesMax } = options;
  const map = createSeriesMap({ seriesMax, onDropped: (one) => pending.drop(one) });
  const pending = createPendingWrites({ store, map, now: () => clock.now() });
  return {
    ...options,
    map,
    pending,
    startedAt: microsOfInstant(clock.now()),
    unusable: new Map(),
    rules: createRuleSet([], options.models),
    rulesReadAt: 0,
    position: 0,
    newest: 0,
    storedPosition: 0,
    keptMs: Number.NEGATIVE_INFINITY,
    isFull: false,
    isOn: true,
    hasRules: true,
    work: Promise.resolve(),
    timer: undefined,
  };
}

function report(state: WatchState, cause: unknown): void {
  const { observe, tenant } = state;
  if (cause instanceof Problem && cause.type === 'NonexistentTenant') state.isOn = false;
  // Any other Problem means that the store is unavailable, which all its other users report.
  if (!(cause instanceof Problem)) observe({ kind: 'failed', where: 'watch', about: tenant, cause });
}

/** Reads the rules. Why one cannot be used is reported once. */
function readRules(state: WatchState, found: readonly Stored[]): RuleSet {
  const { models, observe, unusable } = state;
  const before = new Map(unusable);
  unusable.clear();
  const rules = found.flatMap((stored): readonly WatchRule[] => {
    try {
      return [readWatchRule(stored.entity())];
    } catch (cause) {
      if (!(cause instanceof UnusableRule)) throw cause;
      unusable.set(stored.id, cause.message);
      if (before.get(stored.id) !== cause.message)
        observe({ kind: 'failed', where: 'watch: rule', about: stored.id, cause });
      return [];
    }
  });
  return createRuleSet(rules, models);
}

/** Does the work after all work before it. A failure is reported. */
function enqueue(state: WatchState, work: () => Promise<void>): Promise<void> {
  state.work = state.work.then(async () => {
    if (!state.isOn) return;
    await work().catch((cause: unknown) => report(state, cause));
  });
  return state.work;
}

/** Reads on after a short pause. */
function advance(state: WatchState, position: Position, delayMs = pauseMs): void {
  state.newest = Math.max(state.newest, position);
  if (state.position >= state.newest || !state.isOn) return;
  state.timer ??= setTimeout(() => {
    void enqueue(state, async () => {
      state.timer = undefined;
      const isDone = await readOn(state).catch((cause: unknown) => {
        report(state, cause);
        return false;
      });
      advance(state, state.newest, isDone ? pauseMs : retryMs);
    });
  }, delayMs);
}

/** Checks one page. Returns false when there was nothing to read although something was announced. */
async function readOn(state: WatchState): Promise<boolean> {
  // What could not be written before comes first.
  await state.pending.flush();
  const { log } = state.store;
  const isWanted = (types: readonly string[]): boolean => isWatchRule(types) || state.rules.concerns(types);
  const page = await readLog(
    { read: (after, limit) => log.readAbout(after, limit, isWanted), prunedTo: () => log.prunedTo() },
    state.position,
    pageSize,
  );
  if (page.gapTo !== undefined) {
    state.position = page.gapTo;
    return true;
  }
  for (const record of page.records) {
    const pause = state.yieldToEventLoop();
    if (pause) await pause;
    state.position = record.position;
    if (!record.entity) continue;
    if (!isWatchRule(record.entity.types)) checkOne(state, record);
    else if (record.position > state.rulesReadAt) {
      await reload(state);
      // The rest of the page is read again, because the new rules may be about other types.
      break;
    }
  }
  await state.pending.flush();
  if (performance.now() - state.keptMs > keepMs) await keepProgress(state);
  return page.records.length > 0;
}

function checkOne(state: WatchState, record: LogRecord): void {
  const isRoom = checkRecord(record, state);
  if (isRoom || state.isFull) return;
  state.isFull = true;
  const { observe, tenant, seriesMax } = state;
  const cause = new Error(`More than ${seriesMax} series are to be watched (--watch-series-max); the others are not.`);
  observe({ kind: 'failed', where: 'watch', about: tenant, cause });
}

/** Reads the rules again after one has changed. Series that no rule is about any more end. */
async function reload(state: WatchState): Promise<void> {
  // The rules are read as they are now, so that one reload covers all changes up to here.
  state.rulesReadAt = await state.store.log.position();
  const found = await findRules(state.store, state.clock.now(), rulesMax);
  state.rules = readRules(state, found);
  for (const one of [...state.map.all()]) {
    const { types, attribute, unitCode } = one.place;
    const watched = state.rules.find(types, attribute, unitCode);
    if (watched) state.map.change(one, { watched });
    else state.pending.drop(one);
  }
  if (found.length > 0) return;
  await state.pending.flush();
  await keepProgress(state);
  await state.store.collection(watchPositionCollection).delete('position');
  state.isOn = false;
  state.hasRules = false;
}

/** Stores what has changed, and how far the log was read. */
async function keepProgress(state: WatchState): Promise<void> {
  const { store, map, pending, position } = state;
  const lease = state.leaseTerm();
  state.keptMs = performance.now();
  if (!lease) {
    state.isOn = false;
    return;
  }
  const collection = store.collection(watchedSeriesCollection);
  for (const key of pending.dropped()) await collection.delete(key);
  const changed = [...map.all()].filter(({ isChanged }) => isChanged);
  for (let start = 0; start < changed.length; start += batchSize) {
    const some = changed.slice(start, start + batchSize);
    const documents = some.map(({ key, place, series }) => ({ key, document: seriesJson(place, series) }));
    if (!(await collection.putFenced(documents, lease))) {
      state.isOn = false;
      return;
    }
    for (const one of some) one.isChanged = false;
  }
  if (position === state.storedPosition) return;
  const document = { key: 'position', document: { position } };
  if (await store.collection(watchPositionCollection).putFenced([document], lease)) state.storedPosition = position;
  else state.isOn = false;
}

async function look(state: WatchState): Promise<void> {
  const { map, pending, clock, startedAt } = state;
  const now = microsOfInstant(clock.now());
  for (const one of [...map.all()]) {
    const { series, watched } = one;
    if (series.faults?.has('silence')) continue;
    const finding = findSilence(series, watched.limits, { now, from: startedAt });
    if (finding) await reportSilence(state, one, finding);
  }
  await pending.flush();
  await keepProgress(state);
}

/** Opens the alert of a silent series, and marks its last value as stale. */
async function reportSilence(
  { store, clock, pending }: WatchState,
  one: WatchedSeries,
  finding: Finding,
): Promise<void> {
  const { id, attribute, datasetId } = one.place;
  const entity = (await store.get(id, clock.now()))?.entity();
  pending.addEvent(one, noteFault(one.series, finding, { value: Number.NaN, at: finding.since }), entity);
  const instance = instanceOf(entity?.attrs[attribute], datasetId);
  if (entity && instance)
    pending.addMark(one.key, { entity, attribute, instance, findings: [finding], spread: undefined });
}
