/** Carries out writes in a tenant's file, inside the transaction that is under way: what they mean is the core's affair. */
import { carryOutWrite, type Write } from '../../../core/language/write.ts';
import type { Change } from '../../../core/model/change.ts';
import type { Entity } from '../../../core/model/entity.ts';
import { presentAt } from '../../../core/model/expiry.ts';
import { historyOf, pastEntry } from '../../../core/model/history.ts';
import { type Instant, microsOfInstant } from '../../../core/model/instant.ts';
import type { Mutated } from '../../../core/model/settle.ts';
import type { Outcome } from '../../../core/model/mutation.ts';
import type { Entities, Held, Holding } from './entity-rows.ts';
import type { RollupWriter } from '../history/rollup-writer.ts';
import type { HistoryWriter } from '../history-writer.ts';
import type { PastSeries } from '../message.ts';
import type { LogWriter } from './log-writer.ts';
import type { Sequence } from './sequence.ts';
import { inSteps, type Steps } from './steps.ts';
import type { Subjects } from './subjects.ts';

/** The tables of a tenant, as the writing side sees them. */
export interface Tables {
  readonly entities: Entities;
  readonly subjects: Subjects;
  readonly history: HistoryWriter;
  readonly rollups: RollupWriter;
  readonly log: LogWriter;
  readonly sequence: Sequence;
}

/** One write: entity, history and log, or nothing. */
export function* carryOut(tables: Tables, write: Write, at: Instant): Steps<Outcome> {
  const held = tables.entities.get(write.mutation.id);
  yield;
  const { outcome, change, next, past = [] } = carryOutWrite(held?.entity, write, at);
  yield;
  if (change) yield* keep(tables, { held, change, next });
  for (const { name, instance } of past)
    yield* recordSeries(tables, { id: write.mutation.id, types: [], name, instances: [instance] }, at);
  return outcome;
}

interface Kept {
  readonly held: Held | undefined;
  readonly change: Change;
  readonly next: Mutated['next'] | undefined;
}

function* keep(tables: Tables, { held, change, next }: Kept): Steps<undefined> {
  const { subjects, history, log, sequence } = tables;
  const { position, number } = sequence.nextPosition();
  const subject = held?.subject ?? subjects.comeBack(change.id) ?? number;
  if (held) yield* forgetExpired(history, held, change.at);
  yield* history.add(subject, number, historyOf(change));
  const doc = change.entity === held?.entity ? held.doc : JSON.stringify(change.entity);
  yield;
  const isNew = change.event === 'created';
  log.append({ position, change, doc, num: held && !isNew ? held.num : number, held });
  yield;
  if (next) {
    const holding = { num: number, subject, version: position, doc, entity: next };
    yield* putEntity(tables, { held, isNew }, holding);
  } else yield* removeEntity(tables, { held, types: change.entity.types });
  return undefined;
}

/** What is created where an expired entity still lay does not keep its place in the order. */
function* putEntity(
  { entities }: Tables,
  { held, isNew }: { readonly held: Held | undefined; readonly isNew: boolean },
  holding: Holding,
): Steps<undefined> {
  if (held && isNew) yield* entities.remove(held);
  if (held && !isNew) yield* entities.update(held, { ...holding, num: held.num });
  else yield* entities.insert(holding);
  return undefined;
}

function* removeEntity(
  { entities, subjects }: Tables,
  { held, types }: { readonly held: Held | undefined; readonly types: readonly string[] },
): Steps<undefined> {
  if (!held) return undefined;
  yield* entities.remove(held);
  subjects.depart({ id: held.entity.id, subject: held.subject, types });
  return undefined;
}

/** The history of attribute instances whose own expiry has come goes with them (clause 4.22). */
function* forgetExpired(history: HistoryWriter, { expires, entity, subject }: Held, now: Instant): Steps<undefined> {
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

/** Adds instances to the history of an entity, whether that is there or not. */
export function* recordSeries(
  tables: Tables,
  { id, types, name, instances }: PastSeries,
  at: Instant,
): Steps<undefined> {
  const { entities, subjects, history, sequence } = tables;
  const subject = entities.subjectOf(id) ?? subjects.departed(id) ?? newSubject(tables, id, types);
  for (const instance of instances) {
    const entry = pastEntry(name, instance, { at, ownerCreatedAt: at });
    yield* history.add(subject, entry.isObserved ? 0 : sequence.next(), [entry]);
  }
  return undefined;
}

function newSubject({ subjects, sequence }: Tables, id: string, types: readonly string[]): number {
  const subject = sequence.next();
  subjects.depart({ id, subject, types });
  return subject;
}

/** Removes what has expired, from at most `limit` entities. Answers how many were touched, and how many of them went. */
export function* sweepSome(
  tables: Tables,
  now: Instant,
  limit: number,
): Steps<readonly [touched: number, gone: number]> {
  const due = tables.entities.due(microsOfInstant(now), limit);
  const gone = yield* inSteps(due, (id) => sweepOne(tables, id, now));
  return [due.length, gone.filter(Boolean).length];
}

/** True when the entity went. Expiry is no change: nothing is logged, the version stays (clause 4.22). */
function* sweepOne(tables: Tables, id: string, now: Instant): Steps<boolean> {
  const { entities, history } = tables;
  const held = entities.get(id);
  if (!held) return false;
  yield* forgetExpired(history, held, now);
  const present: Entity | undefined = presentAt(held.entity, now);
  if (present) {
    yield* entities.update(held, { ...held, doc: JSON.stringify(present), entity: present });
    return false;
  }
  yield* removeEntity(tables, { held, types: held.entity.types });
  return true;
}
