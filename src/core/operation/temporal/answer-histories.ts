/** Writes the answer of an operation that reads histories (clauses 5.7.3, 5.7.4, 6.3.10). */
import type { EntityHistory } from '../../model/history.ts';
import { restIfDue, runWithPauses } from '../../model/interruptible.ts';
import { tooManyInstances } from '../../port/histories.ts';
import { checkApplies } from '../../representation/applicable.ts';
import { renderHistory } from '../../representation/history.ts';
import { historyColumns, historyRows } from '../../representation/history-table.ts';
import { csvLine } from '../csv.ts';
import { listText, type Text } from '../long-text.ts';
import type { CallContext, OperationResult } from '../operation.ts';
import { withContext } from '../view.ts';
import type { Cut } from './cut.ts';
import { type PartSource, readPart } from './read-part.ts';
import type { HistoryOutput } from './read-parameters.ts';

/** Throws TooManyResults when there are more instances than one answer may be computed from. */
export async function answerHistories(
  sought: Omit<PartSource, 'show'>,
  { shown, call, isList, warnings = [] }: Showing,
): Promise<Extract<OperationResult, { kind: 'found' }>> {
  const { histories: cut, range } = await readShown(sought, shown, call);
  await restIfDue(call.services.yieldToEventLoop);
  const { temporal, view } = shown;
  const kept = temporal.lastN === undefined || view.aggregation ? cut : cut.map(newestFirst);
  return {
    kind: 'found',
    text: call.media === 'csv' ? await tableText(kept, shown, call) : await jsonText(kept, { shown, call, isList }),
    ...(range ? { range } : undefined),
    ...(warnings.length > 0 ? { warnings } : undefined),
  };
}

/** Without a list: the only history as an object, `{}` when nothing of it is shown. */
async function jsonText(
  histories: readonly EntityHistory[],
  { shown, call, isList }: Omit<Showing, 'warnings'>,
): Promise<Text> {
  const { yieldToEventLoop } = call.services;
  const write = async (history: EntityHistory): Promise<string | undefined> => {
    const rendered = await runWithPauses(renderHistory(history, shown.view, shown.isShown), yieldToEventLoop);
    const text = JSON.stringify(rendered);
    return text === '{}' ? undefined : withContext(text, call);
  };
  const [only] = histories;
  if (isList) return listText(histories, { open: '[', close: ']', write, yieldToEventLoop });
  return (only && (await write(only))) ?? '{}';
}

/** A line with the names of the columns, and a line for each row. */
const tableText = (
  histories: readonly EntityHistory[],
  { view }: HistoryOutput,
  { services: { yieldToEventLoop } }: CallContext,
): Promise<Text> =>
  listText(histories, {
    open: csvLine(historyColumns(view)),
    between: '',
    close: '',
    write: async (history) => (await runWithPauses(historyRows(history, view), yieldToEventLoop)).map(csvLine).join(''),
    yieldToEventLoop,
  });

interface Showing {
  readonly shown: HistoryOutput;
  readonly call: CallContext;
  readonly isList: boolean;
  /** Values of NGSILD-Warning. */
  readonly warnings?: readonly string[] | undefined;
}

/** What an answer shows: aggregates cover everything, other answers are cut. */
async function readShown(
  { find, parts, series }: Omit<PartSource, 'show'>,
  shown: HistoryOutput,
  call: CallContext,
): Promise<Cut> {
  const { instancesMax, instancesPage } = call.services.limits;
  const show: PartSource['show'] = (histories) => {
    if (histories.some(({ truncated }) => truncated)) throw tooManyInstances(instancesMax);
    return histories.map(({ attrs, ...history }) => ({
      ...history,
      attrs: Object.fromEntries(Object.entries(attrs).filter(([name]) => shown.isShown(name))),
    }));
  };
  const { temporal, partAfter, view } = shown;
  if (view.aggregation) {
    const histories = show(await find());
    checkApplies(view.aggregation.methods, histories);
    return { histories };
  }
  const isForward = temporal.lastN === undefined;
  const wanted = { find, series, show, parts: isForward ? parts : undefined };
  return readPart(wanted, { temporal, most: instancesPage, partAfter }, call);
}

/** Newest first, as for `lastN` (clause 5.7.4.4). */
const newestFirst = (history: EntityHistory): EntityHistory => ({
  ...history,
  attrs: Object.fromEntries(Object.entries(history.attrs).map(([name, instances]) => [name, instances.toReversed()])),
});
