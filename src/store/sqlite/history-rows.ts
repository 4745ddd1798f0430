/** The form in which historic instances lie in the table `history`: what columns say is not said again. */
import type { Instance, Kind } from '../../core/model/attribute.ts';
import type { HistoricInstance } from '../../core/model/history.ts';
import { type Instant, instantOf, type Micros, microsOfInstant } from '../../core/model/instant.ts';
import type { Json } from '../../core/model/json.ts';
import { instanceRestIn } from './own-text.ts';

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

/** What the columns do not say. Left out: `kind` Property, a `value` that is in `number`, times in their shortest form. */
export type InstanceRest = Omit<Instance, 'kind' | 'value' | 'datasetId'> & {
  readonly kind?: Kind;
  readonly value?: Json;
  readonly deletedAt?: Instant;
};

type Given = Omit<HistoricInstance, 'instanceId'>;

/** The row of an instance, but for its place (`at`, `n`). `intern` gives the number of a text that is sure to come again. */
export function rowOf(instance: Given, at: Micros, intern: (text: string) => number): Omit<InstanceRow, 'at' | 'n'> {
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
    created: microsOfInstant(createdAt),
    modified: microsOfInstant(modifiedAt),
    deleted: deletedAt === undefined ? null : microsOfInstant(deletedAt),
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

/** The times whose text the columns' microseconds would not give back. */
function timesOf({ observedAt, createdAt, modifiedAt, deletedAt }: Given, at: Micros): InstanceRest {
  const isObservedThen = observedAt === undefined || (isShort(observedAt) && microsOfInstant(observedAt) === at);
  return {
    ...(isObservedThen ? undefined : { observedAt }),
    ...(isShort(createdAt) ? undefined : { createdAt }),
    ...(isShort(modifiedAt) ? undefined : { modifiedAt }),
    ...(deletedAt === undefined || isShort(deletedAt) ? undefined : { deletedAt }),
  };
}

const isShort = (instant: Instant): boolean => instantOf(microsOfInstant(instant)) === instant;

/** The longest text that is kept among the names. */
const commonMax = 120;

function docOf(
  rest: InstanceRest,
  { isCommon, intern }: { isCommon: boolean; intern: (text: string) => number },
): string | number | null {
  const text = JSON.stringify(rest);
  if (text === '{}') return null;
  return isCommon && text.length <= commonMax ? intern(text) : text;
}

const isAboutUnits = (rest: InstanceRest): boolean =>
  Object.keys(rest).every((member) => member === 'unitCode' || member === 'valueType');

/** The instance of a row. `textOf` gives a name's text. */
export function instanceIn(row: InstanceRow, series: Series, textOf: (num: number) => string): HistoricInstance {
  const { at, n, number, doc, created, modified, deleted } = row;
  const rest = doc === null ? {} : instanceRestIn(typeof doc === 'number' ? textOf(doc) : doc);
  return {
    kind: 'Property',
    value: number,
    ...(series.dataset === 0 ? undefined : { datasetId: textOf(series.dataset) }),
    ...(n === 0 ? { observedAt: instantOf(at) } : undefined),
    createdAt: instantOf(created),
    modifiedAt: instantOf(modified),
    ...(deleted === null ? undefined : { deletedAt: instantOf(deleted) }),
    ...rest,
    instanceId: instanceIdOf(series, row),
  };
}

/** The place of an instance is its name: the same one has the same id always, and no two share one. */
const instanceIdOf = ({ subject, name, dataset }: Series, { at, n }: Pick<InstanceRow, 'at' | 'n'>): string =>
  `urn:ngsi-ld:Instance:${subject}-${name}-${dataset}-${at}-${n}`;
