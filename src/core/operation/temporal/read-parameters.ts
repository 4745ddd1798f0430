/** Reads which part of a history a request asks for, and how to show it (clauses 5.7.3, 5.7.4, 6.3.12). */
import { parseDuration } from '../../language/duration.ts';
import type { TemporalQuery } from '../../language/filter.ts';
import { calendarPeriods, type Periods, periodsFrom } from '../../language/periods.ts';
import { isShown, projectionDepth } from '../../language/projection.ts';
import { parseTemporal, readMoment } from '../../language/temporal-query.ts';
import type { Micros } from '../../model/instant.ts';
import { badData, Problem } from '../../model/problem.ts';
import type { RollupChoice } from '../../model/rollup.ts';
import { type Aggregation, rollupFor } from '../../representation/aggregate.ts';
import { aggregateMethods } from '../../representation/applicable.ts';
import type { HistoryView } from '../../representation/history.ts';
import { parseLanguagePreference } from '../../representation/language.ts';
import type { CallContext } from '../operation.ts';
import { readFormat, readOptions } from '../parameters.ts';
import { readProjection } from '../selection.ts';

/** The parameters that select a part of the history. */
export const temporalParameters = ['timerel', 'timeAt', 'endTimeAt', 'timeproperty', 'lastN'] as const;
/** The parameters that define how it is shown. */
export const historyOutputParameters = [
  'attrs',
  'pick',
  'omit',
  'datasetId',
  'format',
  'options',
  'lang',
  'aggrMethods',
  'aggrPeriodDuration',
  'timeZone',
  'partAfter',
] as const;

const formats = ['normalized', 'concise', 'temporalValues', 'aggregatedValues'] as const;
type Format = (typeof formats)[number];
type Params = Readonly<Record<string, string>>;

export interface HistoryOutput {
  readonly view: HistoryView;
  readonly temporal: TemporalQuery;
  /** The rollups that can replace instances. */
  readonly rollup?: RollupChoice;
  /** The end of the earlier parts of the same answer. */
  readonly partAfter?: Micros;
  /** True when the member or attribute is shown. */
  readonly isShown: (name: string) => boolean;
}

/** Throws BadRequestData or InvalidRequest that names the faulty parameter. */
export function readHistoryShown(params: Params, { context }: Pick<CallContext, 'context'>): HistoryOutput {
  const options = readOptions<Format | 'sysAttrs'>(params, [...formats, 'sysAttrs']);
  const format = aggregating(
    params,
    readFormat<Format>(params, formats) ?? formats.find((one) => options.has(one)),
    options,
  );
  const temporal = parseTemporal(params);
  const projection = readProjection(params, context);
  if (projectionDepth(projection) > 0)
    throw badData('The parameters pick and omit cannot lead through relationships in a history.');
  const lang = params['lang'];
  const aggregation = format === 'aggregatedValues' ? readAggregation(params, temporal) : undefined;
  const rollup = rollupOf(aggregation, temporal);
  const view: HistoryView = {
    terms: context,
    format,
    sysAttrs: options.has('sysAttrs'),
    timeproperty: temporal.timeproperty,
    ...(lang === undefined ? undefined : { lang: parseLanguagePreference(lang) }),
    ...(aggregation ? { aggregation } : undefined),
  };
  const partAfter = readMoment(params, 'partAfter');
  return {
    view,
    temporal,
    ...(rollup ? { rollup } : undefined),
    ...(partAfter === undefined ? undefined : { partAfter }),
    isShown: (name) => isShown(projection, name),
  };
}

/**
 * The requested format. When none is given but a parameter that only aggregatedValues has: aggregatedValues. Throws InvalidRequest when
 * such a parameter is given with another format.
 */
function aggregating(params: Params, asked: Format | undefined, options: ReadonlySet<string>): Format {
  const given = ['aggrMethods', 'aggrPeriodDuration', 'timeZone'].find((name) => params[name] !== undefined);
  // The parameter `format` takes precedence over `options`, which the parameter belonged to (clause 6.3.12).
  const isOverruled = options.has('aggregatedValues');
  if (given === undefined || asked === 'aggregatedValues' || isOverruled) return asked ?? 'normalized';
  if (asked === undefined) return 'aggregatedValues';
  throw new Problem(
    'InvalidRequest',
    `The parameter ${given} belongs to the format aggregatedValues, not to ${asked}.`,
  );
}

/** A rollup summarizes everything observed in an hour or a day. */
function rollupOf(
  aggregation: Aggregation | undefined,
  { timeproperty, lastN }: TemporalQuery,
): HistoryOutput['rollup'] {
  const isOfObserved = timeproperty === 'observedAt' || timeproperty === 'any';
  if (!aggregation || !isOfObserved || lastN !== undefined) return undefined;
  return rollupFor(aggregation);
}

function readAggregation(
  { aggrMethods, ...params }: Params,
  { timerel, timeAt, endTimeAt }: TemporalQuery,
): Aggregation {
  const names = aggrMethods?.split(',').map((name) => name.trim()) ?? [];
  const methods = names.map((name) => {
    const method = aggregateMethods.find((one) => one === name);
    if (!method)
      throw new Problem(
        'InvalidRequest',
        `The parameter aggrMethods may hold ${aggregateMethods.join(', ')}, not ${JSON.stringify(name)}.`,
      );
    return method;
  });
  if (methods.length === 0) throw badData('The format aggregatedValues needs the parameter aggrMethods.');
  return {
    methods,
    periods: readPeriods(params),
    ...(timeAt === undefined || timerel === 'before' ? undefined : { start: timeAt }),
    ...(timerel === 'before' ? endOf(timeAt) : endOf(endTimeAt)),
  };
}

const endOf = (end: number | undefined): { end?: number } => (end === undefined ? {} : { end });

function readPeriods({ aggrPeriodDuration = 'PT0S', timeZone }: Params): Periods {
  const duration = parseDuration(aggrPeriodDuration);
  if (!duration)
    throw badData(
      `The parameter aggrPeriodDuration must be a duration such as PT1H or P1M, not ${JSON.stringify(aggrPeriodDuration)}.`,
    );
  if (timeZone === undefined) return periodsFrom(duration);
  try {
    return calendarPeriods(duration, timeZone);
  } catch {
    throw badData(
      `The parameter timeZone must be a time zone such as Europe/Ljubljana, not ${JSON.stringify(timeZone.slice(0, 100))}.`,
    );
  }
}
