/** Computes an indicator for one period. */
import type { Interval } from '../../core/model/instant.ts';
import type { Json, JsonObject } from '../../core/model/json.ts';
import { evaluateJexl } from '../../core/v2/jexl/evaluate.ts';
import type { Running } from '../definition/approved-work.ts';
import { entitiesOf, type ReadingPlace, valueIn, valuesOf } from '../definition/read-values.ts';
import { combine } from '../definition/reduce.ts';
import type { Indicator, Input } from './indicator.ts';

export interface Computed {
  /** Undefined: it cannot be computed, because values are missing or the formula has no number. */
  readonly value?: number;
  /** The least share of entities with a value, over the inputs. */
  readonly coverage: number;
  readonly inputs: readonly JsonObject[];
}

export async function compute(period: Interval, running: Running<Indicator>, isPresent: boolean): Promise<Computed> {
  const { job } = running;
  const read: (InputValues & { readonly name: string })[] = [];
  for (const input of job.inputs)
    read.push({ name: input.name, ...(await readInput(input, period, { running, isPresent })) });
  const coverage = Math.min(...read.map(({ entities, values }) => (entities === 0 ? 0 : values.length / entities)));
  const names = Object.fromEntries(
    read.flatMap(({ name, combined }) => (combined === undefined ? [] : [[name, combined]])),
  );
  const shown = read.map(({ name, entities, values, combined }) => ({
    name,
    entities,
    withValue: values.length,
    ...(typeof combined === 'number' ? { value: combined } : undefined),
  }));
  if (coverage < job.coverageMin || coverage === 0) return { coverage, inputs: shown };
  const value = evaluateJexl(job.formula, { names: { ...job.constants, ...names }, now: period.to });
  const isNumber = typeof value === 'number' && Number.isFinite(value);
  return { coverage, inputs: shown, ...(isNumber ? { value: Number(value.toPrecision(12)) } : undefined) };
}

interface InputValues {
  readonly entities: number;
  readonly values: readonly number[];
  readonly combined: Json | undefined;
}

async function readInput(
  input: Input,
  period: Interval,
  { running, isPresent }: { readonly running: Running<Indicator>; readonly isPresent: boolean },
): Promise<InputValues> {
  const { services, place, now } = running;
  const store = input.tenant === place.tenant ? place.store : await services.stores.open(input.tenant, false);
  if (!store) return { entities: 0, values: [], combined: undefined };
  // The last value of a period that is not over is the present one, which needs no history.
  const read = isPresent && input.reduction === 'last' ? readPresent : readHistory;
  const { entities, values } = await read(input, period, { store, now, services });
  return { entities, values, combined: combinedOf(values, input) };
}

function combinedOf(values: readonly number[], { combination }: Input): Json | undefined {
  if (combination === 'count') return values.length;
  return combination === 'values' ? values : combine(values, combination);
}

type Read = { readonly entities: number; readonly values: readonly number[] };

async function readPresent(
  { filter, attributeIris, numberOf }: Input,
  _period: Interval,
  place: ReadingPlace,
): Promise<Read> {
  const values: number[] = [];
  let entities = 0;
  for await (const entity of entitiesOf(filter, place)) {
    entities += 1;
    const value = valueIn(entity, attributeIris);
    const number = value === undefined ? undefined : numberOf(value);
    if (number !== undefined) values.push(number);
  }
  return { entities, values };
}

async function readHistory(
  { filter, attributeIris, reduction, numberOf }: Input,
  period: Interval,
  place: ReadingPlace,
): Promise<Read> {
  const ids: string[] = [];
  for await (const { id } of entitiesOf(filter, place)) ids.push(id);
  const values: number[] = [];
  for await (const { value } of valuesOf(ids, { attributeIris, reduction, period, numberOf }, place))
    values.push(value);
  return { entities: ids.length, values };
}
