/**
 * Reads the part of long histories that one answer shows. It reads about as many instances of each series as the answer needs, not all of
 * them.
 */
import type { TemporalQuery } from '../../language/filter.ts';
import type { EntityHistory } from '../../model/history.ts';
import { restIfDue } from '../../model/interruptible.ts';
import type { Micros } from '../../model/instant.ts';
import type { CallContext } from '../operation.ts';
import { type Cut, type CutOptions, cutHistories, isComplete } from './cut.ts';
import type { HistorySelection } from '../../port/histories.ts';

/** Finds the histories of an answer. If `each` is given, at most the first `each` instances of each series. */
export type Find = (each?: number) => Promise<readonly EntityHistory[]>;

/** Which histories an answer is computed from, and how to find them. */
export interface PartSource {
  readonly find: Find;
  /** Approximate number of series. */
  readonly series: number;
  /** Absent when other parts of the request need all instances. */
  readonly parts?: HistorySelection['parts'] | undefined;
  /** Reduces histories to what is shown. */
  readonly show: (histories: readonly EntityHistory[]) => readonly EntityHistory[];
}

/** Throws TooManyResults when the part is computed from more instances than one answer may be. */
export async function readPart(
  { find, series, parts, show }: PartSource,
  cutting: CutOptions,
  call: CallContext,
): Promise<Cut> {
  const findShown: Find = async (each) => {
    const found = await find(each);
    await restIfDue(call.services.yieldToEventLoop);
    return show(found);
  };
  if (!parts) return cutHistories(await findShown(), cutting);
  if (cutting.partAfter === undefined) return settle(findShown, series, cutting);
  const first = await findShown(1);
  const behind = findBehind(first, { parts, partAfter: cutting.partAfter }, call);
  const count = first.reduce((sum, { attrs }) => sum + Object.keys(attrs).length, 0);
  return settle(async (each) => show(await behind(each)), count, cutting);
}

/** Minimum instances of each series in the first read: enough when all series are similar. */
const eachLeast = 2;
const growth = 4;

/** Reads more of each series until the unread instances are after the end of the part. */
async function settle(find: Find, series: number, cutting: CutOptions): Promise<Cut> {
  for (let each = Math.max(eachLeast, Math.ceil((2 * cutting.most) / Math.max(1, series))); ; each *= growth) {
    const histories = await find(each);
    const cut = cutHistories(histories, cutting);
    if (isComplete(histories, cutting.temporal, { each, end: cut.range?.end })) return cut;
  }
}

/** Finds the same histories again, in the same order, with the instances after a moment. Includes histories without such instances. */
function findBehind(
  first: readonly EntityHistory[],
  { parts, partAfter }: { readonly parts: HistorySelection['parts']; readonly partAfter: Micros },
  { store }: CallContext,
): Find {
  const ids = first.map(({ id }) => id);
  const plan = {
    ...parts,
    temporal: behindMoment(parts.temporal, partAfter),
    filter: { selectors: [{ ids }] },
    limit: ids.length,
  };
  return async (each) => {
    const found = ids.length === 0 ? [] : await store.history({ ...plan, ...(each ? { limitEach: each } : undefined) });
    const byId = new Map(found.map((history) => [history.id, history]));
    return first.map((history) => {
      const { attrs = {}, truncated = false } = byId.get(history.id) ?? {};
      const names = Object.entries(history.attrs);
      return {
        ...history,
        truncated,
        attrs: Object.fromEntries(names.map(([name]) => [name, attrs[name] ?? []])),
        kinds: Object.fromEntries(names.flatMap(([name, [one]]) => (one ? [[name, one.kind]] : []))),
      };
    });
  };
}

/** The interval after the moment, which is excluded. */
function behindMoment(temporal: TemporalQuery, moment: Micros): TemporalQuery {
  const { timerel, timeAt, endTimeAt } = temporal;
  const end = timerel === 'before' ? timeAt : endTimeAt;
  const start = Math.max(moment + 1, timerel === 'before' ? -Infinity : (timeAt ?? -Infinity));
  const { timeproperty } = temporal;
  if (end === undefined) return { timeproperty, timerel: 'after', timeAt: start };
  return { timeproperty, timerel: 'between', timeAt: start, endTimeAt: end };
}
