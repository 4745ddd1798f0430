/** The form in which historic instances lie in the table `history`: what columns say is not said again. */
import type { HistoricInstance } from '../../core/model/history.ts';
import { type Instant, instantOf, isExact, isShortest, type Micros } from '../../core/model/instant.ts';
import type { InstanceRest } from './instance-rest.ts';
import { noName } from './names.ts';
import { instanceRestIn } from './own-text.ts';
import { createInstants, createTimes } from './times.ts';

/** Which instances belong together: one attribute and dataset of one entity. */
export interface Series {
  readonly subject: number;
  readonly name: number;
  /** 0 is the default instance's. */
  readonly dataset: number;
}

/** What differs between the instances of a series. */
export interface InstanceRow {
  readonly at: Micros;
  /** 0: observed at `at`. Else tells apart what was written at the same time. */
  readonly n: number;
  readonly number: number | null;
  /** JSON text of an `InstanceRest`, or the number of that text among the names. */
  readonly doc: string | number | null;
  readonly created: Micros;
  readonly modified: Micros;
  readonly deleted: Micros | null;
}

/** An instance that has been moved keeps its id; others have that of their place. */
type Given = Omit<HistoricInstance, 'instanceId'> & { readonly instanceId?: string };

/** Makes the row of an instance, but for its place (`at`, `n`). */
export type MakeRow = (instance: Given, at: Micros) => Omit<InstanceRow, 'at' | 'n'>;

/** `intern` gives the number of a text that is sure to come again. */
export function createRowMaker(intern: (text: string) => number): MakeRow {
  const timeOf = createTimes();
  /** The times whose text the columns' microseconds would not give back. */
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

/** What no column says. */
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

/** Nothing for the shortest text of a time, the digits of a longer one, all of any other. */
function observedRest(observedAt: Instant, at: Micros): InstanceRest {
  if (isShortest(observedAt)) return {};
  const observedDigits = observedAt.length - 'YYYY-MM-DDThh:mm:ss.Z'.length;
  return observedAt === withDigits(at, observedDigits) ? { observedDigits } : { observedAt };
}

/** A time with so many digits of a second; as few as it needs when nothing is said. */
function withDigits(at: Micros, digits: number | undefined): Instant {
  if (digits === undefined) return instantOf(at);
  // What most clients write, JavaScript's own form.
  if (digits === 3 && at % 1000 === 0 && isExact(at)) return new Date(at / 1000).toISOString();
  const text = instantOf(at);
  const [seconds = '', fraction = ''] = text.slice(0, -1).split('.');
  return `${seconds}.${fraction.padEnd(digits, '0')}Z`;
}

/** The longest text that is kept among the names. */
const commonMax = 120;

/** How many of these are kept ready. */
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

/** Reads the instance of a row. */
export type ReadRow = (row: InstanceRow, series: Series) => HistoricInstance;

/** `textOf` gives the text of a number. */
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

/** What the columns do not say, apart from how the time is written. */
interface Rest {
  readonly observedDigits?: number | undefined;
  readonly members?: Omit<InstanceRest, 'observedDigits'>;
}

const nothing: Rest = {};

function restIn(text: string): Rest {
  const { observedDigits, ...members } = instanceRestIn(text);
  return { observedDigits, members };
}

/** Texts that have a number are read once. */
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
 * Place and time of writing are the name of an instance: the same one has the same id always, and no two share one, also
 * where one comes to the place that another has left.
 */
const instanceIdOf = (
  { subject, name, dataset }: Series,
  { at, n, modified }: Pick<InstanceRow, 'at' | 'n' | 'modified'>,
): string => `urn:ngsi-ld:Instance:${subject}-${name}-${dataset}-${at}-${n}-${modified}`;
