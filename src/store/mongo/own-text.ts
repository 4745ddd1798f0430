/** Parses JSON texts that this store wrote itself. Their shapes are known: only this file asserts their types to the compiler. */
import type { Entity } from '../../core/model/entity.ts';
import type { HistoricInstance } from '../../core/model/history.ts';
import type { Micros } from '../../core/model/instant.ts';
import { parseJson } from '../../core/model/json.ts';
import type { PackedChange } from '../../core/model/packed-change.ts';

/** The rest of a change, without its time and its entity. */
export type LogRest = Pick<PackedChange, 'event' | 'rest'>;

/** An instance in a bucket: its time, a unique number, and its content. */
export type Row = readonly [at: Micros, number, instance: KeptInstance];

/** An instance that was moved keeps its id. Other ids are made from the place. */
type KeptInstance = Omit<HistoricInstance, 'instanceId'> & { readonly instanceId?: string };

const isEntity = (_value: unknown): _value is Entity => true;
const isLogRest = (_value: unknown): _value is LogRest => true;
const isRow = (_value: unknown): _value is Row => true;

function read<T>(text: string, isOne: (value: unknown) => value is T): T {
  const value: unknown = parseJson(text);
  if (isOne(value)) return value;
  throw new Error(`This is not a text of the store: ${text.slice(0, 200)}`);
}

export const entityIn = (text: string): Entity => read(text, isEntity);
export const logRestIn = (text: string): LogRest => read(text, isLogRest);
export const rowIn = (text: string): Row => read(text, isRow);
