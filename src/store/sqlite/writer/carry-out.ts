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
export function carryOut(tables: Tables, write: Write, at: Instant): Outcome {
  const held = tables.entities.get(write.mutation.id);
  const { outcome, change, next, past = [] } = carryOutWrite(held?.entity, write, at);
  if (change) keep(tables, { held, change, next });
  for (const { name, instance } of past)
    recordSeries(tables, { id: write.mutation.id, types: [], name, instances: [instance] }, at);
  return outcome;
}

interface Kept {
  readonly held: Held | undefined;
  readonly change: Change;
  readonly next: Mutated['next'] | undefined;
}

function keep(tables: Tables, { held, change, next }: Kept): void {
  const { subjects, history, log, sequence } = tables;
  const { position, number } = sequence.nextPosition();
  const subject = held?.subject ?? subjects.comeBack(change.id) ?? number;
  if (held) forgetExpired(history, held, change.at);
  history.add(subject, number, historyOf(change));
  const doc = change.entity === held?.entity ? held.doc : JSON.stringify(change.entity);
  log.append(position, change, doc);
  if (next)
    putEntity(
      tables,
      { held, isNew: change.event === 'created' },
      { num: number, subject, version: position, doc, entity: next },
    );
  else removeEntity(tables, { held, types: change.entity.types });
}

/** What is created where an expired entity still lay does not keep its place in the order. */
function putEntity(
  { entities }: Tables,
  { held, isNew }: { readonly held: Held | undefined; readonly isNew: boolean },
  holding: Holding,
): void {
  if (held && isNew) entities.remove(held);
  if (held && !isNew) entities.update(held, { ...holding, num: held.num });
  else entities.insert(holding);
}

function removeEntity(
  { entities, subjects }: Tables,
  { held, types }: { readonly held: Held | undefined; readonly types: readonly string[] },
): void {
  if (!held) return;
  entities.remove(held);
  subjects.depart({ id: held.entity.id, subject: held.subject, types });
}

/** The history of attribute instances whose own expiry has come goes with them (clause 4.22). */
function forgetExpired(history: HistoryWriter, { expires, entity, subject }: Held, now: Instant): void {
  const moment = microsOfInstant(now);
  if (expires === null || expires > moment) return;
  for (const [name, instances] of Object.entries(entity.attrs)) {
    for (const instance of instances) {
      if (instance.expiresAt !== undefined && microsOfInstant(instance.expiresAt) <= moment) {
        history.forget(subject, name, instance);
      }
    }
  }
}

/** Adds instances to the history of an entity, whether that is there or not. */
export function recordSeries(tables: Tables, { id, types, name, instances }: PastSeries, at: Instant): void {
  const { entities, subjects, history, sequence } = tables;
  const subject = entities.subjectOf(id) ?? subjects.departed(id) ?? newSubject(tables, id, types);
  for (const instance of instances) {
    const entry = pastEntry(name, instance, { at, ownerCreatedAt: at });
    history.add(subject, entry.isObserved ? 0 : sequence.next(), [entry]);
  }
}

function newSubject({ subjects, sequence }: Tables, id: string, types: readonly string[]): number {
  const subject = sequence.next();
  subjects.depart({ id, subject, types });
  return subject;
}

/** Removes what has expired, from at most `limit` entities. Answers how many were touched, and how many of them went. */
export function sweepSome(tables: Tables, now: Instant, limit: number): readonly [touched: number, gone: number] {
  const due = tables.entities.due(microsOfInstant(now), limit);
  return [due.length, due.filter((id) => sweepOne(tables, id, now)).length];
}

/** True when the entity went. Expiry is no change: nothing is logged, the version stays (clause 4.22). */
function sweepOne(tables: Tables, id: string, now: Instant): boolean {
  const { entities, history } = tables;
  const held = entities.get(id);
  if (!held) return false;
  forgetExpired(history, held, now);
  const present: Entity | undefined = presentAt(held.entity, now);
  if (present) {
    entities.update(held, { ...held, doc: JSON.stringify(present), entity: present });
    return false;
  }
  removeEntity(tables, { held, types: held.entity.types });
  return true;
}
