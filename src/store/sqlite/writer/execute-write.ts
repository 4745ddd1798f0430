/** Executes writes in a tenant's file within the current transaction. The core defines what they mean. */
import { applyWrite, type Write } from '../../../core/language/write.ts';
import type { Change } from '../../../core/model/change.ts';
import type { Entity } from '../../../core/model/entity.ts';
import { presentAt } from '../../../core/model/expiry.ts';
import { historyOf, pastEntry } from '../../../core/model/history.ts';
import { type Instant, microsOfInstant } from '../../../core/model/instant.ts';
import type { Mutated } from '../../../core/model/apply-draft.ts';
import type { Outcome } from '../../../core/model/mutation.ts';
import type { Entities, StoredEntityRow, NewEntityRow } from './entity-rows.ts';
import type { RollupWriter } from '../history/rollup-writer.ts';
import type { UnobservedSeries } from '../history/unobserved-series.ts';
import type { HistoryWriter } from '../history-writer.ts';
import type { PastSeries } from '../message.ts';
import type { LogWriter } from './log-writer.ts';
import type { Sequence } from './sequence.ts';
import { type Interruptible, runSync } from '../../../core/model/interruptible.ts';
import { inSteps } from './steps.ts';
import type { Subjects } from './subjects.ts';

/** The tables of a tenant, for the writer. */
export interface Tables {
  readonly entities: Entities;
  readonly subjects: Subjects;
  readonly history: HistoryWriter;
  readonly rollups: RollupWriter;
  readonly unobserved: UnobservedSeries;
  readonly log: LogWriter;
  readonly sequence: Sequence;
}

/**
 * An entity of up to this many characters is written without interruption, because that takes a few milliseconds at most, and each
 * interruption costs time.
 */
const smallLength = 16 * 1024;

const isSmall = ({ length }: string): boolean => length <= smallLength;

/** One write: entity, history and log, or nothing. */
export function* executeWrite(tables: Tables, write: Write, at: Instant): Interruptible<Outcome> {
  const stored = tables.entities.get(write.mutation.id);
  if (!isSmall(stored?.doc ?? '')) yield;
  const { outcome, change, next, past = [] } = applyWrite(stored?.entity, write, at);
  if (change) yield* storeChange(tables, { stored, change, next });
  for (const { name, instance } of past)
    yield* recordSeries(tables, { id: write.mutation.id, types: [], name, instances: [instance] }, at);
  return outcome;
}

interface EntityChange {
  readonly stored: StoredEntityRow | undefined;
  readonly change: Change;
  readonly next: Mutated['next'] | undefined;
}

/** Writes what a change makes of an entity. */
function* storeChange(tables: Tables, entityChange: EntityChange): Interruptible<undefined> {
  const { stored, change } = entityChange;
  // A small entity may also have a long history that has expired.
  if (stored) yield* forgetExpired(tables.history, stored, change.at);
  const doc = change.entity === stored?.entity ? stored.doc : JSON.stringify(change.entity);
  const work = writeRows(tables, entityChange, doc);
  if (isSmall(doc) && isSmall(stored?.doc ?? '')) {
    runSync(work);
    return undefined;
  }
  yield;
  return yield* work;
}

/** `doc` is the text of the change's entity. */
function* writeRows(tables: Tables, { stored, change, next }: EntityChange, doc: string): Interruptible<undefined> {
  const { subjects, history, log, sequence } = tables;
  const { position, number } = sequence.nextPosition();
  const subject = stored?.subject ?? subjects.restore(change.id) ?? number;
  yield* history.add(subject, number, historyOf(change));
  const isNew = change.event === 'created';
  log.append({ position, change, doc, num: stored && !isNew ? stored.num : number, stored });
  yield;
  if (next) {
    const row = { num: number, subject, version: position, doc, entity: next };
    yield* putEntity(tables, { stored, isNew }, row);
  } else yield* removeEntity(tables, { stored, types: change.entity.types });
  return undefined;
}

/** An entity that replaces an expired one gets a new row, and so the last place in the order of creation. */
function* putEntity(
  { entities }: Tables,
  { stored, isNew }: { readonly stored: StoredEntityRow | undefined; readonly isNew: boolean },
  row: NewEntityRow,
): Interruptible<undefined> {
  if (stored && isNew) yield* entities.remove(stored);
  if (stored && !isNew) yield* entities.update(stored, { ...row, num: stored.num });
  else yield* entities.insert(row);
  return undefined;
}

function* removeEntity(
  { entities, subjects }: Tables,
  { stored, types }: { readonly stored: StoredEntityRow | undefined; readonly types: readonly string[] },
): Interruptible<undefined> {
  if (!stored) return undefined;
  yield* entities.remove(stored);
  subjects.markDeleted({ id: stored.entity.id, subject: stored.subject, types });
  return undefined;
}

/** Removes the history of attribute instances that have expired (clause 4.22). */
function* forgetExpired(
  history: HistoryWriter,
  { expires, entity, subject }: StoredEntityRow,
  now: Instant,
): Interruptible<undefined> {
  const moment = microsOfInstant(now);
  if (expires === null || expires > moment) return undefined;
  for (const [name, instances] of Object.entries(entity.attrs)) {
    for (const instance of instances) {
      if (instance.expiresAt !== undefined && microsOfInstant(instance.expiresAt) <= moment) {
        yield* history.forget(subject, name, instance);
      }
    }
  }
  return undefined;
}

/** Adds instances to the history of an entity, whether it exists or not. */
export function* recordSeries(
  tables: Tables,
  { id, types, name, instances }: PastSeries,
  at: Instant,
): Interruptible<undefined> {
  const { entities, subjects, history, sequence } = tables;
  const subject = entities.subjectOf(id) ?? subjects.deletedSubject(id) ?? newSubject(tables, id, types);
  for (const instance of instances) {
    const entry = pastEntry(name, instance, { at, ownerCreatedAt: at });
    yield* history.add(subject, entry.isObserved ? 0 : sequence.next(), [entry]);
  }
  return undefined;
}

function newSubject({ subjects, sequence }: Tables, id: string, types: readonly string[]): number {
  const subject = sequence.next();
  subjects.markDeleted({ id, subject, types });
  return subject;
}

/** Removes expired entities and attributes, of at most `limit` entities. Returns how many entities it changed, and how many of these it removed. */
export function* sweepSome(
  tables: Tables,
  now: Instant,
  limit: number,
): Interruptible<readonly [changed: number, removed: number]> {
  const due = tables.entities.due(microsOfInstant(now), limit);
  const removed = yield* inSteps(due, (id) => sweepOne(tables, id, now));
  return [due.length, removed.filter(Boolean).length];
}

/** True when the entity was removed. Expiry is no change: it is not logged, and the version stays (clause 4.22). */
function* sweepOne(tables: Tables, id: string, now: Instant): Interruptible<boolean> {
  const { entities, history } = tables;
  const stored = entities.get(id);
  if (!stored) return false;
  yield* forgetExpired(history, stored, now);
  const present: Entity | undefined = presentAt(stored.entity, now);
  if (present) {
    yield* entities.update(stored, { ...stored, doc: JSON.stringify(present), entity: present });
    return false;
  }
  yield* removeEntity(tables, { stored, types: stored.entity.types });
  return true;
}
