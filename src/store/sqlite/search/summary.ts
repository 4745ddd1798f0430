/** Reads the counts that the writer maintains. */
import type { Database } from 'better-sqlite3';
import type { TypeSelection } from '../../../core/language/filter.ts';
import { kinds } from '../../../core/model/attribute.ts';
import { forEachInterruptible, type Interruptible, runWithPauses } from '../../../core/model/interruptible.ts';
import type { YieldToEventLoop } from '../../../core/port/clock.ts';
import type { Plan, Summary, TypeSummary } from '../../../core/port/store.ts';
import { type NameReader, noName } from '../names.ts';
import { anyKind } from '../writer/entity-counts.ts';

interface AttrRow {
  readonly type: number;
  readonly name: number;
  readonly kind: number;
  readonly entities: number;
}

export interface SummaryReader {
  read(): Promise<Summary>;
  /** The number of entities that a plan finds, if it selects only one type or all entities. Else undefined. */
  count(plan: Plan): number | undefined;
}

export function createSummaryReader(
  database: Database,
  { names, yieldToEventLoop }: { readonly names: NameReader; readonly yieldToEventLoop: YieldToEventLoop },
): SummaryReader {
  const types = database.prepare<[], { type: number; entities: number }>('SELECT type, entities FROM type_count');
  const attrs = database.prepare<[], AttrRow>('SELECT type, name, kind, entities FROM attr_count');
  const count = database.prepare<[number], number>('SELECT entities FROM type_count WHERE type = ?').pluck();
  function* readCounts(): Interruptible<Summary> {
    const counted = types.all();
    const byType = Map.groupBy(attrs.all(), ({ type }) => type);
    const summaries: TypeSummary[] = [];
    for (const { type, entities } of counted) {
      if (type === noName) continue;
      summaries.push({ type: names.textOf(type), entities, attrs: yield* attrsIn(byType.get(type), names) });
      yield;
    }
    return {
      entities: counted.find(({ type }) => type === noName)?.entities ?? 0,
      types: summaries.sort(by('type')),
    };
  }
  return {
    read: () => runWithPauses(readCounts(), yieldToEventLoop),
    count({ filter }) {
      const { selectors = [{}], ...rest } = filter;
      const [{ types: selection, ...others } = {}] = selectors;
      const isPlain = selectors.length === 1 && Object.keys(rest).length + Object.keys(others).length === 0;
      const num = isPlain ? typeNum(selection, names) : undefined;
      return num === undefined ? undefined : (count.get(num) ?? 0);
    },
  };
}

/** A number that no type has. */
const unknown = -1;

function typeNum(selection: TypeSelection | undefined, names: NameReader): number | undefined {
  if (!selection || selection.op === 'any') return noName;
  return selection.op === 'type' ? (names.numOf(selection.type) ?? unknown) : undefined;
}

function* attrsIn(rows: readonly AttrRow[] = [], names: NameReader): Interruptible<TypeSummary['attrs']> {
  const named: TypeSummary['attrs'][number][] = [];
  yield* forEachInterruptible(
    Map.groupBy(rows, ({ name }) => name),
    ([name, own]) =>
      named.push({
        name: names.textOf(name),
        kinds: own.flatMap(({ kind }) => kinds[kind] ?? []).sort(),
        entities: own.find(({ kind }) => kind === anyKind)?.entities ?? 0,
      }),
  );
  return named.sort(by('name'));
}

const by =
  <Key extends string>(key: Key) =>
  (a: Readonly<Record<Key, string>>, b: Readonly<Record<Key, string>>): number =>
    a[key] < b[key] ? -1 : 1;
