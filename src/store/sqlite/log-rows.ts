/**
 * Converts changes to rows of the table `log` and back. A row holds the text of the entity, or an empty text when later rows give it,
 * and the rest of the change.
 */
import type { Change } from '../../core/model/change.ts';
import type { Entity } from '../../core/model/entity.ts';
import { packChange, unpackChange } from '../../core/model/packed-change.ts';
import type { LogRecord, Position } from '../../core/port/store.ts';
import { logRestIn } from './own-text.ts';

export interface LogRow {
  readonly position: Position;
  readonly at: number;
  /** The index in `events`. */
  readonly event: number;
  /** '': see `createPastEntities`. */
  readonly doc: string;
  readonly rest: string | null;
  /** The number of the entity, if it is or was a large one. */
  readonly num: number | null;
}

const events = ['created', 'updated', 'deleted'] as const;

/** The columns of a change other than its entity. */
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
