/** The form in which changes lie in the table `log`: the entity's text, or nothing where later rows tell it, and what cannot be told from it. */
import type { Change } from '../../core/model/change.ts';
import type { Entity } from '../../core/model/entity.ts';
import { packChange, unpackChange } from '../../core/model/packed-change.ts';
import type { LogRecord, Position } from '../../core/port/store.ts';
import { logRestIn } from './own-text.ts';

export interface LogRow {
  readonly position: Position;
  readonly at: number;
  /** The place in `events`. */
  readonly event: number;
  /** '': see `createPastEntities`. */
  readonly doc: string;
  readonly rest: string | null;
  /** The entity's number, where it is or was a large one. */
  readonly num: number | null;
}

const events = ['created', 'updated', 'deleted'] as const;

/** What lies in a row beside the entity. */
export function logRowOf(change: Change): Pick<LogRow, 'at' | 'event' | 'rest'> {
  const { at, event, rest } = packChange(change);
  const text = JSON.stringify(rest);
  return { at, event: events.indexOf(event), rest: text === '{}' ? null : text };
}

/** The record of a row and its entity. */
export function recordIn({ position, at, event, rest }: Omit<LogRow, 'doc' | 'num'>, entity: Entity): LogRecord {
  const packed = { at, event: events[event] ?? 'updated', rest: rest === null ? {} : logRestIn(rest) };
  return { position, ...unpackChange(packed, entity) };
}
