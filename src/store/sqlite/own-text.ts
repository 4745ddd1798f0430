/** Parses JSON texts that this store wrote itself. Their shapes are known: only this file asserts their types to the compiler. */
import type { Write } from '../../core/language/write.ts';
import type { Entity } from '../../core/model/entity.ts';
import { type Json, parseJson } from '../../core/model/json.ts';
import type { Outcome } from '../../core/model/mutation.ts';
import type { SubjectFindings, SubjectSlice } from '../../core/port/subject.ts';
import type { Forgotten, RetentionSlice, Revised, Revision } from '../../core/port/store.ts';
import type { InstanceRest } from './instance-rest.ts';
import type { PastSeries } from './message.ts';
import type { ChangeRest } from '../../core/model/packed-change.ts';
import type { Undo } from '../../core/model/undo.ts';

const isEntity = (_value: unknown): _value is Entity => true;
const areWrites = (_value: unknown): _value is readonly Write[] => true;
const arePastSeries = (_value: unknown): _value is readonly PastSeries[] => true;
const isRevision = (_value: unknown): _value is Revision => true;
const isRevised = (_value: unknown): _value is Revised => true;
const isRetentionSlice = (_value: unknown): _value is RetentionSlice => true;
const isForgotten = (_value: unknown): _value is Forgotten => true;
const areOutcomes = (_value: unknown): _value is readonly Outcome[] => true;
const isSubjectSlice = (_value: unknown): _value is SubjectSlice => true;
const areFindings = (_value: unknown): _value is SubjectFindings => true;
const areStrings = (_value: unknown): _value is readonly string[] => true;
const isLogRest = (_value: unknown): _value is ChangeRest => true;
const isUndo = (_value: unknown): _value is Undo => true;
const isInstanceRest = (_value: unknown): _value is InstanceRest => true;

function read<T extends Json | object>(text: string, isOne: (value: unknown) => value is T): T {
  const value: unknown = parseJson(text);
  if (isOne(value)) return value;
  throw new Error(`This is not a text of the store: ${text.slice(0, 200)}`);
}

export const entityIn = (text: string): Entity => read(text, isEntity);
export const writesIn = (text: string): readonly Write[] => read(text, areWrites);
export const pastSeriesIn = (text: string): readonly PastSeries[] => read(text, arePastSeries);
export const revisionIn = (text: string): Revision => read(text, isRevision);
export const revisedIn = (text: string): Revised => read(text, isRevised);
export const retentionSliceIn = (text: string): RetentionSlice => read(text, isRetentionSlice);
export const forgottenIn = (text: string): Forgotten => read(text, isForgotten);
export const subjectSliceIn = (text: string): SubjectSlice => read(text, isSubjectSlice);
export const subjectFindingsIn = (text: string): SubjectFindings => read(text, areFindings);
export const outcomesIn = (text: string): readonly Outcome[] => read(text, areOutcomes);
export const stringsIn = (text: string): readonly string[] => read(text, areStrings);
export const logRestIn = (text: string): ChangeRest => read(text, isLogRest);
export const undoIn = (text: string): Undo => read(text, isUndo);
export const instanceRestIn = (text: string): InstanceRest => read(text, isInstanceRest);
