/** Executes writes within a transaction. The core defines what they mean. */
import { applyWrite, type Write } from '../../../core/language/write.ts';
import { expiredSeries } from '../../../core/language/history-selection.ts';
import type { Change } from '../../../core/model/change.ts';
import type { Entity } from '../../../core/model/entity.ts';
import { presentAt } from '../../../core/model/expiry.ts';
import { historyOf, pastEntry } from '../../../core/model/history.ts';
import { type Interruptible, runWithPauses } from '../../../core/model/interruptible.ts';
import type { Instant } from '../../../core/model/instant.ts';
import type { Outcome } from '../../../core/model/mutation.ts';
import type { YieldToEventLoop } from '../../../core/port/clock.ts';
import type { PastInstance } from '../../../core/port/store.ts';
import type { Subject } from '../subject-document.ts';
import type { UnitOfWork } from './unit-of-work.ts';

interface Execution {
  readonly at: Instant;
  readonly yieldToEventLoop: YieldToEventLoop;
}

/** Executes writes in order until the transaction is full: at least the first. Returns their outcomes. */
export async function executeSome(
  work: UnitOfWork,
  writes: readonly Write[],
  { at, yieldToEventLoop }: Execution,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const write of writes) {
    const pause = yieldToEventLoop();
    if (pause) await pause;
    outcomes.push(await runWithPauses(executeWrite(work, write, at), yieldToEventLoop));
    if (work.isFull()) break;
  }
  return outcomes;
}

/** One write: entity, history and log, or nothing. */
function* executeWrite(work: UnitOfWork, write: Write, at: Instant): Interruptible<Outcome> {
  const held = work.get(write.mutation.id);
  const { outcome, change, next, past = [] } = applyWrite(held?.present?.entity, write, at);
  yield;
  if (change) yield* keep(work, { held, change, next });
  const { id } = write.mutation;
  yield* recordPast(
    work,
    past.map((one) => ({ ...one, id, types: [] })),
    at,
  );
  return outcome;
}

interface EntityChange {
  readonly held: Subject | undefined;
  readonly change: Change;
  readonly next: Entity | undefined;
}

function* keep(work: UnitOfWork, { held, change, next }: EntityChange): Interruptible<void> {
  const number = work.nextNumber();
  const { id, types } = change.entity;
  const before = held?.present;
  if (held) forgetExpired(work, held, change.at);
  const known = { ...(held ?? { id, subject: number, series: [] }), types };
  const { present: _, ...subject } = yield* work.history.add(known, historyOf(change), () => number);
  const doc = change.entity === before?.entity ? before.doc : JSON.stringify(change.entity);
  yield;
  const version = work.log(change, doc);
  yield;
  // An entity that replaces an expired one gets a new place in the order.
  const num = before && change.event !== 'created' ? before.num : number;
  work.put(next ? { ...subject, present: { num, version, doc, entity: next } } : subject);
  yield* work.counts.replace(before?.entity, next);
}

/** Removes the history of attribute instances that have expired (clause 4.22). */
function forgetExpired({ history }: UnitOfWork, subject: Subject, now: Instant): void {
  const places = expiredSeries(subject.present?.entity, now);
  if (places.length === 0) return;
  const keys = new Set(places.map(({ name, datasetId }) => JSON.stringify([name, datasetId])));
  history.forget(subject, ({ name, dataset }) => keys.has(JSON.stringify([name, dataset])));
}

/** Adds instances to the histories of entities, whether these exist or not. */
export function* recordPast(work: UnitOfWork, instances: readonly PastInstance[], at: Instant): Interruptible<void> {
  for (const [id, ofOne] of Map.groupBy(instances, (one) => one.id)) {
    const subject = work.get(id) ?? { id, subject: work.nextNumber(), types: ofOne[0]?.types ?? [], series: [] };
    const entries = ofOne.map(({ name, instance }) => pastEntry(name, instance, { at, ownerCreatedAt: at }));
    work.put(yield* work.history.add(subject, entries, () => work.nextNumber()));
  }
}

/** Sweeps entities, and returns how many were removed. */
export function* sweepSome(work: UnitOfWork, ids: readonly string[], now: Instant): Interruptible<number> {
  let gone = 0;
  for (const id of ids) {
    if (yield* sweepOne(work, id, now)) gone += 1;
    yield;
  }
  return gone;
}

/** Removes what has expired from an entity. True when the entity was removed. Nothing is logged, and the version stays (clause 4.22). */
function* sweepOne(work: UnitOfWork, id: string, now: Instant): Interruptible<boolean> {
  const subject = work.get(id);
  if (!subject?.present) return false;
  const { present: before, ...gone } = subject;
  forgetExpired(work, subject, now);
  const entity = presentAt(before.entity, now);
  if (entity === before.entity) return false;
  yield* work.counts.replace(before.entity, entity);
  work.put(entity ? { ...subject, present: { ...before, doc: JSON.stringify(entity), entity } } : gone);
  return entity === undefined;
}
