/** Converts historic instances to rows of the table `history` and back. The JSON text leaves out what the columns hold. */
import type { HistoricInstance } from '../../core/model/history.ts';
import { type Instant, instantOf, isExact, isShortest, type Micros } from '../../core/model/instant.ts';
import type { InstanceRest } from './instance-rest.ts';
import { noName } from './names.ts';
import { instanceRestIn } from './own-text.ts';
import { createInstants, createTimes } from './times.ts';

/** Identifies a series: one attribute and dataset of one entity. */
export interface Series {
  readonly subject: number;
  readonly name: number;
  /** 0: the default instance. */
  readonly dataset: number;
}

/** What differs between the instances of a series. */
export interface InstanceRow {
  readonly at: Micros;
  /** 0: observed at `at`. Other values distinguish instances written at the same time. */
  readonly n: number;
  readonly number: number | null;
  /** JSON text of an `InstanceRest`, or the number of that text in the table of names. */
  readonly doc: string | number | null;
  readonly created: Micros;
  readonly modified: Micros;
  readonly deleted: Micros | null;
}

/** An instance that was moved keeps its id. Other ids are made from the row's place. */
type Given = Omit<HistoricInstance, 'instanceId'> & { readonly instanceId?: string };

/** Makes the row of an instance, without its place (`at`, `n`). */
export type MakeRow = (instance: Given, at: Micros) => Omit<InstanceRow, 'at' | 'n'>;

/** `intern` returns the number of a text that is common. */
export function createRowMaker(intern: (text: string) => number): MakeRow {
  const timeOf = createTimes();
  /** The times whose text cannot be restored from the microseconds in the columns. */
  const timesOf = ({ observedAt, createdAt, modifiedAt, deletedAt }: Given, at: Micros): InstanceRest => ({
    ...(observedAt === undefined ? undefined : observedRest(observedAt, at)),
    ...(timeOf(createdAt).isStamp ? undefined : { createdAt }),
    ...(timeOf(modifiedAt).isStamp ? undefined : { modifiedAt }),
    ...(deletedAt === undefined || timeOf(deletedAt).isStamp ? undefined : { deletedAt }),
  });
  return (instance, at) => {
    const { kind, value, createdAt, modifiedAt, deletedAt } = instance;
    const isNumber = kind === 'Property' && typeof value === 'number';
    const rest: InstanceRest = {
      ...(kind === 'Property' ? undefined : { kind }),
      ...(isNumber ? undefined : { value }),
      ...membersOf(instance),
      ...timesOf(instance, at),
    };
    return {
      number: isNumber ? value : null,
      doc: docOf(rest, { isCommon: deletedAt !== undefined || (isNumber && isAboutUnits(rest)), intern }),
      created: timeOf(createdAt).micros,
      modified: timeOf(modifiedAt).micros,
      deleted: deletedAt === undefined ? null : timeOf(deletedAt).micros,
    };
  };
}

/** The members that no column holds. */
const membersOf = ({
  kind: _kind,
  value: _value,
  datasetId: _datasetId,
  observedAt: _observedAt,
  createdAt: _createdAt,
  modifiedAt: _modifiedAt,
  deletedAt: _deletedAt,
  ...members
}: Given): InstanceRest => members;

/** Empty for the shortest text of a time, the number of digits for a longer one, the whole text for any other. */
function observedRest(observedAt: Instant, at: Micros): InstanceRest {
  if (isShortest(observedAt)) return {};
  const observedDigits = observedAt.length - 'YYYY-MM-DDThh:mm:ss.Z'.length;
  return observedAt === withDigits(at, observedDigits) ? { observedDigits } : { observedAt };
}

/** A time with this many fractional digits; undefined: as few as needed. */
function withDigits(at: Micros, digits: number | undefined): Instant {
  if (digits === undefined) return instantOf(at);
  // The most common form: that of JavaScript.
  if (digits === 3 && at % 1000 === 0 && isExact(at)) return new Date(at / 1000).toISOString();
  const text = instantOf(at);
  const [seconds = '', fraction = ''] = text.slice(0, -1).split('.');
  return `${seconds}.${fraction.padEnd(digits, '0')}Z`;
}

/** The longest text that is kept in the table of names. */
const commonMax = 120;

/** The number of these texts that are cached. */
const commonTextsMax = 1000;

function docOf(
  rest: InstanceRest,
  { isCommon, intern }: { isCommon: boolean; intern: (text: string) => number },
): string | number | null {
  const text = JSON.stringify(rest);
  if (text === '{}') return null;
  return isCommon && text.length <= commonMax ? intern(text) : text;
}

const common = new Set(['unitCode', 'valueType', 'observedDigits']);

const isAboutUnits = (rest: InstanceRest): boolean => Object.keys(rest).every((member) => common.has(member));

/** Makes the instance of a row. */
export type ReadRow = (row: InstanceRow, series: Series) => HistoricInstance;

/** `textOf` returns the text of a number. */
export function createRowReader(textOf: (num: number) => string): ReadRow {
  const instant = createInstants();
  const restOf = createRestReader(textOf);
  return (row, series) => {
    const { at, n, number, created, modified, deleted } = row;
    const { observedDigits, members } = restOf(row);
    return {
      kind: 'Property',
      value: number,
      createdAt: instant(created),
      modifiedAt: instant(modified),
      instanceId: instanceIdOf(series, row),
      ...(series.dataset === noName ? undefined : { datasetId: textOf(series.dataset) }),
      ...(n === 0 ? { observedAt: withDigits(at, observedDigits) } : undefined),
      ...(deleted === null ? undefined : { deletedAt: instant(deleted) }),
      ...members,
    };
  };
}

/** What the columns do not hold, apart from the form of the time. */
interface Rest {
  readonly observedDigits?: number | undefined;
  readonly members?: Omit<InstanceRest, 'observedDigits'>;
}

const nothing: Rest = {};

function restIn(text: string): Rest {
  const { observedDigits, ...members } = instanceRestIn(text);
  return { observedDigits, members };
}

/** Texts that have a number are parsed once. */
function createRestReader(textOf: (num: number) => string): (row: InstanceRow) => Rest {
  const known = new Map<number, Rest>();
  return ({ doc }) => {
    if (doc === null) return nothing;
    if (typeof doc === 'string') return restIn(doc);
    const kept = known.get(doc);
    if (kept) return kept;
    const rest = restIn(textOf(doc));
    if (known.size >= commonTextsMax) known.clear();
    known.set(doc, rest);
    return rest;
  };
}

/**
 * The id of an instance is made from its place and the time of writing. It is stable and unique, also when another instance takes the
 * place of one that was moved.
 */
const instanceIdOf = (
  { subject, name, dataset }: Series,
  { at, n, modified }: Pick<InstanceRow, 'at' | 'n' | 'modified'>,
): string => `urn:ngsi-ld:Instance:${subject}-${name}-${dataset}-${at}-${n}-${modified}`;
