/** Reads the counts that the writer maintains. */
import type { TypeSelection } from '../../../core/language/filter.ts';
import type { Plan, Summary, TypeSummary } from '../../../core/port/store.ts';
import type { Collections, CountDocument } from '../schema.ts';
import { countKey } from '../writer/entity-counts.ts';

type Counts = Collections['counts'];

export async function readSummary(counts: Counts): Promise<Summary> {
  // The driver decodes a batch in one go.
  const all = await counts.find({}, { batchSize: 1000 }).toArray();
  const byType = Map.groupBy(all, ({ _id }) => _id.t);
  const types = [...byType].flatMap(([type, own]) => (type === null ? [] : { type, ...typeIn(own) }));
  return { entities: totalIn(byType.get(null) ?? []), types: types.sort(by('type')) };
}

function typeIn(counts: readonly CountDocument[]): Omit<TypeSummary, 'type'> {
  const byName = Map.groupBy(counts, ({ _id }) => _id.a);
  const attrs = [...byName].flatMap(([name, own]) =>
    name === null ? [] : { name, kinds: own.flatMap(({ _id }) => _id.k ?? []).sort(), entities: totalIn(own) },
  );
  return { entities: totalIn(byName.get(null) ?? []), attrs: attrs.sort(by('name')) };
}

/** The count for all kinds. */
const totalIn = (counts: readonly CountDocument[]): number => counts.find(({ _id }) => _id.k === null)?.entities ?? 0;

/** The number of entities that a plan finds, if it selects only one type or all entities. Else undefined. */
export async function countKept(counts: Counts, { filter }: Plan): Promise<number | undefined> {
  const { selectors = [{}], ...rest } = filter;
  const [{ types, ...others } = {}] = selectors;
  const isPlain = selectors.length === 1 && Object.keys(rest).length + Object.keys(others).length === 0;
  const type = isPlain ? typeOf(types) : undefined;
  if (type === undefined) return undefined;
  return (await counts.findOne({ _id: countKey(type, null, null) }))?.entities ?? 0;
}

/** Null: all types. */
function typeOf(selection: TypeSelection | undefined): string | null | undefined {
  if (!selection || selection.op === 'any') return null;
  return selection.op === 'type' ? selection.type : undefined;
}

const by =
  <Key extends string>(key: Key) =>
  (a: Readonly<Record<Key, string>>, b: Readonly<Record<Key, string>>): number =>
    a[key] < b[key] ? -1 : 1;
