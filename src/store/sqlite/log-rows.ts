/** The form in which changes lie in the table `log`: the entity's text, and what cannot be told from it. */
import type { Change } from '../../core/model/change.ts';
import { packChange, unpackChange } from '../../core/model/packed-change.ts';
import type { LogRecord, Position } from '../../core/port/store.ts';
import { entityIn, logRestIn } from './own-text.ts';

export interface LogRow {
  readonly position: Position;
  readonly at: number;
  /** The place in `events`. */
  readonly event: number;
  readonly doc: string;
  readonly rest: string | null;
}

const events = ['created', 'updated', 'deleted'] as const;

/** `doc` is the JSON text of `change.entity`. */
export function logRowOf(change: Change, doc: string): Omit<LogRow, 'position'> {
  const { at, event, rest } = packChange(change);
  const text = JSON.stringify(rest);
  return { at, event: events.indexOf(event), doc, rest: text === '{}' ? null : text };
}

/** The record of a row. */
export function recordIn({ position, at, event, doc, rest }: LogRow): LogRecord {
  const packed = { at, event: events[event] ?? 'updated', rest: rest === null ? {} : logRestIn(rest) };
  return { position, ...unpackChange(packed, entityIn(doc)) };
}
